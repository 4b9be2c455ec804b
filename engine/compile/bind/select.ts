import { type Ast, isAst } from '../ast.ts'
import { type Binder, type Bound, type Ctes, Unbound } from './binder.ts'
import { expr, isUnnest } from './expr.ts'
import { filter } from './filter.ts'
import { bindFront, type Front, type Parts } from './front.ts'
import { bindGroups, isGrouped } from './grouping.ts'
import { liftConditions, liftSubqueries } from './lift.ts'
import { bindModifiers, type ChosenTerm } from './modifiers.ts'
import { hasOwn } from './own.ts'
import { project } from './project.ts'
import { raises } from './raises.ts'
import type { Scope } from './scope.ts'
import type { Place } from './subquery.ts'
import { bindWindows } from './window.ts'

/** FROM, WHERE, GROUP BY, HAVING, windows, QUALIFY, outputs, DISTINCT, LIMIT: in this order, each over the one before. */
export async function bindSelect(binder: Binder, node: Ast, ctes: Ctes, parent: Scope | undefined): Promise<Bound> {
  if (isAst(node.sample)) throw new Unbound('a sample')
  const again = () => bindFront(binder, node, ctes, parent)
  const front = await again()
  const { place, parts } = isGrouped(node, front, binder) ? await bindGroups(binder, node, front, again) : front
  const lifted = await liftParts(binder, parts, { ...place, op: await liftConditions(binder, parts.having, place) })
  const windows = await bindWindows(binder, lifted.op, lifted.parts)
  const { shown, qualify, orders, on } = windows.parts
  if (hasOwn(qualify, isUnnest)) throw new Unbound('QUALIFY over unnest()')
  const qualified = filter(windows.op, qualify.map(expr), (one) => raises(one.ast, binder))
  const projected = await project(binder, qualified, [...shown, ...orders, ...on])
  const chosen = projected.columns.slice(shown.length)
  const columns = projected.columns.slice(0, shown.length).map((col, at) => ({ name: front.items[at]?.name, col }))
  const terms = front.terms.flatMap((term, at): ChosenTerm[] => (chosen[at] ? [{ ...term, col: chosen[at] }] : []))
  return bindModifiers(binder, { op: projected.op, columns }, node, terms, chosen.slice(orders.length))
}

async function liftParts(binder: Binder, parts: Parts, place: Place): Promise<{ op: Front['place']['op']; parts: Parts }> {
  const { shown, qualify, orders, on } = parts
  const { op, asts } = await liftSubqueries(binder, [...shown, ...qualify, ...orders, ...on], place)
  const rest = [...asts]
  const take = (some: readonly Ast[]) => rest.splice(0, some.length)
  return { op, parts: { having: [], shown: take(shown), qualify: take(qualify), orders: take(orders), on: take(on) } }
}
