import assert from 'node:assert'
import { EvertError } from '../../../errors.ts'
import type {
  AppendBatch,
  AppendOptions,
  AppendResult,
  Chunk,
  Ends,
  GroupPosition,
  Log,
  LogCapabilities,
  ReadOptions,
  Topic,
} from '../log.ts'
import { admit } from './admit.ts'
import type { AppendRequest } from './commit.ts'
import { cutBatch } from './cut.ts'
import { type Environment, openEnvironment } from './environment.ts'
import { GroupCommit } from './group-commit.ts'
import { lmdbFailure } from './lmdb-failure.ts'
import { readState } from './partition-state.ts'
import { offsetAtTime, readChunk } from './read.ts'
import { readGroup, readVersion } from './records.ts'
import { type StoredTopic, Topics } from './topics.ts'
import { Waiting } from './waiting.ts'

export interface EmbeddedLogOptions {
  /** The time of appends, microseconds since 1970; for tests. Default: the wall clock. */
  readonly clockMicros?: () => number
}

/**
 * Opens the embedded log in `dir`, creating it when it is not there. Several processes may hold it open at once, and all
 * may append. Throws `log-unreadable`, `log-corrupt`, `log-full`.
 *
 * @example
 * const log = await openEmbeddedLog('.evert/log')
 * await log.createTopic('orders')
 * await log.append([{ topic: 'orders', partition: 0, count: 1, values: Buffer.from('{"id":1}'), types: ['Requested'] }])
 */
export async function openEmbeddedLog(dir: string, options: EmbeddedLogOptions = {}): Promise<Log> {
  return new EmbeddedLog(openEnvironment(dir), options)
}

class EmbeddedLog implements Log {
  readonly capabilities: LogCapabilities = { conditionalAppend: true, denseOffsets: true, transactions: true }
  readonly id: string
  readonly #environment: Environment
  readonly #topics: Topics
  readonly #commits: GroupCommit
  readonly #waiting: Waiting
  #closed: Promise<void> | undefined

  constructor(environment: Environment, options: EmbeddedLogOptions) {
    this.id = environment.id
    this.#environment = environment
    this.#topics = new Topics(environment)
    this.#waiting = new Waiting(environment.dir)
    this.#commits = new GroupCommit(environment, () => this.#waiting.notify(), options.clockMicros)
  }

  async createTopic(name: string, options: { partitions?: number; versions?: boolean } = {}): Promise<Topic> {
    assert(
      options.partitions === undefined || (Number.isInteger(options.partitions) && options.partitions > 0),
      'a topic has at least one partition',
    )
    return this.#do(`create topic ${name}`, () => asTopic(this.#topics.create(name, options.partitions, options.versions)))
  }

  async topics(): Promise<readonly Topic[]> {
    return this.#do('list topics', () => this.#topics.all().map(asTopic))
  }

  async topic(name: string): Promise<Topic> {
    return this.#do(`find topic ${name}`, () => asTopic(this.#topics.get(name)))
  }

  async append(batches: readonly AppendBatch[], options: AppendOptions = {}): Promise<AppendResult> {
    options.signal?.throwIfAborted()
    const request = this.#do('append', () => this.#request(batches, options))
    const bytes = batches.reduce((sum, batch) => sum + batch.values.length + batch.count, 0)
    return this.#commits.add(request, bytes, options.signal)
  }

  async read(topic: string, partition: number, offset: bigint, options: ReadOptions = {}): Promise<Chunk | undefined> {
    options.signal?.throwIfAborted()
    return this.#look(`read ${topic} partition ${partition}`, () =>
      readChunk(this.#environment, this.#partitioned(topic, partition), partition, Number(offset), options),
    )
  }

  async starts(topic: string): Promise<readonly bigint[]> {
    return this.#look(`read ${topic}`, () => new Array<bigint>(this.#topics.get(topic).partitions).fill(0n))
  }

  async ends(topics: readonly string[]): Promise<Ends> {
    return this.#look('read end offsets', () => new Map(topics.map((name) => [name, this.#endsOf(name)])))
  }

  async offsetAt(topic: string, partition: number, timeMicros: bigint): Promise<bigint> {
    return this.#look(`search ${topic} partition ${partition}`, () =>
      BigInt(offsetAtTime(this.#environment, this.#partitioned(topic, partition), partition, Number(timeMicros))),
    )
  }

  async wait(after: Ends, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<boolean> {
    const ready = () => this.#look('wait for events', () => this.#anyBeyond(after))
    return ready() || this.#waiting.wait(ready, options.timeoutMs, options.signal)
  }

  async committed(group: string): Promise<GroupPosition | undefined> {
    return this.#look(`read the position of ${group}`, () => readGroup(this.#environment, group))
  }

  async version(topic: string, key: string): Promise<number> {
    return this.#look(`read a version in ${topic}`, () => readVersion(this.#environment, this.#versioned(topic).number, key))
  }

  /** Queued appends are written first; later calls throw `log-closed`. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#commits.drained()
    this.#waiting.close()
    await this.#environment.root.close()
  }

  #request(batches: readonly AppendBatch[], options: AppendOptions): AppendRequest {
    assert((options.producer === undefined) === (options.sequence === undefined), 'producer and sequence go together')
    const checked = batches.map((batch) => {
      const topic = this.#topics.get(batch.topic)
      admit(batch, topic)
      return { topic, batch, pieces: cutBatch(batch) }
    })
    return { batches: checked, options, expectedTopic: options.expected && this.#versioned(options.expected.topic) }
  }

  #partitioned(name: string, partition: number): StoredTopic {
    const topic = this.#topics.get(name)
    assert(Number.isInteger(partition) && partition >= 0 && partition < topic.partitions, `topic ${name} has no partition ${partition}`)
    return topic
  }

  #versioned(name: string): StoredTopic {
    const topic = this.#topics.get(name)
    if (topic.versions) return topic
    throw new EvertError(
      'capability-missing',
      `Ask for an entity's version in "${name}": the topic counts none. Declare it with versions.`,
      { details: { topic: name } },
    )
  }

  #endsOf(name: string): bigint[] {
    const topic = this.#topics.get(name)
    return Array.from({ length: topic.partitions }, (_, partition) => BigInt(readState(this.#environment, topic.number, partition).end))
  }

  #anyBeyond(after: Ends): boolean {
    for (const [name, offsets] of after) {
      const { number } = this.#topics.get(name)
      for (let partition = 0; partition < offsets.length; partition++) {
        if (readState(this.#environment, number, partition).end > Number(offsets[partition])) return true
      }
    }
    return false
  }

  /** Reads in one fresh snapshot, so that what other processes committed is seen. */
  #look<T>(attempted: string, read: () => T): T {
    return this.#do(attempted, () => {
      this.#environment.root.resetReadTxn()
      return read()
    })
  }

  #do<T>(attempted: string, action: () => T): T {
    if (this.#closed) throw new EvertError('log-closed', `Could not ${attempted}: the log is closed. Open it again.`)
    try {
      return action()
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      throw lmdbFailure(error, attempted, this.#environment.dir)
    }
  }
}

function asTopic({ name, id, partitions, versions }: StoredTopic): Topic {
  return { name, id, partitions, versions }
}
