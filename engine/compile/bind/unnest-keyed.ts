import type { AggregateOutput, Distinct, Expr, Group, Limit, Output, Window } from '../algebra/op.ts'
import { type Ast, columnRef, items } from '../ast.ts'
import { Unbound } from './binder.ts'
import { mapOver, only } from './build.ts'
import { released } from './domain.ts'
import { constant, expr, passing } from './expr.ts'
import { keyed } from './keyed.ts'
import { coalesce } from './logic.ts'
import { type Around, conditionsOf, type Key, type Unnested } from './unnested.ts'

const references = (keys: readonly Key[]) => keys.map((key) => columnRef(key.id))

/** A group for each key; where there is no GROUP BY, the one row of a key without rows is shown where it is looked for. */
export async function unnestGroup(around: Around, op: Group, input: Unnested): Promise<Unnested> {
  const { binder } = around
  const parts = op.aggregates.flatMap((one) => [...one.args, ...(one.filter ? [one.filter] : []), ...one.order.map((term) => term.expr)])
  const rows = await keyed(
    around,
    input,
    [...op.keys.map((key) => key.expr), ...parts].map((one) => one.ast),
  )
  const own = rows.keys.map((key) => {
    const found = rows.op.columns.find((column) => column.id === key.id)
    const col = binder.fresh(found?.type ?? '', found?.nullable ?? true)
    return { key: { ...key, id: col.id }, output: { col, expr: expr(columnRef(key.id)) } }
  })
  const aggregates = op.aggregates.map((one) => (op.isGlobal ? { ...one, col: binder.fresh(one.col.type, one.col.nullable) } : one))
  const keys = [...own.map((one) => one.output), ...op.keys]
  const columns = [...keys.map((key) => key.col), ...aggregates.map((one) => one.col)]
  const group: Group = { ...op, input: rows.op, keys, aggregates, isGlobal: false, columns }
  const on = conditionsOf(own.map((one) => one.key))
  if (!op.isGlobal) return { op: group, on, late: new Map() }
  const late = new Map<string, Ast>()
  for (const [at, one] of op.aggregates.entries()) {
    const column = columnRef(aggregates[at]?.col.id ?? '')
    late.set(one.col.id, isCount(one) ? coalesce(column, constant('INTEGER', 0)) : column)
  }
  return { op: group, on, late, having: [] }
}

/** DuckDB gives 0 for these where there are no rows, and NULL for all others, also for those that give 0 elsewhere (count_if). */
function isCount({ name }: AggregateOutput): boolean {
  return name === 'count' || name === 'count_star'
}

export async function unnestWindow(around: Around, op: Window, input: Unnested): Promise<Unnested> {
  const calls = op.windows.map((window) => window.expr.ast)
  const asts = [...op.partition.map((one) => one.ast), ...calls.flatMap((call) => partsOf(call))]
  const { op: rows, keys } = await keyed(around, input, asts)
  const added = references(keys)
  const windows = op.windows.map(({ col, expr: { ast } }): Output => {
    return { col, expr: expr({ ...ast, partitions: [...added, ...items(ast.partitions)] }) }
  })
  const partition = [...added.map(expr), ...op.partition]
  const columns = [...rows.columns, ...windows.map((window) => window.col)]
  return released(around, { op: { ...op, input: rows, partition, windows, columns }, keys })
}

/** All that a window's call computes of a row. */
function partsOf(call: Ast): readonly Ast[] {
  return Object.entries(call).flatMap(([key, value]) => {
    if (key === 'orders') return items(value).map((order) => order.expression as Ast)
    return items(Array.isArray(value) ? value : [value])
  })
}

/** The first rows of each key: those with the lowest numbers in the order. */
export async function unnestLimit(around: Around, op: Limit, input: Unnested): Promise<Unnested> {
  if (op.order.length === 0) throw new Unbound('a correlated LIMIT without ORDER BY')
  const { op: rows, keys } = await keyed(
    around,
    input,
    op.order.map((term) => term.expr.ast),
  )
  const number = around.binder.fresh('BIGINT', false)
  const partitions = references(keys)
  const call: Ast = {
    class: 'WINDOW',
    type: 'WINDOW_ROW_NUMBER',
    function_name: 'row_number',
    partitions,
    orders: op.order.map((term) => ({
      type: term.descending ? 'DESCENDING' : 'ASCENDING',
      null_order: term.nullsFirst ? 'NULLS_FIRST' : 'NULLS_LAST',
      expression: term.expr.ast,
    })),
    start: 'UNBOUNDED_PRECEDING',
    end: 'CURRENT_ROW_RANGE',
  }
  const windows = [{ col: number, expr: expr(call) }]
  const columns = [...rows.columns, number]
  const window: Window = { kind: 'window', input: rows, partition: partitions.map(expr), windows, columns }
  const compared = (type: string, bound: number): Expr =>
    expr({ class: 'COMPARISON', type, left: columnRef(number.id), right: constant('BIGINT', bound) })
  const where = [
    ...(op.limit === undefined ? [] : [compared('COMPARE_LESSTHANOREQUALTO', op.offset + op.limit)]),
    ...(op.offset === 0 ? [] : [compared('COMPARE_GREATERTHAN', op.offset)]),
  ]
  return released(around, { op: mapOver(window, where, rows.columns.map(passing)), keys })
}

export async function unnestDistinct(around: Around, op: Distinct, input: Unnested): Promise<Unnested> {
  const { op: rows, keys } = await keyed(
    around,
    input,
    op.columns.map((column) => columnRef(column.id)),
  )
  const own = op.columns.map((column) => column.id)
  const distinct = only(rows, [...own, ...keys.map((key) => key.id).filter((id) => !own.includes(id))])
  return released(around, { op: { kind: 'distinct', input: distinct, columns: distinct.columns }, keys })
}
