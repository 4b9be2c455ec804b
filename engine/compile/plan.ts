import type { Column } from '../../connectors/store/store.ts'
import type { Ast } from './ast.ts'
import type { Read } from './resolve.ts'

/** Events of one batch as a plan reads them: the text of a FROM item per relation, in parentheses or a quoted name. */
export type Delta = (read: Read) => string

/** Which columns of a stream a plan needs in its delta; `undefined`: all. Lower case. */
export type Needs = ReadonlyMap<string, ReadonlySet<string> | undefined>

/** How one SQL view is kept up to date. Pure text: the loop runs it. Tables are given as quoted names. */
export interface ViewPlan {
  readonly name: string
  readonly file: string
  readonly strategy: 'linear' | 'full'
  /** Why this strategy, for `explain`. */
  readonly reason: string
  readonly advice?: string
  /** The whole SELECT over the relation schema, normalised: what a recomputation runs. */
  readonly select: string
  /** The same as a tree, so that other tables can stand in for the relations. */
  readonly node: Ast
  readonly columns: readonly Column[]
  readonly reads: readonly Read[]
  /** Columns needed of each source stream, by relation name. */
  readonly needs: Needs
  /** Sources whose whole history must be in DuckDB. */
  readonly history: readonly string[]
  /** Hash of the definition and of the reads' columns: a version is named by it. */
  readonly fingerprint: string
  /** Recomputed float columns, which DuckDB's own parallel sums do not give bit for bit. Linear plans keep exact types only. */
  readonly floats: boolean
  /** Makes the empty state. */
  create(table: string): readonly string[]
  /**
   * Statements of one batch. `staged`: a name for a temporary table that may hold the change first. A join with a relation
   * that is made of parameters has DuckDB's optimizer copy and compare their bytes, again and again (measured: 61 ms
   * instead of 24 for a MERGE of 65,536 events of 105 bytes), so a large batch's change is computed by itself.
   */
  maintain(table: string, delta: Delta, staged?: string): readonly string[]
  /** The SELECT that readers see. */
  read(table: string): string
}
