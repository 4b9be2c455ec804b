/** The project's log, opened by whoever needs it: several processes may read and append at once. */
import { join } from 'node:path'
import type { Log } from '../../connectors/log/log.ts'
import { EvertError } from '../../errors.ts'
import type { Config } from '../model/types.ts'

/** Folder of the embedded log. */
export function logFolder(config: Config): string {
  return join(config.dataDir, 'log')
}

/** Opens the log, and makes an embedded one that is not there yet. Throws `config-invalid` for a log that this release cannot open. */
export async function openLog({ config }: { readonly config: Config }): Promise<Log> {
  if (config.log !== 'embedded') {
    throw new EvertError(
      'config-invalid',
      `Cannot open the log ${config.log}: this release has the embedded log only. Set log: 'embedded' in evert.config.ts.`,
    )
  }
  const { openEmbeddedLog } = await import('../../connectors/log/embedded/embedded-log.ts')
  return openEmbeddedLog(logFolder(config))
}
