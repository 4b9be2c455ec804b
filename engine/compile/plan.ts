import type { Column } from '../../connectors/store/store.ts'
import type { Part } from './algebra/part.ts'
import type { Ast } from './ast.ts'
import type { Read } from './resolve.ts'
import type { Strategy } from './rules/rule.ts'

/** Which columns of a stream a plan needs in its delta; `undefined`: all. Lower case. */
export type Needs = ReadonlyMap<string, ReadonlySet<string> | undefined>

/** How one SQL view is kept up to date. Pure text: the loop runs it. Tables are given as quoted names. */
export interface ViewPlan {
  /** Of this version: its relation has this name, and so has its root. */
  readonly id: string
  readonly name: string
  readonly file: string
  /** The dearest of its parts. */
  readonly strategy: Strategy
  /** Why this strategy, for `explain`. */
  readonly reason: string
  readonly advice?: string
  /** The whole SELECT over the relation schema, normalised: what a recomputation runs. */
  readonly select: string
  /** The same as a tree, so that other tables can stand in for the relations. */
  readonly node: Ast
  readonly columns: readonly Column[]
  readonly reads: readonly Read[]
  /** Columns needed of each source, by relation name. */
  readonly needs: Needs
  /** Sources whose whole history must be in DuckDB. */
  readonly history: readonly string[]
  /** Hash of the definition and of the reads' columns: a version is named by it. */
  readonly fingerprint: string
  /** Recomputed float columns, which DuckDB's own parallel sums do not give bit for bit. */
  readonly floats: boolean
  /** The view itself, and what it keeps on the way, in order of dependence. */
  readonly root: Part
  readonly parts: readonly Part[]
  /** The view as one part that is computed anew, where the engine may choose that (`choosable.ts`). */
  readonly whole?: Part
  /** ` ORDER BY …` over the columns, which applies on read; or nothing. */
  readonly order: string
}
