import { join } from 'node:path'
import { openEmbeddedLog } from '../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../connectors/log/log.ts'
import type { Project } from '../engine/model/types.ts'
import { createAppender } from '../engine/run/append.ts'
import type { Benchmark, Setting } from './support/benchmark.ts'
import { slice } from './support/fill.ts'
import { accounts, eventBytes, paymentAt, paymentsProject } from './support/payments.ts'
import { type Line, rateLine } from './support/print.ts'

const batchEvents = 1_000
const callers = 64
const appendsOfACaller = 400

/** Durable appends through the append API: schema check, encoding, keys, LMDB, and the wait for the disk. */
export const append: Benchmark = {
  name: 'append',
  title: `durable appends of ${eventBytes}-byte JSON events`,
  run: async (setting) => {
    const project = await paymentsProject(join(setting.dir, 'project'), {})
    // The events are there before the clock starts: making them is the caller's work.
    const batches = Array.from({ length: Math.max(1, Math.floor(setting.events / 6 / batchEvents)) }, (_, i) =>
      slice(i * batchEvents, (i + 1) * batchEvents, setting.seed).map((data) => ({ data })),
    )
    const one: number[] = []
    const several: number[] = []
    const single: number[] = []
    for (let round = 0; round < setting.rounds; round++) {
      one.push(await inLog(setting, project, `one-${round}`, (log) => batched(log, project, batches, 1)))
      several.push(await inLog(setting, project, `several-${round}`, (log) => batched(log, project, batches, 8)))
      single.push(await inLog(setting, project, `single-${round}`, (log) => singles(log, project, setting.seed)))
    }
    const lines: Line[] = [
      rateLine('batches of 1,000, 8 appends under way', several, 500_000),
      rateLine('batches of 1,000, each awaited before the next', one),
      rateLine(`single events, ${callers} callers, each awaiting its own`, single, 20_000),
    ]
    return lines
  },
}

async function inLog(setting: Setting, project: Project, name: string, measure: (log: Log) => Promise<number>): Promise<number> {
  const log = await openEmbeddedLog(join(setting.dir, name))
  try {
    for (const stream of project.streams.values())
      await log.createTopic(stream.topic, { partitions: stream.partitions, versions: stream.versions })
    return await measure(log)
  } finally {
    await log.close()
  }
}

/** Events/s with some appends under way at once. */
async function batched(
  log: Log,
  project: Project,
  batches: readonly (readonly { data: unknown }[])[],
  inFlightMax: number,
): Promise<number> {
  const appender = createAppender(log, project.streams.values())
  const inFlight: Promise<unknown>[] = []
  const begin = performance.now()
  for (const events of batches) {
    inFlight.push(appender.append('payments', events))
    if (inFlight.length >= inFlightMax) await inFlight.shift()
  }
  await Promise.all(inFlight)
  return (batches.length * batchEvents) / ((performance.now() - begin) / 1000)
}

/** Events/s of callers that each append one event, wait until it is on disk, and append the next. */
async function singles(log: Log, project: Project, seed: number): Promise<number> {
  const appender = createAppender(log, project.streams.values())
  const begin = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let i = 0; i < appendsOfACaller; i++)
        await appender.append('payments', [{ data: paymentAt((caller * appendsOfACaller + i) % accounts, seed) }])
    }),
  )
  return (callers * appendsOfACaller) / ((performance.now() - begin) / 1000)
}
