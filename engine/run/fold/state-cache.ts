import type { Transaction } from '../../../connectors/store/store.ts'
import type { LoadStates } from './load-states.ts'
import type { Known } from './state-form.ts'

export interface Cached {
  readonly known: Known
  readonly partition: number
}

/** The states last used, at most `keysMax`, as the store has committed them: never ahead of it. */
export class StateCache {
  readonly #entries = new Map<string, Cached>()
  readonly #keysMax: number
  /** Whether every row of the store is here; unknown before the first question. */
  #complete: boolean | undefined

  constructor(keysMax: number) {
    this.#keysMax = keysMax
  }

  get(key: string): Cached | undefined {
    return this.#entries.get(key)
  }

  /** The key was used, with this state at the end (undefined: no row). */
  set(key: string, value: Cached | undefined): void {
    this.#entries.delete(key)
    if (value !== undefined) this.#entries.set(key, value)
  }

  /** Those unused for longest make room. One pass for many: a Map's first key is slow to find after many deletions. */
  trim(): void {
    let over = this.#entries.size - this.#keysMax
    if (over <= 0) return
    for (const oldest of this.#entries.keys()) {
      if (over-- <= 0) break
      this.#entries.delete(oldest)
    }
    this.#complete = false
  }

  /** True when a key that is not here has no row: an empty table's cache is complete until a key has to go. */
  async isComplete(load: LoadStates, store: Transaction): Promise<boolean> {
    this.#complete ??= this.#entries.size === 0 && (await load.isEmpty(store))
    return this.#complete
  }
}
