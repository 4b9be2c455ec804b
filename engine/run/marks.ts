import type { Scan } from '../compile/algebra/op.ts'

/**
 * Texts that come into a statement late. Events may hold any text, and where a temporary table is made is decided when its
 * statement is known; so rules are given marks, which no SQL text can hold (NUL), and these are resolved when a statement is run.
 */
export class Marks {
  readonly #entries: Mark[] = []

  add(mark: Mark): string {
    return `\0${this.#entries.push(mark) - 1}\0`
  }

  /** The marks of a text, in order. */
  in(sql: string): Mark[] {
    return [...sql.matchAll(pattern)].map(([, at]) => this.#of(at))
  }

  resolve(sql: string, textOf: (mark: Mark) => string): string {
    return sql.replaceAll(pattern, (_, at: string) => textOf(this.#of(at)))
  }

  #of(at: string | undefined): Mark {
    const mark = this.#entries[Number(at)]
    if (!mark) throw new Error(`There is no mark ${at}`)
    return mark
  }
}

export type Mark =
  /** The events of the batch, as a scan reads them. */
  | { readonly kind: 'events'; readonly scan: Scan }
  /** A table that lives for one batch. */
  | { readonly kind: 'temporary'; readonly name: string }
  /** A table of the version's state. */
  | { readonly kind: 'state'; readonly table: string }

const pattern = /\0(\d+)\0/g
