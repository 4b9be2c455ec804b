import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { spawnTs } from '../support/child.ts'
import { logConformance } from './log.ts'

logConformance('embedded log', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'evert-log-'))
  const logs: Log[] = [await openEmbeddedLog(dir)]
  return {
    log: logs[0] as Log,
    reopen: async () => {
      const log = await openEmbeddedLog(dir)
      logs.push(log)
      return log
    },
    cleanup: async () => {
      await Promise.all(logs.map((log) => log.close()))
      await rm(dir, { recursive: true, force: true })
    },
    otherProcess: (task, ...args) => spawnTs('test/conformance/log-embedded-child.ts', [dir, task, ...args]),
  }
})
