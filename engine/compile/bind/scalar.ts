import { type Ast, columnRef } from '../ast.ts'
import { attached, crossed } from './attach.ts'
import { type Binder, nullType, Unbound } from './binder.ts'
import { constant } from './expr.ts'
import { freeColumns, isOneRow, maxOneRow, readsRelations } from './facts.ts'
import { besideRow, singleValue } from './one-row.ts'
import { bindQuery, opaqueQuery } from './query.ts'
import type { Lifted, Place } from './subquery.ts'
import { unnest } from './unnest.ts'
import { plain } from './unnested.ts'

/** A subquery's one value, or NULL where it has no row. */
export async function scalarValue(binder: Binder, node: Ast, place: Place): Promise<Lifted> {
  const around = { binder, place }
  const bound = await bindQuery(binder, (node.subquery as Ast).node as Ast, place.ctes, place.scope)
  const [value] = bound.columns
  if (!value || bound.columns.length > 1) throw new Unbound('a subquery with several columns')
  if (value.col.type === nullType && maxOneRow(bound.op)) return { op: place.op, ast: constant('NULL', null) }
  if (freeColumns(bound.op).size === 0) {
    if (isOneRow(bound.op)) return crossed(around, bound.op, columnRef(value.col.id))
    if (maxOneRow(bound.op)) return attached(around, plain(bound.op), columnRef(value.col.id))
    // More than one row is an error whatever rows there are around, which only the whole says as DuckDB does.
    const single = await opaqueQuery(binder, selectValue(node), place.ctes, 'a subquery whose one row is not certain')
    const [shown] = single?.columns ?? []
    if (!single || !shown) throw new Unbound('a correlated subquery')
    return crossed(around, single.op, columnRef(shown.col.id))
  }
  const isLocal = !readsRelations(bound.op)
  const isSure = isLocal ? isOneRow(bound.op) : maxOneRow(bound.op)
  const { op, col } = isSure ? { op: bound.op, col: value.col } : await singleValue(binder, bound.op, value.col)
  const ast = columnRef(col.id)
  return isLocal ? besideRow(around, op, ast) : attached(around, await unnest(around, op), ast)
}

function selectValue(node: Ast): Ast {
  return {
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: [node],
    from_table: { type: 'EMPTY' },
    aggregate_handling: 'STANDARD_HANDLING',
  }
}
