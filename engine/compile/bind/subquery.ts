import type { Op } from '../algebra/op.ts'
import type { Ast } from '../ast.ts'
import { type Binder, type Ctes, Unbound } from './binder.ts'
import { filter } from './build.ts'
import { expr, isSubquery } from './expr.ts'
import { hasOwn, replaceOwn, visitOwn } from './own.ts'
import { raises } from './raises.ts'
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

/** One subquery of an expression. `node.child` (`x IN (SELECT …)`) is over the place's columns already. Throws `Unbound`. */
async function bindSubquery(_binder: Binder, _node: Ast, _place: Place): Promise<Lifted> {
  throw new Unbound('a subquery in an expression')
}

/** The rows that fulfil all conditions, which may hold subqueries; those without go first, and as far down as they may. */
export async function liftConditions(binder: Binder, conditions: readonly Ast[], place: Place): Promise<Op> {
  const mayRaise = (one: { ast: Ast }) => raises(one.ast, binder)
  const plain = conditions.filter((ast) => !hasOwn(ast, isSubquery))
  let op = filter(place.op, plain.map(expr), mayRaise)
  for (const condition of conditions.filter((ast) => hasOwn(ast, isSubquery))) {
    const lifted = await liftSubqueries(binder, [condition], { ...place, op })
    op = filter(lifted.op, lifted.asts.map(expr), mayRaise)
  }
  return op
}

/** The same expressions with a column in the place of each subquery, over rows that have these columns. */
export async function liftSubqueries(
  binder: Binder,
  asts: readonly Ast[],
  place: Place,
): Promise<{ readonly op: Op; readonly asts: readonly Ast[] }> {
  const found = new Set<Ast>()
  for (const ast of asts)
    visitOwn(ast, (part) => {
      if (isSubquery(part)) found.add(part)
    })
  let { op } = place
  const values = new Map<Ast, Ast>()
  for (const node of found) {
    const lifted = await bindSubquery(binder, node, { ...place, op })
    op = lifted.op
    values.set(node, lifted.ast)
  }
  return { op, asts: found.size === 0 ? asts : asts.map((ast) => replaceOwn(ast, (part) => values.get(part))) }
}
