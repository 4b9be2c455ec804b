import { join } from 'node:path'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import type { Project } from '../../engine/model/types.ts'
import { createAppender } from '../../engine/run/append.ts'
import { paymentAt } from './payments.ts'

const batchEvents = 1_000
const inFlightMax = 16

/** Appends payments through the append API: validated, marked with the schema. Returns the seconds. */
export async function appendValidated(log: Log, project: Project, events: number, seed: number): Promise<number> {
  const appender = createAppender(log, project.streams.values())
  const begin = performance.now()
  await inBatches(events, (from, to) =>
    appender.append(
      'payments',
      slice(from, to, seed).map((data) => ({ data })),
    ),
  )
  return (performance.now() - begin) / 1000
}

/** Appends the same payments as bytes of nobody's: no schema, so that the engine checks each value. */
export async function appendForeign(log: Log, project: Project, events: number, seed: number): Promise<void> {
  const stream = project.streams.get('payments')
  if (!stream) throw new Error('The project has no payments')
  const { topic, partitions } = stream
  await log.createTopic(topic, { partitions })
  await inBatches(events, (from, to) => {
    const values = Buffer.from(
      slice(from, to, seed)
        .map((payment) => JSON.stringify(payment))
        .join('\x1e'),
    )
    return log.append([{ topic, partition: 0, count: to - from, values, types: [stream.types[0]?.name ?? ''] }])
  })
}

/** Opens, fills and closes the log of a data directory. */
export async function fillLog(dataDir: string, fill: (log: Log) => Promise<unknown>): Promise<void> {
  const log = await openEmbeddedLog(join(dataDir, 'log'))
  try {
    await fill(log)
  } finally {
    await log.close()
  }
}

export function slice(from: number, to: number, seed: number): ReturnType<typeof paymentAt>[] {
  return Array.from({ length: to - from }, (_, i) => paymentAt(from + i, seed))
}

/** Some appends under way at once, as a producer does that waits for none but loses none. */
async function inBatches(events: number, append: (from: number, to: number) => Promise<unknown>): Promise<void> {
  const inFlight: Promise<unknown>[] = []
  for (let from = 0; from < events; from += batchEvents) {
    inFlight.push(append(from, Math.min(events, from + batchEvents)))
    if (inFlight.length >= inFlightMax) await inFlight.shift()
  }
  await Promise.all(inFlight)
}
