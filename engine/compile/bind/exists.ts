import type { Op } from '../algebra/op.ts'
import { type Ast, columnRef } from '../ast.ts'
import { attached, crossed, marked, partnered } from './attach.ts'
import type { Binder } from './binder.ts'
import { constant, has, isUnnest } from './expr.ts'
import { freeColumns, readsRelations } from './facts.ts'
import { and, coalesce, compared, truth } from './logic.ts'
import { aggregated, besideRow, countStar, shown } from './one-row.ts'
import { bindQuery } from './query.ts'
import type { Lifted, Place } from './subquery.ts'
import { unnest } from './unnest.ts'

/** EXISTS as a condition of its own, or NOT EXISTS: the rows that have a partner, or none. Undefined: it is a value like any other. */
export async function existsCondition(binder: Binder, node: Ast, isNot: boolean, place: Place): Promise<Op | undefined> {
  const op = await askedOf(binder, node, place)
  if (op === true || !readsRelations(op) || freeColumns(op).size === 0) return undefined
  const unnested = await unnest({ binder, place }, op)
  if (unnested.having) return undefined
  return partnered(isNot ? 'anti' : 'semi', { binder, place }, unnested.op, unnested.on)
}

export async function existsValue(binder: Binder, node: Ast, place: Place): Promise<Lifted> {
  const around = { binder, place }
  const op = await askedOf(binder, node, place)
  if (op === true) return { op: place.op, ast: truth(true) }
  if (freeColumns(op).size === 0 || !readsRelations(op)) {
    const one = await anyRow(binder, op)
    const ast = columnRef(one.columns[0]?.id ?? '')
    // Only whether there are rows is told on, not each change of their number.
    return freeColumns(op).size === 0
      ? crossed(around, { kind: 'distinct', input: one, columns: one.columns }, ast)
      : besideRow(around, one, ast)
  }
  const unnested = await unnest(around, op)
  if (!unnested.having) return marked(around, unnested.op, unnested.on)
  return attached(around, { ...unnested, having: [] }, coalesce(and(unnested.having), truth(false)))
}

async function anyRow(binder: Binder, op: Op): Promise<Op> {
  const { op: group, columns } = await aggregated(binder, op, [countStar])
  const ast = compared('COMPARE_GREATERTHAN', columnRef(columns[0]?.id ?? ''), constant('INTEGER', 0))
  return shown(binder, group, [{ ast, type: 'BOOLEAN', nullable: false }])
}

/** The rows that are asked for, without what does not decide whether there are any. True: there always are. */
async function askedOf(binder: Binder, node: Ast, place: Place): Promise<Op | true> {
  let { op } = await bindQuery(binder, (node.subquery as Ast).node as Ast, place.ctes, place.scope)
  for (;;) {
    if (op.kind === 'group' && op.isGlobal) return true
    const isIdle =
      op.kind === 'distinct' ||
      op.kind === 'window' ||
      op.kind === 'group' ||
      (op.kind === 'limit' && op.offset === 0 && op.limit !== 0) ||
      (op.kind === 'map' && op.where.length === 0 && !op.outputs.some((output) => has(output.expr.ast, isUnnest)))
    if (!isIdle || !('input' in op)) return op
    op = op.input
  }
}
