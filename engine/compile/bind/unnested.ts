import type { Op } from '../algebra/op.ts'
import { type Ast, columnRef } from '../ast.ts'
import type { Binder } from './binder.ts'
import { columnOf, plainId, usesOf } from './expr.ts'
import { replaceOwn } from './own.ts'
import type { Place } from './subquery.ts'

/**
 * A correlated query as rows that stand by themselves, and what says which of them belong to a row around it. Columns of
 * the SELECT around keep their ids in the expressions.
 */
export interface Unnested {
  /** No column of the SELECT around is named in here. */
  readonly op: Op
  /** A row belongs to those rows around for which all of this is true. */
  readonly on: readonly Ast[]
  /** Columns of the query that `op` lacks, since they are computed of both. */
  readonly late: ReadonlyMap<string, Ast>
  /**
   * An aggregate without GROUP BY has one row for each row around: where no row of `op` belongs to it, its columns are NULL
   * and `late` says what is shown. The row is there if these conditions (HAVING) are true.
   */
  readonly having?: readonly Ast[]
}

/** What unnesting shares: the rows around, which a query may have to be joined with. */
export interface Around {
  readonly binder: Binder
  readonly place: Pick<Place, 'op' | 'outer'>
}

/** A column that says which row around a row belongs to, and the value there that it is equal to. */
export interface Key {
  readonly id: string
  readonly outer: Ast
  readonly nullable: boolean
}

/** Rows that know by these columns alone which row around they belong to. */
export interface Keyed {
  readonly op: Op
  readonly keys: readonly Key[]
}

export function plain(op: Op): Unnested {
  return { op, on: [], late: new Map() }
}

/** An expression with what is computed late in its place. */
export function spreadLate(ast: Ast, late: Unnested['late']): Ast {
  return late.size === 0 ? ast : replaceOwn(ast, (part) => late.get(plainId(part) ?? ''))
}

/** Columns of the SELECTs around that expressions over an operator name. */
export function outside(op: Op, asts: readonly Ast[]): readonly string[] {
  return [...usesOf(asts)].filter((id) => !columnOf(op, id))
}

/** All that an unnested query names of the SELECTs around. */
export function outsideOf({ op, on, late, having }: Unnested): readonly string[] {
  return outside(op, [...on, ...late.values(), ...(having ?? [])])
}

export function equal(left: Ast, right: Ast, nullable: boolean): Ast {
  return { class: 'COMPARISON', type: nullable ? 'COMPARE_NOT_DISTINCT_FROM' : 'COMPARE_EQUAL', left, right }
}

export function conditionsOf(keys: readonly Key[]): readonly Ast[] {
  return keys.map(({ id, outer, nullable }) => equal(columnRef(id), outer, nullable))
}
