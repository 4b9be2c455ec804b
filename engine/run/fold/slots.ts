import type { Chunk } from '../../../connectors/log/log.ts'
import type { Transaction } from '../../../connectors/store/store.ts'
import type { LoadStates } from './load-states.ts'
import type { StateCache } from './state-cache.ts'
import type { Known } from './state-form.ts'

/** One key's state while a batch is worked on: begins as the store has it, becomes the store's when the batch is committed. */
export interface Slot {
  readonly key: string
  /** Undefined: no row. */
  known: Known | undefined
  /** Partition of the key's events; of no meaning without a row. */
  partition: number
  /** The state in the store's row before the batch; undefined: it has no row for the key. */
  before: Known | undefined
  /** The last event that wrote the state in this batch; undefined: none did. */
  wrote: { readonly chunk: Chunk; readonly index: number } | undefined
}

/** The slots of one batch. */
export class Slots {
  readonly all = new Map<string, Slot>()
  readonly #cache: StateCache
  readonly #missing: Slot[] = []

  constructor(cache: StateCache) {
    this.#cache = cache
  }

  /** The key's slot; its state is there once `load` has resolved. */
  at(key: string): Slot {
    const present = this.all.get(key)
    if (present) return present
    const cached = this.#cache.get(key)
    const slot: Slot = { key, known: cached?.known, partition: cached?.partition ?? 0, before: cached?.known, wrote: undefined }
    this.all.set(key, slot)
    if (cached === undefined) this.#missing.push(slot)
    return slot
  }

  /** Every slot has its state without a query: it was kept, or the cache holds every row that there is. */
  async isLoaded(load: LoadStates, store: Transaction): Promise<boolean> {
    if (this.#missing.length > 0 && (await this.#cache.isComplete(load, store))) this.#missing.length = 0
    return this.#missing.length === 0
  }

  /** Reads the missing states in one query. */
  async load(load: LoadStates, store: Transaction): Promise<void> {
    if (await this.isLoaded(load, store)) return
    const missing = this.#missing.splice(0)
    for (const { key, known, partition } of await load.states(
      store,
      missing.map((slot) => slot.key),
    )) {
      const slot = this.all.get(key)
      if (slot) Object.assign(slot, { known, partition, before: known })
    }
  }

  changed(): Slot[] {
    return [...this.all.values()].filter((slot) => slot.wrote !== undefined)
  }

  /** The store has committed the batch: the cache follows. */
  settle(): void {
    for (const slot of this.all.values()) this.#cache.set(slot.key, slot.known && { known: slot.known, partition: slot.partition })
    this.#cache.trim()
  }
}
