import type { Col, Op } from '../algebra/op.ts'
import type { Analyzer } from '../analyzer.ts'
import type { Ast } from '../ast.ts'
import type { Read } from '../resolve.ts'

/** What binding one view shares: whom to ask, and the columns that were given an id. */
export interface Binder {
  readonly analyzer: Analyzer
  readonly reads: readonly Read[]
  /** A new column with an id of its own. */
  fresh(type: string, nullable: boolean): Col
  /** Type of a column by its id. */
  typeOf(id: string): string
  /** Types of expressions over constants that were computed once, by their text: they cannot fail (`constants.ts`). */
  readonly constants: Map<string, string>
}

/** A bound query: its rows, and which column is which output. Two outputs may be one column. */
export interface Bound {
  readonly op: Op
  readonly columns: readonly Named[]
}

/** `name` is undefined for an expression without alias: DuckDB calls it by its text, which nobody writes. */
export interface Named {
  readonly name: string | undefined
  readonly col: Col
}

/** WITH queries in scope, in order of definition, by lower-case name; names are unique in the view (`ctes.ts`). */
export type Ctes = ReadonlyMap<string, Ast>

/** SQL that the algebra does not say: the smallest SELECT that can stand alone is then taken as a whole. */
export class Unbound extends Error {
  override readonly name = 'Unbound'
}

/** Type of a NULL that nothing has given a type yet: of an output, never of an operator's column. */
export const nullType = '"NULL"'

/** As DuckDB stores it. */
export function storedType(type: string): string {
  return type === nullType ? 'INTEGER' : type
}

/** `mark`: what ids begin with; it stands nowhere in the view. */
export function createBinder(analyzer: Analyzer, reads: readonly Read[], mark = '#'): Binder {
  const types = new Map<string, string>()
  return {
    analyzer,
    reads,
    constants: new Map(),
    fresh: (type, nullable) => {
      const id = `${mark}${types.size + 1}`
      types.set(id, type)
      return { id, type, nullable }
    },
    typeOf: (id) => {
      const type = types.get(id)
      if (type === undefined) throw new Error(`No column ${id}`)
      return type
    },
  }
}
