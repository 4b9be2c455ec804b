/** Checks of the data: the log and its newest entries, the store, the socket, the clock. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../connectors/log/log.ts'
import type { Config, Project } from '../../engine/model/types.ts'
import { logFolder, openLog } from '../../engine/serve/open-log.ts'
import { connectService } from '../../engine/serve/remote.ts'
import { EvertError } from '../../errors.ts'
import { livingHolder } from '../project/holder.ts'
import { formatCount, formatMany, formatPosition } from '../terminal/format.ts'
import { type Check, NotYet } from './check.ts'

/** Newest events per partition that are read and checked. */
const newestEvents = 1_000n
/** Times of appends never descend, so a clock that was ahead once keeps them ahead; a little is no harm. */
const aheadMsMax = 5_000

/** Opens the log and reads its newest entries, whose checksums are then compared. */
export function logOpens(config: Config): Check {
  return {
    check: 'log',
    remedy: 'Restore the log’s folder from a copy; where an entry is damaged the message names its place. Nothing damaged is ever served.',
    look: () =>
      withLog(config, async (log) => {
        const ends = await log.ends((await log.topics()).map((topic) => topic.name))
        let events = 0
        for await (const chunk of newestChunks(log)) events += chunk.count
        const total = [...ends.values()].flat().reduce((sum, end) => sum + end, 0n)
        return `${formatMany(ends.size, 'topic')}, ends sum up to ${formatCount(total)}, the newest ${formatMany(events, 'event')} checked`
      }),
  }
}

/** The machine's clock against the times of the newest events. */
export function clock(config: Config): Check {
  return {
    check: 'clock',
    remedy: 'Set the machine’s clock (NTP). Events appended until it has caught up bear the time of the newest event.',
    look: () =>
      withLog(config, async (log) => {
        let newest = 0n
        for await (const { times } of newestChunks(log)) {
          const last = typeof times === 'bigint' ? times : (times.at(-1) ?? 0n)
          if (last > newest) newest = last
        }
        const aheadMs = Number(newest / 1_000n) - Date.now()
        if (aheadMs > aheadMsMax)
          throw new Error(
            `${new Date().toISOString()}, but the newest event was appended at ${new Date(Number(newest / 1_000n)).toISOString()}`,
          )
        return `${new Date().toISOString()}, not behind the newest event`
      }),
  }
}

/** Whether an engine answers, or who holds the files without answering. */
export function socketAnswers(config: Config): Check {
  return {
    check: 'engine',
    remedy: 'Stop the process that is named (kill PID) and start the engine again: evert run',
    async look() {
      const service = await connectService(config.dataDir)
      if (service !== undefined) {
        const { pid, halted, position } = await service.status()
        await service.close()
        if (halted !== undefined) throw new Error(`process ${pid} has halted: ${halted}`)
        return `process ${pid} answers, at ${formatPosition(position)}`
      }
      const holder = await livingHolder(config.dataDir)
      if (holder !== undefined)
        throw new Error(`process ${holder.pid} of ${holder.startedAt} lives and does not answer on ${holder.socket}`)
      throw new NotYet('no engine runs: evert run')
    },
  }
}

/** Opens the store, unless an engine does already. */
export function storeOpens(config: Config, project: Project | undefined): Check {
  return {
    check: 'store',
    remedy:
      'Stop whoever holds it. A store that does not open is set aside by evert run, which builds the views anew from the log: nothing is lost.',
    async look() {
      if (!existsSync(join(config.dataDir, 'views.duckdb'))) throw new NotYet('made at the first run')
      if (project === undefined) throw new NotYet('looked at when the project loads')
      if ((await connectService(config.dataDir)) !== undefined) return 'held by the engine, which answers'
      const { openLocal } = await import('../../engine/serve/local.ts')
      const service = await openLocal(project)
      try {
        const { failedViews, position } = await service.status()
        const [failed] = failedViews
        if (failed !== undefined) throw new EvertError('view-failed', `${failed.view}: ${failed.error}`)
        return `opens, at ${formatPosition(position)}`
      } finally {
        await service.close()
      }
    },
  }
}

async function withLog<T>(config: Config, use: (log: Log) => Promise<T>): Promise<T> {
  if (config.log === 'embedded' && !existsSync(logFolder(config))) throw new NotYet('made at the first append or run')
  const log = await openLog({ config })
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}

async function* newestChunks(log: Log): AsyncGenerator<NonNullable<Awaited<ReturnType<Log['read']>>>> {
  for (const topic of await log.topics()) {
    const ends = (await log.ends([topic.name])).get(topic.name) ?? []
    for (const [partition, end] of ends.entries()) {
      let offset = end > newestEvents ? end - newestEvents : 0n
      while (offset < end) {
        const chunk = await log.read(topic.name, partition, offset, { want: { times: true } })
        if (chunk === undefined) break
        yield chunk
        offset = chunk.next
      }
    }
  }
}
