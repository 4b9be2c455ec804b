import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Log } from '../../connectors/log/log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { type Analyzer, createAnalyzer } from '../compile/analyzer.ts'
import type { Project } from '../model/types.ts'
import type { Build } from '../replay/build.ts'
import type { Definitions } from '../run/assemble.ts'
import { define } from '../run/define.ts'
import type { Loop } from '../run/loop.ts'
import type { Processor } from '../run/processor/processor.ts'
import { openLog } from './open-log.ts'

/** The parts that hold a project's files, put together. Everything in `engine/serve` works on one. */
export interface Core {
  readonly project: Project
  readonly log: Log
  readonly store: Store
  readonly logger: Logger
  /** Compiles at the start; from then on it only parses and prints queries, whatever the definitions are. */
  readonly analyzer: Analyzer
  definitions: Definitions
  /** Ids of the versions that the project's files declare, as they were read last. */
  declared: ReadonlySet<string>
  /** Absent when this process only reads. */
  loop?: Loop
  readonly processors: Processor[]
  readonly builds: Set<Build>
  /** Views that somebody has asked to replay, in lower case: from the call on, before its build begins. */
  readonly replaying: Set<string>
  halted?: string
}

/**
 * Opens log and store of a project. Throws `store-locked`, `log-unreadable`, `sql-invalid`, `declaration-invalid`, and
 * `store-unreadable` for a damaged file that `unreadable` forbids to set aside.
 */
export async function openCore(project: Project, logger: Logger, unreadable: 'set-aside' | 'refuse' = 'set-aside'): Promise<Core> {
  const { config } = project
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  try {
    const definitions = await define(project, analyzer)
    const log = await openLog(project)
    try {
      const store = await openDuckdb(join(config.dataDir, 'views.duckdb'), {
        memoryLimit: config.duckdb.memoryLimit,
        threads: config.duckdb.threads,
        tempDir: join(config.dataDir, 'tmp'),
        unreadable,
        onSetAside: (kept, why) =>
          logger.error(
            { kept, why: why.message },
            `The DuckDB file could not be read and was set aside as ${kept}; the views are built anew from the log`,
          ),
      })
      const declared = definitions.publicIds
      return { project, log, store, logger, analyzer, definitions, declared, processors: [], builds: new Set(), replaying: new Set() }
    } catch (error) {
      await log.close()
      throw error
    }
  } catch (error) {
    await analyzer.close()
    throw error
  }
}

export async function closeCore(core: Core): Promise<void> {
  await core.store.close()
  await core.log.close()
  await core.analyzer.close()
}

/** The project read anew, as it stands on disk now. */
export async function redefine(project: Project): Promise<Definitions> {
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  try {
    return await define(project, analyzer)
  } finally {
    await analyzer.close()
  }
}
