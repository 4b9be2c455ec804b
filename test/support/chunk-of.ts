import { type Chunk, SEPARATOR } from '../../connectors/log/log.ts'
import type { StreamModel } from '../../engine/model/types.ts'
import type { CheckedChunk } from '../../engine/run/batch.ts'
import { checkChunk } from '../../engine/run/check.ts'

export interface Event {
  readonly type: string
  readonly data: Record<string, unknown>
  /** Bytes in place of the encoded data: a foreign value. */
  readonly raw?: string
}

/** Consecutive events of one partition as the loop hands them on: encoded and marked, or checked when one is foreign. */
export function chunkOf(stream: StreamModel, partition: number, first: bigint, events: readonly Event[]): CheckedChunk {
  const types = [...new Set(events.map((event) => event.type))]
  const foreign = events.some((event) => event.raw !== undefined)
  const values = events.map((event) => event.raw ?? stream.types.find((type) => type.name === event.type)?.codec.encode(event.data) ?? '')
  const chunk: Chunk = {
    topic: stream.topic,
    topicId: 'topic',
    partition,
    first,
    next: first + BigInt(events.length),
    count: events.length,
    values: Buffer.from(values.join(String.fromCharCode(SEPARATOR))),
    times: events.map((_, i) => 1_700_000_000_000_000n + (first + BigInt(i)) * 1000n),
    types,
    ...(types.length > 1 ? { typeIndexes: events.map((event) => types.indexOf(event.type)) } : {}),
    keys: events.map((event) => (stream.key === undefined ? null : String(event.data[stream.key]))),
    ...(foreign ? {} : { schema: stream.fingerprint }),
  }
  return checkChunk(stream, chunk)
}
