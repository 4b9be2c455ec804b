import { type Ast, items as listOf, textOf } from '../ast.ts'
import { type Binder, type Ctes, Unbound } from './binder.ts'
import { conditions } from './conditions.ts'
import { learnConstants } from './constants.ts'
import { conjuncts, isUnnest, isWindow } from './expr.ts'
import { bindExpression, type Names, several } from './expression.ts'
import { bindFrom, scopeOf } from './from.ts'
import { liftConditions } from './lift.ts'
import { distinctTargets, orderTerms, type Term } from './modifiers.ts'
import { hasOwn } from './own.ts'
import type { Scope } from './scope.ts'
import { type Item, spreadStars } from './star.ts'
import type { Place } from './subquery.ts'

/** All expressions of a SELECT above its WHERE, over one operator's columns. */
export interface Parts {
  readonly shown: readonly Ast[]
  readonly having: readonly Ast[]
  readonly qualify: readonly Ast[]
  readonly orders: readonly Ast[]
  readonly on: readonly Ast[]
}

/** FROM and WHERE of a SELECT, and its other expressions over their columns. */
export interface Front {
  readonly place: Place
  readonly names: Names
  readonly items: readonly Item[]
  readonly parts: Parts
  /** Those of `parts.orders`. */
  readonly terms: readonly Term[]
}

export async function bindFront(binder: Binder, node: Ast, ctes: Ctes, parent: Scope | undefined): Promise<Front> {
  const from = await bindFrom(binder, node.from_table as Ast, { ctes, parent })
  const scope = scopeOf(from, parent)
  const items = spreadStars(listOf(node.select_list), scope)
  const names: Names = { scope, functions: binder.analyzer.functions, aliases: aliasesOf(listOf(node.select_list)) }
  const bound = (ast: Ast) => bindExpression(ast, names)
  const shown = items.map((item) => (item.isBound ? item.ast : bound(item.ast)))
  const terms = orderTerms(node, shown.length)
  const chosen = ({ ast, number }: Term) =>
    (number === undefined ? undefined : shown[number]) ?? bindExpression(ast, { ...names, aliasFirst: true })
  const where = conjuncts(node.where_clause).map(bound).flatMap(conditions)
  if (hasOwn(where, isUnnest) || hasOwn(where, isWindow)) throw new Unbound('WHERE over unnest() or a window')
  await learnConstants(binder, where)
  const place: Place = { op: from.op, scope, ctes, outer: (ast) => ast }
  return {
    place: { ...place, op: await liftConditions(binder, where, place) },
    names,
    items,
    parts: {
      shown,
      having: conjuncts(node.having).map(bound),
      qualify: conjuncts(node.qualify).map(bound),
      orders: terms.map(chosen),
      on: distinctTargets(node, shown.length).map(chosen),
    },
    terms,
  }
}

/** The outputs' own names. What a star renames or replaces is not told apart. */
function aliasesOf(list: readonly Ast[]): ReadonlyMap<string, Ast> {
  const aliases = new Map<string, Ast>()
  const add = (name: string, ast: Ast) => {
    if (name !== '') aliases.set(name.toLowerCase(), aliases.has(name.toLowerCase()) ? several : ast)
  }
  for (const item of list) {
    add(textOf(item.alias), item)
    for (const entry of listOf(item.replace_list)) add(textOf(entry.key), several)
    for (const entry of listOf(item.rename_list)) add(textOf(entry.value), several)
  }
  return aliases
}
