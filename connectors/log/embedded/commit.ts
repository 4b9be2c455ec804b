import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { AppendBatch, AppendOptions, AppendResult } from '../log.ts'
import { encodeEntry } from './entry-encode.ts'
import type { Environment } from './environment.ts'
import { entryKey } from './keys.ts'
import { type PartitionState, readState, writeState } from './partition-state.ts'
import { type ProducerRecord, readProducer, readVersion, writeGroup, writeProducer, writeVersion } from './records.ts'
import type { StoredTopic } from './topics.ts'

/** One call of `append`, checked, its batches cut into pieces that fit an entry. */
export interface AppendRequest {
  readonly batches: readonly { readonly topic: StoredTopic; readonly batch: AppendBatch; readonly pieces: readonly AppendBatch[] }[]
  readonly options: AppendOptions
  /** Of `options.expected`. */
  readonly expectedTopic: StoredTopic | undefined
}

/** Entries of one partition that this commit adds to. `open` may still take the next small batch. */
interface Tail {
  readonly topic: StoredTopic
  readonly partition: number
  end: number
  time: number
  open: AppendBatch[]
  openFirst: number
  openBefore: number
  openCount: number
  openBytes: number
}

/**
 * What one write transaction does with a group of appends. All reads see the group's own writes, so that conflicts and
 * repeated sequences within a group come out as if each append had been alone. Lives for one transaction.
 */
export class Commit {
  readonly #environment: Environment
  readonly #now: number
  readonly #tails = new Map<string, Tail>()
  readonly #versions = new Map<string, { topic: number; key: string; version: number }>()
  readonly #producers = new Map<string, ProducerRecord>()

  constructor(environment: Environment, nowMicros: number) {
    this.#environment = environment
    this.#now = nowMicros
  }

