import { list } from '../../../connectors/store/quote.ts'
import type { Expr, Op, Output } from '../algebra/op.ts'
import { selectOf } from '../algebra/select-of.ts'
import { columnRef } from '../ast.ts'
import { leftJoin, withMark } from './attach.ts'
import type { Binder, Bound } from './binder.ts'
import { inner, mapOver } from './build.ts'
import { expr, has, isUnnest, passing } from './expr.ts'
import { freeColumns, isUnit, readsRelations } from './facts.ts'
import { filter } from './filter.ts'
import type { From } from './from.ts'
import { and, cases, nothing } from './logic.ts'
import { exactly } from './prune.ts'
import { raises } from './raises.ts'
import { spell } from './spell.ts'
import { expand } from './table-function.ts'
import { unnest } from './unnest.ts'
import { spreadLate } from './unnested.ts'

/** What stands beside each row of `left`; `leftJoin` keeps those that have nothing there, too. */
export interface Lateral {
  readonly op: Op
  readonly holdsLeft: 'each' | 'some'
  readonly leftJoin: (on: readonly Expr[]) => Promise<Op>
}

/**
 * A subquery of FROM that names columns of what stands before it: rows for each of its rows. Over that row alone it is a
 * lateral item, or no more than further columns; what reads relations is unnested.
 */
export async function bindLateral(binder: Binder, bound: Bound, left: From): Promise<Lateral> {
  const { op, columns } = bound
  const whole = { leftJoin: (on: readonly Expr[]) => leftJoined(binder, bound, left.op, on) }
  if (readsRelations(op)) return { ...whole, ...(await joined(binder, op, columns, left.op)) }
  if (op.kind === 'map' && isUnit(op.input)) {
    const rows = mapOver(left.op, op.where, [...left.op.columns.map(passing), ...op.outputs])
    const isEach = op.where.length === 0 && !op.outputs.some((output) => has(output.expr.ast, isUnnest))
    return { ...whole, op: rows, holdsLeft: isEach ? 'each' : 'some' }
  }
  const spelt = await spell(binder.analyzer, exactly(op, new Set(columns.map(({ col }) => col.id))))
  const item = `LATERAL (${selectOf(spelt)}) AS u(${list(spelt.columns.map((column) => column.id))})`
  return { ...whole, op: expand(left.op, item, freeColumns(spelt), spelt.columns), holdsLeft: 'some' }
}

type Columns = Bound['columns']

async function joined(binder: Binder, op: Op, columns: Columns, left: Op): Promise<{ op: Op; holdsLeft: 'each' | 'some' }> {
  const found = await unnest({ binder, place: { op: left, outer: (ast) => ast } }, op)
  const { late, having } = found
  const on = found.on.map(expr)
  const rows = having ? leftJoin(left, found.op, found.on) : filter(inner([left, found.op]), on, (one) => raises(one.ast, binder))
  if (late.size === 0 && !having?.length) return { op: rows, holdsLeft: having ? 'each' : 'some' }
  const outputs = [...left.columns.map(passing), ...shownOf(columns, (id) => late.get(id) ?? columnRef(id))]
  return { op: mapOver(rows, (having ?? []).map(expr), outputs), holdsLeft: having?.length === 0 ? 'each' : 'some' }
}

/** Where no row is there, what is computed late is NULL, too. */
export async function leftJoined(binder: Binder, { op, columns }: Bound, left: Op, more: readonly Expr[]): Promise<Op> {
  const { op: own, on, late, having } = await unnest({ binder, place: { op: left, outer: (ast) => ast } }, op)
  const asked = more.map((one) => spreadLate(one.ast, late))
  const value = (id: string) => late.get(id) ?? columnRef(id)
  if (!having && late.size === 0) return leftJoin(left, own, [...on, ...asked])
  if (!having) {
    const right = withMark(binder.fresh('BOOLEAN', false), own)
    const outputs = shownOf(columns, (id) => cases([[right.mark, value(id)]], nothing))
    return mapOver(leftJoin(left, right.op, [...on, ...asked]), [], [...left.columns.map(passing), ...outputs])
  }
  const conditions = [...having, ...asked]
  const outputs = shownOf(columns, (id) => (conditions.length === 0 ? value(id) : cases([[and(conditions), value(id)]], nothing)))
  return mapOver(leftJoin(left, own, on), [], [...left.columns.map(passing), ...outputs])
}

function shownOf(columns: Columns, value: (id: string) => Output['expr']['ast']): readonly Output[] {
  const cols = new Map(columns.map(({ col }) => [col.id, col]))
  return [...cols.values()].map((col) => ({ col: { ...col, nullable: true }, expr: expr(value(col.id)) }))
}
