import type { Chunk } from '../../connectors/log/log.ts'
import { text } from '../../connectors/store/quote.ts'
import { EvertError } from '../../errors.ts'
import { type Batch, offsetOf, type Source, timeOf, typeOf } from './batch.ts'
import type { Rejected, Statement } from './derivation.ts'

/** An event that a consumer did not apply, with what the stream's policy makes of it. */
export interface Refused {
  readonly consumer: string
  readonly stream: string
  readonly partition: number
  readonly offset: bigint
  readonly type: string
  readonly key: string | null
  readonly reason: string
  readonly value: Uint8Array
  readonly timeMicros: bigint
  readonly fate: 'dead' | 'skipped'
}

/** The consumer named `views` is the decoding that all SQL views share; a fold is a consumer of its own. */
export function refusals(
  sources: ReadonlyMap<string, Source>,
  batch: Batch,
  rejected: readonly { consumer: string; stream: string; rejected: Rejected }[],
): Refused[] {
  const all: Refused[] = []
  for (const [name, chunks] of batch.chunks) {
    for (const checked of chunks)
      for (const bad of checked.bad)
        all.push(refuse(sources.get(name) as Source, 'views', checked.chunk, bad.index, bad.reason, valueAt(checked.chunk, bad.index)))
  }
  for (const one of rejected) {
    const { chunk, index, reason } = one.rejected
    all.push(refuse(sources.get(one.stream) as Source, one.consumer, chunk, index, reason, valueAt(chunk, index)))
  }
  return all
}

/** Throws `event-refused` when the stream's policy is `halt`. */
function refuse(source: Source, consumer: string, chunk: Chunk, index: number, reason: string, value: Uint8Array): Refused {
  const offset = offsetOf(chunk, index)
  const place = `${source.topic}/${chunk.partition}@${offset}`
  if (source.onBad === 'halt') {
    throw new EvertError(
      'event-refused',
      `${place}: ${consumer} cannot apply this event: ${reason}. The policy of ${source.name} is onBad: 'halt'. Mend the declaration, or set onBad to 'dead-letter' to keep such events aside.`,
      {
        details: { stream: source.name, partition: chunk.partition, offset: String(offset), consumer, reason },
      },
    )
  }
  return {
    consumer,
    stream: source.name,
    partition: chunk.partition,
    offset,
    type: typeOf(chunk, index),
    key: chunk.keys?.[index] ?? null,
    reason,
    value,
    timeMicros: timeOf(chunk, index),
    fate: source.onBad === 'skip' ? 'skipped' : 'dead',
  }
}

/** Bytes of one value, for the dead letter. */
function valueAt(chunk: Chunk, index: number): Uint8Array {
  let at = 0
  for (let i = 0; ; i++) {
    const length = chunk.lengths?.[i]
    const found = length === undefined ? chunk.values.indexOf(0x1e, at) : at + length
    const end = found < 0 ? chunk.values.length : found
    if (i === index) return chunk.values.subarray(at, end)
    at = length === undefined ? end + 1 : end
  }
}

/** Rows for the dead letters, and counts of the consumers that reject after decoding. */
export function deadLetterStatements(refused: readonly Refused[]): Statement[] {
  const dead = refused.filter((one) => one.fate === 'dead')
  const statements: Statement[] = []
  for (let from = 0; from < dead.length; from += 500) {
    const rows = dead
      .slice(from, from + 500)
      .map(
        (one) =>
          `(${text(one.consumer)}, ${text(one.stream)}, ${one.partition}, ${one.offset}, ${text(one.type)}, ${one.key === null ? 'NULL' : text(one.key)}, ${text(one.reason)}, from_hex('${Buffer.from(one.value).toString('hex')}'), make_timestamptz(${one.timeMicros}))`,
      )
    statements.push({ sql: `INSERT INTO _evert.dead_letters VALUES ${rows.join(', ')}` })
  }
  const consumers = new Map<string, Refused[]>()
  for (const one of refused) if (one.consumer !== 'views') consumers.set(one.consumer, [...(consumers.get(one.consumer) ?? []), one])
  for (const [consumer, own] of consumers) {
    const count = (fate: Refused['fate']) => own.filter((one) => one.fate === fate).length
    const stream = text(own[0]?.stream ?? '')
    statements.push(
      {
        sql: `INSERT INTO _evert.counts SELECT ${text(consumer)}, ${stream}, 0, 0, 0, 0 WHERE NOT EXISTS (FROM _evert.counts WHERE consumer = ${text(consumer)} AND stream = ${stream})`,
      },
      {
        sql: `UPDATE _evert.counts SET dead = dead + ${count('dead')}, skipped = skipped + ${count('skipped')} WHERE consumer = ${text(consumer)} AND stream = ${stream}`,
      },
    )
  }
  return statements
}

/** Dead letters of a build wait under this name until the swap. */
export function buildingConsumer(name: string): string {
  return `${name} (building)`
}
