/** Events as the tests speak of them, one object each, to and from the log's batches and chunks. */

import fc from 'fast-check'
import { type AppendBatch, type Chunk, type Log, SEPARATOR, type Want } from '../../connectors/log/log.ts'

export interface TestEvent {
  /** null: a tombstone. */
  readonly value: string | null
  readonly type: string
  readonly key: string | null
}

export interface SeenEvent extends TestEvent {
  readonly offset: bigint
  readonly time: bigint
  readonly schema: string | undefined
}

/** All that a chunk may carry. */
export const everything: Want = { keys: true, times: true, types: true }

export function batchOf(topic: string, partition: number, events: readonly TestEvent[], more: Partial<AppendBatch> = {}): AppendBatch {
  const types = [...new Set(events.map(({ type }) => type))]
  const texts = events.map(({ value }) => value ?? '')
  const framed = events.some(({ value }) => value?.includes(String.fromCharCode(SEPARATOR)))
  const nulls = events.flatMap(({ value }, index) => (value === null ? [index] : []))
  return {
    topic,
    partition,
    count: events.length,
    values: Buffer.from(texts.join(framed ? '' : '\x1e')),
    types,
    ...(framed && { lengths: texts.map((text) => Buffer.byteLength(text)) }),
    ...(types.length > 1 && { typeIndexes: events.map(({ type }) => types.indexOf(type)) }),
    ...(events.some(({ key }) => key !== null) && { keys: events.map(({ key }) => key) }),
    ...(nulls.length > 0 && { nulls }),
    ...more,
  }
}

/** The events of a chunk that was read with `everything`. */
export function eventsOf(chunk: Chunk): SeenEvent[] {
  const values = valuesOf(chunk)
  const nulls = new Set(chunk.nulls)
  return values.map((value, i) => ({
    value: nulls.has(i) ? null : value,
    type: chunk.types[chunk.typeIndexes?.[i] ?? 0] ?? '',
    key: chunk.keys?.[i] ?? null,
    offset: chunk.offsets?.[i] ?? chunk.first + BigInt(i),
    time: typeof chunk.times === 'bigint' ? chunk.times : (chunk.times[i] as bigint),
    schema: chunk.schema,
  }))
}

/** A chunk's values as text; throws when the framing does not give `count` of them. */
export function valuesOf(chunk: Chunk): string[] {
  const bytes = Buffer.from(chunk.values)
  const values: string[] = []
  if (chunk.lengths) {
    let at = 0
    for (const length of chunk.lengths) {
      values.push(bytes.toString('utf8', at, at + length))
      at += length
    }
  } else {
    values.push(...bytes.toString().split('\x1e'))
  }
  if (values.length !== chunk.count) throw new Error(`the chunk says ${chunk.count} values, its framing gives ${values.length}`)
  return values
}

/** All events of a partition from `from` on, read in as many chunks as it takes. */
export async function readAll(
  log: Log,
  topic: string,
  partition: number,
  from = 0n,
  limits: { maxEvents?: number; maxBytes?: number; to?: bigint } = {},
): Promise<SeenEvent[]> {
  const events: SeenEvent[] = []
  let offset = from
  for (;;) {
    const chunk = await log.read(topic, partition, offset, { ...limits, want: everything })
    if (!chunk) return events
    if (limits.maxEvents !== undefined && chunk.count > limits.maxEvents)
      throw new Error(`${chunk.count} events, asked for ${limits.maxEvents}`)
    if (limits.maxBytes !== undefined && chunk.count > 1 && chunk.values.length > limits.maxBytes)
      throw new Error(`${chunk.values.length} bytes, asked for ${limits.maxBytes}`)
    events.push(...eventsOf(chunk))
    if (chunk.next <= offset) throw new Error(`next is ${chunk.next}, read from ${offset}`)
    offset = chunk.next
  }
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant('a\x1eb') },
)
const key = fc.oneof(fc.constant(null), fc.constantFrom('a', 'b', 'ключ', ''), fc.string({ maxLength: 12 }))

export const anyEvent: fc.Arbitrary<TestEvent> = fc.record({ value, type: fc.constantFrom('Opened', 'Closed', 'Größe'), key })
