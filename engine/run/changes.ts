import { path } from '../../connectors/store/quote.ts'
import { aheadDatabase } from '../../connectors/store/store.ts'
import type { Changes, Derivation } from './derivation.ts'

/** What changed in one batch, as its derivations tell each other in the order of dependence, and where its temporary tables are. */
export class BatchChanges implements Changes {
  readonly #readers = new Map<string, number>()
  readonly #changed = new Set<string>()
  readonly #added = new Set<string>()
  readonly #told = new Map<string, string>()
  readonly #ahead = new Set<string>()
  readonly #schema: string | undefined

  /** `schema`: of the database `ahead`, for tables that are made before the transaction begins. */
  constructor(members: readonly { readonly derivation: Derivation }[], schema?: string) {
    for (const { derivation } of members) for (const name of new Set(derivation.reads)) this.#readers.set(name, this.readers(name) + 1)
    this.#schema = schema
  }

  has(name: string): boolean {
    return this.#changed.has(name)
  }

  add(name: string, onlyAdded = false): void {
    this.#changed.add(name)
    if (onlyAdded) this.#added.add(name)
  }

  tell(name: string, select: string, onlyAdded: boolean): void {
    this.add(name, onlyAdded)
    this.#told.set(this.changeName(name), select)
  }

  isAdded(name: string): boolean {
    return this.#added.has(name)
  }

  isRead(name: string): boolean {
    return this.readers(name) > 0
  }

  readers(name: string): number {
    return this.#readers.get(name) ?? 0
  }

  changeName(name: string): string {
    return `change of ${name}`
  }

  table(name: string): string {
    return this.place(this.changeName(name))
  }

  place(temporary: string): string {
    const told = this.#told.get(temporary)
    if (told !== undefined) return `(${told})`
    return this.#schema !== undefined && this.#ahead.has(temporary) ? path(aheadDatabase, this.#schema, temporary) : path('temp', temporary)
  }

  isAhead(temporary: string): boolean {
    return this.#ahead.has(temporary)
  }

  /** This temporary table is made ahead; whoever names it from here on is told where. */
  makeAhead(temporary: string): string {
    this.#ahead.add(temporary)
    return this.place(temporary)
  }

  /** The batch is tried again from its beginning. */
  clear(): void {
    this.#changed.clear()
    this.#added.clear()
    this.#told.clear()
  }
}
