import { list } from '../../../connectors/store/quote.ts'
import type { Col, Op, Output } from '../algebra/op.ts'
import { selectOf } from '../algebra/select-of.ts'
import { type Ast, columnRef } from '../ast.ts'
import type { Binder, Bound } from './binder.ts'
import { mapOver } from './build.ts'
import { call, columnOf, constant, expr, passing } from './expr.ts'
import { freeColumns } from './facts.ts'
import { groupOnce } from './group.ts'
import { cases, compared } from './logic.ts'
import { exactly } from './prune.ts'
import { spell } from './spell.ts'
import type { Lifted } from './subquery.ts'
import { expand } from './table-function.ts'
import type { Around } from './unnested.ts'

export const countStar: Ast = call('count_star', [])

/** Aggregates over all of a query's rows: one row, whose columns are theirs in order. */
export async function aggregated(binder: Binder, op: Op, calls: readonly Ast[]): Promise<{ op: Op; columns: readonly Col[] }> {
  const scope = { sources: [], merged: [], parent: undefined }
  const place = { op, scope, ctes: new Map(), outer: (ast: Ast) => ast }
  const aggregates = new Map(calls.map((one, at) => [String(at), one]))
  const group = await groupOnce(binder, place, { keys: new Map(), aggregates })
  return { op: group.op, columns: calls.flatMap((_, at) => group.columns.get(String(at)) ?? []) }
}

/** One row of these values over an operator's row. */
export function shown(
  binder: Binder,
  op: Op,
  values: readonly { readonly ast: Ast; readonly type: string; readonly nullable: boolean }[],
): Op {
  const outputs = values.map(({ ast, type, nullable }): Output => ({ col: binder.fresh(type, nullable), expr: expr(ast) }))
  return mapOver(op, [], outputs)
}

/** A scalar subquery's one value. More than one row is an error, as DuckDB has it. */
export async function singleValue(binder: Binder, op: Op, value: Col): Promise<{ op: Op; col: Col }> {
  const { op: group, columns } = await aggregated(binder, op, [countStar, call('max', [columnRef(value.id)])])
  const [count, max] = columns.map((column) => columnRef(column.id)) as [Ast, Ast]
  const message = 'More than one row returned by a subquery used as an expression - scalar subqueries can only return a single row.'
  const several = compared('COMPARE_GREATERTHAN', count, constant('INTEGER', 1))
  const ast = cases([[several, call('error', [constant('VARCHAR', message)])]], max)
  const map = shown(binder, group, [{ ast, type: value.type, nullable: true }])
  return { op: map, col: map.columns[0] as Col }
}

/** A query that reads no relation is a function of the row around: its one row stands beside it, computed in its place. */
export async function besideRow({ binder, place }: Around, one: Op, ast: Ast): Promise<Lifted> {
  const spelt = await spell(binder.analyzer, exactly(one, new Set(one.columns.map((column) => column.id))))
  const free = freeColumns(spelt)
  const missing = [...free].filter((id) => !columnOf(place.op, id))
  const added = missing.map(
    (id): Output => ({ col: { id, type: binder.typeOf(id), nullable: true }, expr: expr(place.outer(columnRef(id))) }),
  )
  const left = added.length > 0 ? mapOver(place.op, [], [...place.op.columns.map(passing), ...added]) : place.op
  const item = `LATERAL (${selectOf(spelt)}) AS u(${list(spelt.columns.map((column) => column.id))})`
  return { op: expand(left, item, free, spelt.columns), ast }
}

export function columnAt({ columns }: Bound, at: number): Ast {
  const col = columns[at]?.col
  return !col || col.type === '"NULL"' ? constant('NULL', null) : columnRef(col.id)
}