  /** The answer to one request; what it writes is in the transaction after `finish`. Throws for this request alone, having written nothing. */
  take(request: AppendRequest): AppendResult {
    const { producer, sequence = 0, expected, commit } = request.options
    const earlier = producer === undefined ? undefined : this.#producer(producer)
    if (earlier && sequence <= earlier.sequence) return repeated(earlier, sequence)
    if (expected && request.expectedTopic) {
      const actual = this.#version(request.expectedTopic, expected.key).version
      if (actual !== expected.version) return { ok: false, conflict: { key: expected.key, expected: expected.version, actual } }
    }
    this.#assertFit(request)
    const time = Math.max(this.#now, ...request.batches.map(({ topic, batch }) => this.#tail(topic, batch.partition).time))
    const batches = request.batches.map(({ topic, batch, pieces }) => this.#add(topic, batch, pieces, time))
    const answer = { ok: true, duplicate: false, batches, timeMicros: BigInt(time) } as const
    if (producer !== undefined) this.#producers.set(producer, { sequence, answer: { ...answer, duplicate: true } })
    if (commit) writeGroup(this.#environment, commit.group, commit.position)
    return answer
  }

  finish(): void {
    for (const tail of this.#tails.values()) {
      this.#flush(tail)
      writeState(this.#environment, tail.topic.number, tail.partition, tail)
    }
    for (const { topic, key, version } of this.#versions.values()) writeVersion(this.#environment, topic, key, version)
    for (const [producer, record] of this.#producers) writeProducer(this.#environment, producer, record)
  }

  #producer(producer: string): ProducerRecord | undefined {
    return this.#producers.get(producer) ?? readProducer(this.#environment, producer)
  }

  #version(topic: StoredTopic, key: string): { topic: number; key: string; version: number } {
    const id = `${topic.number}:${key}`
    let known = this.#versions.get(id)
    if (!known) {
      known = { topic: topic.number, key, version: readVersion(this.#environment, topic.number, key) }
      this.#versions.set(id, known)
    }
    return known
  }

  #tail(topic: StoredTopic, partition: number): Tail {
    const id = `${topic.number}:${partition}`
    let tail = this.#tails.get(id)
    if (!tail) {
      const { end, time }: PartitionState = readState(this.#environment, topic.number, partition)
      tail = { topic, partition, end, time, open: [], openFirst: 0, openBefore: 0, openCount: 0, openBytes: 0 }
      this.#tails.set(id, tail)
    }
    return tail
  }

  /** Copied offsets and times must continue their partition; checked before anything of the request is taken. */
  #assertFit({ batches }: AppendRequest): void {
    const ends = new Map<Tail, { end: number; time: number }>()
    for (const { topic, batch } of batches) {
      const tail = this.#tail(topic, batch.partition)
      const state = ends.get(tail) ?? { end: tail.end, time: tail.time }
      if (batch.offsets && batch.count > 0 && Number(batch.offsets[0]) < state.end)
        throw unfit(batch, 'offset', Number(batch.offsets[0]), state.end)
      if (batch.times && batch.count > 0 && Number(batch.times[0]) < state.time)
        throw unfit(batch, 'time', Number(batch.times[0]), state.time)
      const end = batch.offsets && batch.count > 0 ? Number(batch.offsets.at(-1)) + 1 : state.end + batch.count
      ends.set(tail, { end, time: batch.times && batch.count > 0 ? Number(batch.times.at(-1)) : state.time })
    }
  }

  #add(topic: StoredTopic, batch: AppendBatch, pieces: readonly AppendBatch[], time: number): { first: bigint; next: bigint } {
    const tail = this.#tail(topic, batch.partition)
    if (batch.count === 0) return { first: BigInt(tail.end), next: BigInt(tail.end) }
    const first = batch.offsets ? (batch.offsets[0] as bigint) : BigInt(tail.end)
    for (const piece of pieces) this.#addPiece(tail, piece, time)
    if (topic.versions && batch.keys) for (const key of batch.keys) if (key !== null) this.#version(topic, key).version++
    return { first, next: BigInt(tail.end) }
  }

  #addPiece(tail: Tail, piece: AppendBatch, time: number): void {
    if (!joins(tail, piece, time)) {
      this.#flush(tail)
      tail.openBefore = tail.end
      tail.openFirst = piece.offsets ? Number(piece.offsets[0]) : tail.end
    }
    tail.open.push(piece)
    tail.openCount += piece.count
    tail.openBytes += piece.values.length + 1
    tail.end = piece.offsets ? Number(piece.offsets.at(-1)) + 1 : tail.end + piece.count
    tail.time = Math.max(tail.time, piece.times ? Number(piece.times.at(-1)) : time)
  }

  #flush(tail: Tail): void {
    if (tail.open.length === 0) return
    const { topic, partition, openBefore: before, openFirst: first, end: next, time } = tail
    const entry = encodeEntry({ topic: topic.number, partition, before, first, next, time }, tail.open)
    this.#environment.entries.putSync(entryKey(topic.number, partition, first), entry)
    tail.open = []
    tail.openCount = 0
    tail.openBytes = 0
  }
}

/** Small plain batches of the same schema and time share an entry. */
function joins(tail: Tail, piece: AppendBatch, time: number): boolean {
  const head = tail.open[0]
  if (!head || !isPlain(head) || !isPlain(piece) || head.schema !== piece.schema || tail.time !== time) return false
  return tail.openCount + piece.count <= limits.entryEventsMax && tail.openBytes + piece.values.length <= limits.entryBytesMax
}

function isPlain(batch: AppendBatch): boolean {
  return !batch.lengths && !batch.offsets && !batch.times && !batch.causes && !batch.transaction && batch.types.length > 0
}

/** The last answer again; of one before the last only that it was written is known, so it names no offsets. */
function repeated(earlier: ProducerRecord, sequence: number): AppendResult {
  return sequence === earlier.sequence ? earlier.answer : { ...earlier.answer, batches: [] }
}

function unfit(batch: AppendBatch, what: string, value: number, end: number): EvertError {
  const where = `${batch.topic} partition ${batch.partition}`
  return new EvertError(
    'event-refused',
    `Copy events to ${where}: their first ${what} is ${value}, the partition is at ${end} already. Copy what comes after.`,
    {
      details: { topic: batch.topic, partition: batch.partition, [what]: value, end },
    },
  )
}
