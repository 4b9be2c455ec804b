import type { Op } from '../algebra/op.ts'
import { type Ast, items } from '../ast.ts'
import { anyCondition, anyValue } from './any.ts'
import { type Binder, type Ctes, Unbound } from './binder.ts'
import { existsCondition, existsValue } from './exists.ts'
import { scalarValue } from './scalar.ts'
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
  if (node.subquery_type === 'EXISTS') return existsValue(binder, node, place)
  if (node.subquery_type === 'ANY') return anyValue(binder, node, place)
  if (node.subquery_type !== 'SCALAR') throw new Unbound('an unknown kind of subquery')
  return scalarValue(binder, node, place)
}

/**
 * A condition of WHERE or HAVING with subqueries, as the rows of the place that fulfil it. Undefined: its subqueries are
 * values like any other.
 */
export async function bindCondition(binder: Binder, condition: Ast, place: Place): Promise<Op | undefined> {
  let [node, isNot] = [condition, false]
  while (node.type === 'OPERATOR_NOT' && items(node.children)[0]) [node, isNot] = [items(node.children)[0] as Ast, !isNot]
  if (node.subquery_type === 'EXISTS') return existsCondition(binder, node, isNot, place)
  if (node.subquery_type === 'ANY') return anyCondition(binder, node, isNot, place)
  return undefined
}
