import type { AppendBatch, Log } from '../../connectors/log/log.ts'
import type { StreamModel } from '../../engine/model/types.ts'
import { partitionOf, partitions, typeNames, typeOf } from './shape.ts'

const batchEvents = 10_000
const inFlightMax = 4

/** Appends the events [from, to) in order, some appends under way at once. */
export async function appendRange(
  log: Log,
  stream: StreamModel,
  event: (n: number) => string,
  from: number,
  to: number,
  foreign: boolean,
  onProgress: (done: number) => void = () => undefined,
): Promise<void> {
  const inFlight: Promise<unknown>[] = []
  for (let begin = from; begin < to; begin += batchEvents) {
    const end = Math.min(to, begin + batchEvents)
    inFlight.push(log.append(batchesOf(stream, event, begin, end, foreign)))
    if (inFlight.length >= inFlightMax) await inFlight.shift()
    onProgress(end)
  }
  await Promise.all(inFlight)
}

/** The batches of one append. Marked with the schema as `append` marks what it has validated, unless they are foreign. */
export function batchesOf(stream: StreamModel, event: (n: number) => string, from: number, to: number, foreign: boolean): AppendBatch[] {
  const gathered = Array.from({ length: partitions }, () => ({ texts: [] as string[], typeIndexes: [] as number[] }))
  for (let n = from; n < to; n++) {
    const into = gathered[partitionOf(n)]
    into?.texts.push(event(n))
    into?.typeIndexes.push(typeOf(n))
  }
  return gathered.flatMap(({ texts, typeIndexes }, partition) => {
    if (texts.length === 0) return []
    const used = [...new Set(typeIndexes)]
    return {
      topic: stream.topic,
      partition,
      count: texts.length,
      values: Buffer.from(texts.join('\x1e')),
      types: used.map((index) => typeNames[index] as string),
      ...(used.length > 1 && { typeIndexes: typeIndexes.map((index) => used.indexOf(index)) }),
      ...(!foreign && { schema: stream.fingerprint }),
    }
  })
}
