/**
 * The log's contract. The embedded log and Kafka implement it; the engine knows nothing else of them.
 *
 * Who calls: one engine reads every partition in turn; any number of processes append. What may never happen:
 * an event that is read before it is durable, an acknowledged event that is lost or doubled, a damaged event that
 * is served. Offsets of a partition ascend and may have gaps; caught up means position ≥ end, never "the last plus one".
 */

/** Between the values of a chunk. JSON cannot hold it unescaped, so a value that has one is framed by `lengths`. */
export const SEPARATOR = 0x1e

export interface LogCapabilities {
  /** `append({ expected })` compares an entity's version and writes in one step. */
  readonly conditionalAppend: boolean
  /** Offsets of a partition have no gaps unless a batch was written with some. */
  readonly denseOffsets: boolean
  /** `append({ commit })` writes a consumer group's position in the same transaction as the events. */
  readonly transactions: boolean
}

export interface Topic {
  readonly name: string
  /** Given when the topic is created, never reused: a topic deleted and made again is another one. */
  readonly id: string
  readonly partitions: number
  /** Entities' versions are counted (by key), so that `expected` can be asked for. */
  readonly versions: boolean
}

/** The place of one event. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

/** Where an event came from when a processor made it: the input's place, the number among that input's outputs. */
export interface Cause {
  readonly partition: number
  readonly offset: bigint
  readonly number: number
}

/**
 * One transaction of a processor, as its outputs carry it: the inputs `[from, to)` of every input partition gave rise
 * to the outputs of this `sequence`. Sequences of one processor ascend without gaps.
 */
export interface Transaction {
  readonly processor: string
  readonly sequence: number
  readonly from: readonly bigint[]
  readonly to: readonly bigint[]
}

/** Events of one partition to append, in order. The caller has chosen the partition (`partition.ts`) and encoded the values. */
export interface AppendBatch {
  readonly topic: string
  readonly partition: number
  readonly count: number
  /** UTF-8 values with one 0x1e between each two; with `lengths` the bare bytes end to end. A null value has no bytes. */
  readonly values: Uint8Array
  readonly lengths?: readonly number[]
  /** Indexes of null values (tombstones). */
  readonly nulls?: readonly number[]
  /** The type names that occur; with more than one, `typeIndexes` tells each event's. */
  readonly types: readonly string[]
  readonly typeIndexes?: readonly number[]
  readonly keys?: readonly (string | null)[]
  /** Fingerprint of the stream's schema when every value was validated and encoded by it. Absent: foreign bytes. */
  readonly schema?: string
  /** Offsets to keep, ascending and beyond the end: only for copying a topic. */
  readonly offsets?: readonly bigint[]
  /** Times to keep, microseconds since 1970: only for copying a topic. */
  readonly times?: readonly bigint[]
  readonly causes?: readonly Cause[]
  readonly transaction?: Transaction
}

export interface AppendOptions {
  /** With `sequence`: a retry of an append that was already written changes nothing and is answered as the first was. */
  readonly producer?: string
  /** Ascending per producer; the next is the last plus one, or any greater. */
  readonly sequence?: number
  /** The entity's version that the caller decided on: the number of events of that key in the topic. */
  readonly expected?: { readonly topic: string; readonly key: string; readonly version: number }
  /** A consumer group's position, written in the same transaction. */
  readonly commit?: { readonly group: string; readonly position: GroupPosition }
  readonly signal?: AbortSignal
}

export interface GroupPosition {
  readonly sequence: number
  /** Next offset per partition of the group's one input topic. */
  readonly offsets: readonly bigint[]
}

export type AppendResult =
  /** Durable. `first` is the first event's offset per batch, `next` the offset after its last. `duplicate`: it was there already. */
  | {
      readonly ok: true
      readonly duplicate: boolean
      readonly batches: readonly { readonly first: bigint; readonly next: bigint }[]
      readonly timeMicros: bigint
    }
  /** Expected race: somebody else was first. Nothing was written. */
  | { readonly ok: false; readonly conflict: { readonly key: string; readonly expected: number; readonly actual: number } }

/** Which metadata the reader of a chunk needs; what is not asked for may be absent. */
export interface Want {
  readonly keys?: boolean
  readonly times?: boolean
  readonly types?: boolean
  /** Causes and transactions; entries that have them are then handed on one by one. */
  readonly causes?: boolean
}

/** Consecutive events of one partition, all with the same schema mark. Never a list of objects. */
export interface Chunk {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** Offset of the first event; `next` is where to read on (beyond gaps). Without `offsets`, event i is at `first + i`. */
  readonly first: bigint
  readonly next: bigint
  readonly count: number
  /** As in `AppendBatch`. */
  readonly values: Uint8Array
  readonly lengths?: readonly number[]
  readonly nulls?: readonly number[]
  readonly offsets?: readonly bigint[]
  /** Microseconds since 1970, the time of the append, never descending in a partition: one for all, or one each. */
  readonly times: bigint | readonly bigint[]
  readonly types: readonly string[]
  readonly typeIndexes?: readonly number[]
  readonly keys?: readonly (string | null)[]
  readonly schema?: string
  readonly causes?: readonly Cause[]
  readonly transaction?: Transaction
}

export interface ReadOptions {
  readonly maxEvents?: number
  readonly maxBytes?: number
  readonly want?: Want
  /** Do not read at or beyond this offset. */
  readonly to?: bigint
  readonly signal?: AbortSignal
}

/** Next offsets, one per partition, per topic. */
export type Ends = ReadonlyMap<string, readonly bigint[]>

export interface Log {
  readonly capabilities: LogCapabilities
  /** Identifies this log for good. A position names it, so that a position of another log is never taken. */
  readonly id: string
  /** Creates the topic or returns the one that is there; another partition count is `topic-mismatch`. */
  createTopic(name: string, options?: { partitions?: number; versions?: boolean }): Promise<Topic>
  topics(): Promise<readonly Topic[]>
  /** Throws `topic-unknown`. */
  topic(name: string): Promise<Topic>
  /** Resolves when the events are durable. All batches of one call are written in one transaction, or none. Throws `log-full` and the like; then nothing was acknowledged. */
  append(batches: readonly AppendBatch[], options?: AppendOptions): Promise<AppendResult>
  /** Events from `offset` on, or undefined when there is none before the end. At least 1 event, at most the limits (one larger event is handed on alone). Throws `log-corrupt` with the place, `history-gone`. */
  read(topic: string, partition: number, offset: bigint, options?: ReadOptions): Promise<Chunk | undefined>
  /** The first offset that is still there, per partition: 0 unless history was released. */
  starts(topic: string): Promise<readonly bigint[]>
  /** End offsets of the durable events, one consistent snapshot over the named topics. */
  ends(topics: readonly string[]): Promise<Ends>
  /** The first offset whose time is ≥ `timeMicros`, or the end. */
  offsetAt(topic: string, partition: number, timeMicros: bigint): Promise<bigint>
  /** Resolves true when some end lies beyond `after`; false after `timeoutMs` or when aborted. */
  wait(after: Ends, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<boolean>
  /** A group's position; undefined when it never committed. */
  committed(group: string): Promise<GroupPosition | undefined>
  /** Number of events of a key, for `expected`. Throws `capability-missing` on a topic without versions. */
  version(topic: string, key: string): Promise<number>
  close(): Promise<void>
}
