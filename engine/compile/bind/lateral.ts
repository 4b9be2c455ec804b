import { list } from '../../../connectors/store/quote.ts'
import { selectOf } from '../algebra/select-of.ts'
import { type Binder, type Bound, Unbound } from './binder.ts'
import { mapOver } from './build.ts'
import { has, isUnnest, passing } from './expr.ts'
import { freeColumns, isUnit, readsRelations } from './facts.ts'
import type { From } from './from.ts'
import { exactly } from './prune.ts'
import { spell } from './spell.ts'
import { expand } from './table-function.ts'

/**
 * A subquery of FROM that names columns of what stands before it: rows for each of its rows. Over that row alone it is a
 * lateral item, or no more than further columns. Throws `Unbound` where it reads relations.
 */
export async function bindLateral(binder: Binder, bound: Bound, left: From): Promise<{ bound: Bound; holdsLeft: 'each' | 'some' }> {
  const { op, columns } = bound
  if (readsRelations(op)) throw new Unbound('a correlated subquery in LATERAL')
  if (op.kind === 'map' && isUnit(op.input)) {
    const rows = mapOver(left.op, op.where, [...left.op.columns.map(passing), ...op.outputs])
    const isEach = op.where.length === 0 && !op.outputs.some((output) => has(output.expr.ast, isUnnest))
    return { bound: { op: rows, columns }, holdsLeft: isEach ? 'each' : 'some' }
  }
  const spelt = await spell(binder.analyzer, exactly(op, new Set(columns.map(({ col }) => col.id))))
  const item = `LATERAL (${selectOf(spelt)}) AS u(${list(spelt.columns.map((column) => column.id))})`
  return { bound: { op: expand(left.op, item, freeColumns(spelt), spelt.columns), columns }, holdsLeft: 'some' }
}
