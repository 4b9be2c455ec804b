import { path } from '../../connectors/store/quote.ts'
import type { Changes, Derivation } from './derivation.ts'

/** What changed in one batch, as its derivations tell each other in the order of dependence. */
export class BatchChanges implements Changes {
  readonly #read: ReadonlySet<string>
  readonly #changed = new Set<string>()

  constructor(members: readonly { readonly derivation: Derivation }[]) {
    this.#read = new Set(members.flatMap(({ derivation }) => derivation.reads))
  }

  has(name: string): boolean {
    return this.#changed.has(name)
  }

  add(name: string): void {
    this.#changed.add(name)
  }

  isRead(name: string): boolean {
    return this.#read.has(name)
  }

  table(name: string): string {
    return path('temp', `change of ${name}`)
  }

  /** The batch is tried again from its beginning. */
  clear(): void {
    this.#changed.clear()
  }
}
