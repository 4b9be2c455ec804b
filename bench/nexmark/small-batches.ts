import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Project } from '../../engine/model/types.ts'
import { median, quantile } from '../support/print.ts'
import type { Commits } from './commits.ts'
import { createEvents } from './event.ts'
import { batchesOf } from './fill.ts'
import { nexmarkStream } from './project.ts'
import { Random } from './random.ts'
import { type Quantiles, type RunLine, type RunTask, type SmallBatches, tell } from './task.ts'

const eventsMax = 100

/** Sizes of the small batches, 1 to 100 events: the parent must know how many events they are in all. */
export function smallSizes(seed: number, batches: number): number[] {
  const random = new Random()
  random.restart(seed, -2)
  return Array.from({ length: batches }, () => 1 + random.below(eventsMax))
}

/** Appends them one by one: from the moment at which one is durable to the commit that readers see. */
export async function appendSmall(project: Project, task: RunTask, commits: Commits, store: string): Promise<SmallBatches> {
  const stream = nexmarkStream(project)
  const event = createEvents(task.made)
  const log = await openEmbeddedLog(join(project.config.dataDir, 'log'))
  const wal = () => statSync(`${store}.wal`, { throwIfNoEntry: false })?.size ?? 0
  const all: number[] = []
  const calm: number[] = []
  try {
    let n = task.events
    let before = wal()
    for (const size of smallSizes(task.made.seed, task.batches)) {
      const batches = batchesOf(stream, event, n, n + size, task.made.foreign)
      n += size
      const seen = commits.reach(n)
      await log.append(batches)
      const begin = performance.now()
      const ms = Math.max(0, (await seen) - begin)
      const after = wal()
      all.push(ms)
      // A checkpoint empties the write-ahead log, in the commit itself or when the engine was idle before it.
      if (after >= before) calm.push(ms)
      before = after
      if (all.length % 500 === 0) tell<RunLine>({ kind: 'progress', events: n })
    }
  } finally {
    await log.close()
  }
  return { all: quantiles(all), calm: quantiles(calm), checkpoints: all.length - calm.length }
}

function quantiles(ms: readonly number[]): Quantiles {
  return { p50: median(ms), p99: quantile(ms, 0.99), most: quantile(ms, 1) }
}
