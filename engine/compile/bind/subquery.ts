import type { Op } from '../algebra/op.ts'
import { type Ast, columnRef } from '../ast.ts'
import { type Binder, type Ctes, Unbound } from './binder.ts'
import { inner } from './build.ts'
import { freeColumns, isOneRow, maxOneRow } from './facts.ts'
import { bindQuery, opaqueQuery } from './query.ts'
import type { Scope } from './scope.ts'

/** Where an expression stands: the rows that it is computed over, and what its subqueries see around them. */
export interface Place {
  readonly op: Op
  /** Names of FROM: the `parent` of a subquery's own. */
  readonly scope: Scope
  readonly ctes: Ctes
  /** A subquery finds columns of FROM; over groups these are the group's. Throws `Unbound` where they are not grouped. */
  readonly outer: (ast: Ast) => Ast
}

/** A subquery's value: `op` has the rows of the place, each exactly once, with columns that `ast` names. */
export interface Lifted {
  readonly op: Op
  readonly ast: Ast
}

/**
 * One subquery of an expression. `node.child` (`x IN (SELECT …)`) is over the place's columns already. Throws `Unbound`
 * where it is not understood: the SELECT around is taken as a whole then.
 */
export async function bindSubquery(binder: Binder, node: Ast, place: Place): Promise<Lifted> {
  if (node.subquery_type !== 'SCALAR') throw new Unbound('EXISTS or IN with a subquery')
  const query = (node.subquery as Ast).node as Ast
  const bound = await bindQuery(binder, query, place.ctes, place.scope)
  const [value] = bound.columns
  if (!value || bound.columns.length > 1) throw new Unbound('a subquery with several columns')
  if (freeColumns(bound.op).size > 0) throw new Unbound('a correlated subquery')
  if (isOneRow(bound.op)) return { op: inner([place.op, bound.op]), ast: columnRef(value.col.id) }
  if (maxOneRow(bound.op)) {
    const columns = [...place.op.columns, ...bound.op.columns.map((column) => ({ ...column, nullable: true }))]
    return { op: { kind: 'outer', type: 'left', left: place.op, right: bound.op, on: [], columns }, ast: columnRef(value.col.id) }
  }
  // More than one row is an error, which only the whole says as DuckDB does.
  const single = await opaqueQuery(binder, selectValue(node), place.ctes, 'a subquery whose one row is not certain')
  const [shown] = single?.columns ?? []
  if (!single || !shown) throw new Unbound('a correlated subquery')
  return { op: inner([place.op, single.op]), ast: columnRef(shown.col.id) }
}

/**
 * A condition of WHERE or HAVING with subqueries, as the rows of the place that fulfil it. Undefined: its subqueries are
 * values like any other.
 */
export async function bindCondition(_binder: Binder, _condition: Ast, _place: Place): Promise<Op | undefined> {
  return undefined
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
