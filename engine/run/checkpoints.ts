import type { Store } from '../../connectors/store/store.ts'
import { limits } from '../../limits.ts'

/** A checkpoint that was made: how long it took, and what the write-ahead log held. */
export interface Checkpoint {
  readonly ms: number
  readonly walBytes: number
  /** Nobody waited for it to begin: no event had come for a while. Else the log had grown to its limit under load. */
  readonly isQuiet: boolean
}

/**
 * When the store checkpoints. A checkpoint stalls whoever writes: some 4 ms a megabyte of appended rows, and as long as the touched
 * tables are large where rows anywhere in them were updated. So none is left to a commit, which would keep its events waiting:
 * it is made when no event has come for a while, at most a hundredth of the time, so that of a hundred events that come at any
 * moment one at most meets it; and under load between two batches, as soon as a start would have too much to do again.
 */
export class Checkpoints {
  readonly #store: Pick<Store, 'checkpoint' | 'walBytes'>
  readonly #onCheckpoint: ((checkpoint: Checkpoint) => void) | undefined
  readonly #now: () => number
  /** The share of time is kept: no quiet one before. */
  #quietAfter = Number.NEGATIVE_INFINITY
  /** A reader was in the way: none before. */
  #tryAfter = Number.NEGATIVE_INFINITY

  constructor(
    store: Pick<Store, 'checkpoint' | 'walBytes'>,
    onCheckpoint?: (checkpoint: Checkpoint) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#store = store
    this.#onCheckpoint = onCheckpoint
    this.#now = now
  }

  /** After so many milliseconds without an event, `quiet` is to be called; undefined: there is nothing worth it. */
  get quietMs(): number | undefined {
    if (this.#store.walBytes() < limits.walBytesQuietMin) return undefined
    return Math.max(limits.checkpointQuietMs, Math.ceil(Math.max(this.#quietAfter, this.#tryAfter) - this.#now()))
  }

  /** No event has come for `quietMs`. */
  async quiet(): Promise<void> {
    await this.#make(true)
  }

  /** Between two batches, whether or not events wait. */
  async between(): Promise<void> {
    if (this.#store.walBytes() >= limits.walBytesMax && this.#now() >= this.#tryAfter) await this.#make(false)
  }

  async #make(isQuiet: boolean): Promise<void> {
    const walBytes = this.#store.walBytes()
    const begin = this.#now()
    const isMade = await this.#store.checkpoint()
    const end = this.#now()
    if (!isMade) {
      this.#tryAfter = end + limits.checkpointRetryMs
      return
    }
    this.#quietAfter = end + (end - begin) / limits.checkpointShareMax
    this.#onCheckpoint?.({ ms: end - begin, walBytes, isQuiet })
  }
}
