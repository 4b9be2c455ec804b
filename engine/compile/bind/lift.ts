import type { Op } from '../algebra/op.ts'
import type { Ast } from '../ast.ts'
import type { Binder } from './binder.ts'
import { expr, isSubquery } from './expr.ts'
import { filter } from './filter.ts'
import { hasOwn, replaceOwn, visitOwn } from './own.ts'
import { raises } from './raises.ts'
import { bindCondition, bindSubquery, type Place } from './subquery.ts'

/** The rows that fulfil all conditions, which may hold subqueries; those without go first, and as far down as they may. */
export async function liftConditions(binder: Binder, conditions: readonly Ast[], place: Place): Promise<Op> {
  const mayRaise = (one: { ast: Ast }) => raises(one.ast, binder)
  const plain = conditions.filter((ast) => !hasOwn(ast, isSubquery))
  let op = filter(place.op, plain.map(expr), mayRaise)
  for (const condition of conditions.filter((ast) => hasOwn(ast, isSubquery))) {
    const kept = await bindCondition(binder, condition, { ...place, op })
    if (kept) op = kept
    else {
      const lifted = await liftSubqueries(binder, [condition], { ...place, op })
      op = filter(lifted.op, lifted.asts.map(expr), mayRaise)
    }
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
      return !isSubquery(part)
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
