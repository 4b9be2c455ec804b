import type { Op } from '../algebra/op.ts'
import { type Ast, type AstValue, items } from '../ast.ts'
import { type Binder, Unbound } from './binder.ts'
import { castTo } from './cast.ts'
import { conjuncts, constant, isSubquery, isUnnest, isWindow, usesOf } from './expr.ts'
import { bindExpression } from './expression.ts'
import type { Front, Parts } from './front.ts'
import { type Calls, callsOf, groupOnce, overGroup, referTo } from './group.ts'
import { unionOfSets } from './grouping-sets.ts'
import { outputNumber } from './modifiers.ts'
import { hasOwn, isAggregate, textKey } from './own.ts'
import type { Place } from './subquery.ts'

export function isGrouped(node: Ast, { parts }: Front, binder: Binder): boolean {
  const { shown, qualify, orders, on } = parts
  return (
    items(node.group_expressions).length > 0 ||
    setsOf(node).length > 0 ||
    node.aggregate_handling === 'FORCE_AGGREGATES' ||
    node.having !== undefined ||
    hasOwn([...shown, ...qualify, ...orders, ...on], isAggregate(binder.analyzer.functions))
  )
}

function setsOf(node: Ast): readonly (readonly number[])[] {
  return ((node.group_sets ?? []) as readonly AstValue[]).map((set) => (set as readonly AstValue[]).map((index) => Number(String(index))))
}

/**
 * GROUP BY, and the SELECT's other expressions over its columns. Several grouping sets are the union of one GROUP BY
 * each, with NULL for the keys that a set lacks; `again` binds FROM anew, since each has ids of its own.
 */
export async function bindGroups(
  binder: Binder,
  node: Ast,
  front: Front,
  again: () => Promise<Front>,
): Promise<{ place: Place; parts: Parts }> {
  const prepared = prepare(binder, node, front)
  const { keys, parts, calls } = prepared
  const sets = setsOf(node)
  const whole = keys.map((_, at) => at)
  const isPlain = sets.length === 0 || (sets.length === 1 && whole.every((at) => sets[0]?.includes(at)))
  const { op, columns } = isPlain
    ? await groupOnce(binder, front.place, calls).then((one) => ({ op: one.op as Op, columns: one.columns }))
    : await unionOfSets(binder, sets, { front, ...prepared }, async () => {
        const next = await again()
        return { front: next, ...prepare(binder, node, next) }
      })
  const values = referTo(columns)
  if (isPlain) for (const text of calls.groupings.keys()) values.set(text, await castTo(binder, constant('INTEGER', 0), 'BIGINT'))
  const outer = overGroup(values, front.place)
  const over = (asts: readonly Ast[]) => asts.map(outer)
  return {
    place: { ...front.place, op, outer },
    parts: {
      shown: over(parts.shown),
      having: over(parts.having),
      qualify: over(parts.qualify),
      orders: over(parts.orders),
      on: over(parts.on),
    },
  }
}

function prepare(binder: Binder, node: Ast, front: Front): { keys: readonly Ast[]; parts: Parts; calls: Calls } {
  const keys = keysOf(node, front, binder)
  if (hasOwn(keys, (part) => isUnnest(part) || isWindow(part))) throw new Unbound('GROUP BY over unnest() or a window')
  const texts = new Set(keys.map(textKey))
  const names = { ...front.names, isGrouped: (ast: Ast) => texts.has(textKey(ast)) }
  const parts = { ...front.parts, having: conjuncts(node.having).map((one) => bindExpression(one, names)) }
  return { keys, parts, calls: callsOf(binder, keys, Object.values(parts).flat(), front.place) }
}

/** GROUP BY by expression, by number, by an output's alias where FROM has no such column, or ALL. */
function keysOf(node: Ast, { items: outputs, parts, names }: Front, binder: Binder): readonly Ast[] {
  if (node.aggregate_handling === 'FORCE_AGGREGATES') return keysOfAll(parts.shown, binder)
  const { aliases: _, ...columns } = names
  return items(node.group_expressions).map((ast) => {
    const number = outputNumber(ast, outputs.length)
    if (number !== undefined) return parts.shown[number] as Ast
    return bindExpression(ast, ast.type === 'COLUMN_REF' ? names : columns)
  })
}

/** GROUP BY ALL: the outputs that hold columns and no aggregate. */
function keysOfAll(shown: readonly Ast[], binder: Binder): readonly Ast[] {
  if (hasOwn(shown, (part) => isWindow(part) || isSubquery(part))) throw new Unbound('GROUP BY ALL beside a window or a subquery')
  const aggregate = isAggregate(binder.analyzer.functions)
  return shown.filter((ast) => !hasOwn(ast, aggregate) && usesOf(ast).size > 0)
}
