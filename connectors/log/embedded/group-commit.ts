import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { AppendResult } from '../log.ts'
import { wallClockMicros } from './clock.ts'
import { type AppendRequest, Commit } from './commit.ts'
import type { Environment } from './environment.ts'
import { assertRoom, lmdbFailure } from './lmdb-failure.ts'

/** Bytes in one write transaction: LMDB writes in the calling thread, so this is what the event loop waits for at most. */
const COMMIT_BYTES_MAX = limits.batchBytesMax

interface Queued {
  readonly request: AppendRequest
  readonly bytes: number
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: Error) => void
}

/**
 * Appends that arrive together are written together: one write transaction, one sync to disk, for all that is queued.
 * While a commit is on its way the thread is busy, so callers pile up by themselves and nobody has to linger.
 */
export class GroupCommit {
  readonly #environment: Environment
  readonly #clock: () => number
  readonly #committed: () => void
  #queue: Queued[] = []
  #queuedBytes = 0
  #scheduled = false
  #room: (() => void)[] = []
  #idle: (() => void)[] = []

  /** `committed` is called after each durable commit, before its callers learn of it. */
  constructor(environment: Environment, committed: () => void, clock: () => number = wallClockMicros) {
    this.#environment = environment
    this.#committed = committed
    this.#clock = clock
  }

  /** Resolves when durable. Waits for room when more than `appendQueueBytesMax` are queued; the signal ends that wait only. */
  async add(request: AppendRequest, bytes: number, signal: AbortSignal | undefined): Promise<AppendResult> {
    while (this.#queue.length > 0 && this.#queuedBytes + bytes > limits.appendQueueBytesMax) {
      await new Promise<void>((resolve) => this.#room.push(resolve))
      signal?.throwIfAborted()
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, bytes, resolve, reject })
      this.#queuedBytes += bytes
      this.#schedule()
    })
  }

  /** Resolves when nothing is queued. */
  async drained(): Promise<void> {
    while (this.#queue.length > 0 || this.#room.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#write(this.#next())
      for (const wake of this.#room.splice(0)) wake()
      if (this.#queue.length > 0) this.#schedule()
      else for (const wake of this.#idle.splice(0)) wake()
    })
  }

  #next(): Queued[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length) {
      bytes += (this.#queue[count] as Queued).bytes
      if (count > 0 && bytes > COMMIT_BYTES_MAX) break
      count++
    }
    const group = this.#queue.splice(0, count)
    for (const queued of group) this.#queuedBytes -= queued.bytes
    return group
  }

  #write(group: readonly Queued[]): void {
    let outcomes: (AppendResult | Error)[]
    try {
      assertRoom(
        this.#environment.dir,
        group.reduce((sum, { bytes }) => sum + bytes, 0),
      )
      outcomes = this.#environment.root.transactionSync(() => {
        const commit = new Commit(this.#environment, this.#clock())
        const answers = group.map(({ request }) => attempt(commit, request))
        commit.finish()
        return answers
      })
    } catch (error) {
      const failure = lmdbFailure(error, 'append', this.#environment.dir)
      for (const { reject } of group) reject(failure)
      return
    }
    this.#committed()
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index] as AppendResult | Error
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
  }
}

/** A refused request fails alone; what LMDB throws fails the transaction. */
function attempt(commit: Commit, request: AppendRequest): AppendResult | Error {
  try {
    return commit.take(request)
  } catch (error) {
    if (error instanceof EvertError) return error
    throw error
  }
}
