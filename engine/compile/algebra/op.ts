import type { Ast } from '../ast.ts'
import type { Read } from '../resolve.ts'

/**
 * Relational algebra over bags: what a SELECT means, operator by operator. A column's id is unique in the whole view
 * (`#7`), so an expression names columns without qualifiers and inputs never clash, whatever is joined with itself.
 */
export interface Col {
  readonly id: string
  readonly type: string
  /** False only where NULL cannot be: such keys are compared with `=`, which DuckDB prunes scans by. */
  readonly nullable: boolean
}

/** An expression over column ids: DuckDB's tree, whose COLUMN_REFs have one name each, and its text, safe in parentheses. */
export interface Expr {
  readonly ast: Ast
  readonly sql: string
  readonly uses: ReadonlySet<string>
}

export interface Output {
  readonly col: Col
  readonly expr: Expr
}

export interface OrderTerm {
  readonly expr: Expr
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** One aggregate call of a group. */
export interface AggregateOutput {
  readonly col: Col
  /** Lower case, as DuckDB's tree names it: `count_star`, `sum`, `avg`. */
  readonly name: string
  readonly args: readonly (Expr & { readonly type: string })[]
  readonly filter?: Expr
  readonly distinct: boolean
  readonly order: readonly OrderTerm[]
  /** The whole call, with DISTINCT, ORDER BY and FILTER. */
  readonly sql: string
}

/** A relation of the project: events of a stream or type, a table's rows, another view's rows. */
export interface Scan {
  readonly kind: 'scan'
  readonly read: Read
  readonly columns: readonly Col[]
  /** The relation's name of each column; place columns (`_offset`, …) among them. */
  readonly names: readonly string[]
}

/** Rows that depend on nothing: `SELECT 1`, `VALUES …`, `range(10)`. `sql` gives the columns in their order. */
export interface Constant {
  readonly kind: 'constant'
  readonly sql: string
  readonly columns: readonly Col[]
}

/** Row by row: WHERE, then the outputs, which may `unnest`. */
export interface Map {
  readonly kind: 'map'
  readonly input: Op
  readonly where: readonly Expr[]
  readonly outputs: readonly Output[]
  readonly columns: readonly Col[]
}

/** Row by row: the input's columns and those of a lateral FROM item over them: `unnest("#3") AS u("#9")`. Inner: no item row, no row. */
export interface Expand {
  readonly kind: 'expand'
  readonly input: Op
  readonly item: string
  /** The input's columns that the item names. */
  readonly uses?: ReadonlySet<string>
  readonly columns: readonly Col[]
}

/** Inner join of all inputs (never of joins directly below it); no condition: the cross product. */
export interface Join {
  readonly kind: 'join'
  readonly inputs: readonly Op[]
  /** Conjuncts. */
  readonly on: readonly Expr[]
  readonly columns: readonly Col[]
}

/**
 * `left`, `full`: NULLs where there is no partner. `semi`, `anti`: the left rows that have a partner, or none.
 * `mark`: all left rows, with `mark` telling whether there is one (never NULL).
 */
export interface Outer {
  readonly kind: 'outer'
  readonly type: 'left' | 'full' | 'semi' | 'anti' | 'mark'
  readonly left: Op
  readonly right: Op
  readonly on: readonly Expr[]
  readonly mark?: Col
  readonly columns: readonly Col[]
}

/**
 * For each left row the right row of equal keys with the last time that it may have (`left` `sign` `right`; the first one where the
 * sign is turned): of several the greatest in all its columns, in their order, NULL being greater than anything. Inner or left.
 */
export interface Asof {
  readonly kind: 'asof'
  readonly type: 'inner' | 'left'
  readonly left: Op
  readonly right: Op
  readonly keys: readonly { readonly left: Expr; readonly right: Expr }[]
  readonly time: { readonly left: Expr; readonly right: Expr; readonly sign: '>=' | '>' | '<=' | '<' }
  readonly columns: readonly Col[]
}

/** `columns` are those of keys and aggregates. Without GROUP BY (`isGlobal`) there is always exactly one row. */
export interface Group {
  readonly kind: 'group'
  readonly input: Op
  readonly keys: readonly Output[]
  readonly aggregates: readonly AggregateOutput[]
  readonly isGlobal: boolean
  readonly columns: readonly Col[]
}

export interface Distinct {
  readonly kind: 'distinct'
  readonly input: Op
  readonly columns: readonly Col[]
}

/** UNION ALL; columns by position, of the same types in all inputs. */
export interface Union {
  readonly kind: 'union'
  readonly inputs: readonly Op[]
  readonly columns: readonly Col[]
}

/** Columns by position, of the same types on both sides. */
export interface Setop {
  readonly kind: 'setop'
  readonly type: 'intersect' | 'except'
  readonly all: boolean
  readonly left: Op
  readonly right: Op
  readonly columns: readonly Col[]
}

/** The input's columns and window functions over one common PARTITION BY; stacked where partitions differ. */
export interface Window {
  readonly kind: 'window'
  readonly input: Op
  readonly partition: readonly Expr[]
  /** Whole calls with their OVER; each partitions at least by `partition`, and is a function of the rows alone (orders are total). */
  readonly windows: readonly Output[]
  readonly columns: readonly Col[]
}

/** The first rows in a total order. */
export interface Limit {
  readonly kind: 'limit'
  readonly input: Op
  readonly order: readonly OrderTerm[]
  readonly limit: number | undefined
  readonly offset: number
  readonly columns: readonly Col[]
}

/** One bound of a `retain`. */
export interface RetainBound {
  /** The event time, of the input's columns. */
  readonly by: Col
  /** The same of all events, of the columns of `times`. */
  readonly time: Col
  /** The field's name, for people. */
  readonly name: string
  /** As SQL reads it in an INTERVAL. */
  readonly period: string
}

/** The input's rows but those whose time is further than the period before the greatest of `times`; both only grow. */
export interface Retain {
  readonly kind: 'retain'
  readonly input: Op
  /** Event times of all events of the stream, whatever the input leaves out. */
  readonly times: Op
  readonly bounds: readonly RetainBound[]
  /** The input's. */
  readonly columns: readonly Col[]
}

/** A query that is understood as a whole only: computed anew when one of its relations changed. */
export interface Opaque {
  readonly kind: 'opaque'
  /** Over the relation schema; gives the columns by position, under other names. */
  readonly sql: string
  readonly reads: readonly Read[]
  readonly columns: readonly Col[]
  readonly why: string
}

export type Op = Scan | Constant | Map | Expand | Join | Outer | Asof | Group | Distinct | Union | Setop | Window | Limit | Retain | Opaque

export function inputsOf(op: Op): readonly Op[] {
  switch (op.kind) {
    case 'scan':
    case 'constant':
    case 'opaque':
      return []
    case 'join':
    case 'union':
      return op.inputs
    case 'outer':
    case 'asof':
    case 'setop':
      return [op.left, op.right]
    case 'retain':
      return [op.input, op.times]
    default:
      return [op.input]
  }
}
