import { EvertError } from '../../errors.ts'
import { type Ast, type AstValue, isAst, items, placeOf, position, replace, textOf, visit } from './ast.ts'
import { orderedAggregates } from './determinism.ts'
import { firstLine } from './located.ts'
import { chooseByValue } from './ties-aggregates.ts'
import { rowsApart } from './ties-rows.ts'
import { withTail } from './ties-windows.ts'

/** What breaking ties must ask of the rest of the compiler. */
export interface TieContext {
  /** Number of columns of a SELECT that stands alone. */
  widthOf(select: Ast): Promise<number>
  /** Group keys of a grouped SELECT, as expressions. */
  groupKeys(select: Ast): readonly Ast[]
  /** Lower-case names of the columns of a relation in FROM. */
  columnsOf(table: Ast): readonly string[]
}

/**
 * An order that may tie gets all remaining columns as tie-breakers, in the plan and in its recomputation alike (design §5):
 * LIMIT and DISTINCT ON by the output columns, numbering windows by the group keys or by what the SELECT looks at of a row
 * (`ties-rows.ts`), ordered aggregates by their own arguments. What still ties is equal.
 */
export async function breakTies(node: Ast, context: TieContext): Promise<Ast> {
  const ordered = replace(node, (part) => orderSelect(part, context)) as Ast
  const widths = await widthsOf(ordered, context)
  const limits = (part: Ast): Ast | undefined => {
    const width = widths.get(part)
    if (width === undefined) return undefined
    const entries = Object.entries(part).map(([key, value]) => {
      if (key !== 'modifiers') return [key, replace(value, limits)] as const
      return [
        key,
        items(value).map((modifier) => replace(modifier.type === 'ORDER_MODIFIER' ? withPlaces(modifier, width) : modifier, limits)),
      ] as const
    })
    return Object.fromEntries(entries) as Ast
  }
  return replace(ordered, limits) as Ast
}

/** Widths of the queries whose order decides which rows are kept; each is asked about together with the CTEs around it. */
async function widthsOf(node: Ast, context: TieContext): Promise<ReadonlyMap<Ast, number>> {
  const limited: { part: Ast; ctes: readonly Ast[] }[] = []
  const collect = (value: AstValue, ctes: readonly Ast[]): void => {
    if (Array.isArray(value)) {
      for (const item of value as readonly AstValue[]) collect(item, ctes)
    } else if (isAst(value)) {
      if (needsTotalOrder(value)) limited.push({ part: value, ctes })
      const own = isAst(value.cte_map) ? items(value.cte_map.map) : []
      const inside = [...ctes, ...own]
      for (const [key, inner] of Object.entries(value)) {
        if (key !== 'cte_map') collect(inner, inside)
        else for (const [at, entry] of own.entries()) collect(entry, [...ctes, ...own.slice(0, at)])
      }
    }
  }
  collect(node, [])
  const widths = new Map<Ast, number>()
  for (const { part, ctes } of limited) widths.set(part, outputCount(part) ?? (await describedWidth(part, ctes, context)))
  return widths
}

async function describedWidth(part: Ast, ctes: readonly Ast[], context: TieContext): Promise<number> {
  const own = isAst(part.cte_map) ? items(part.cte_map.map) : []
  const taken = new Set(own.map((entry) => entry.key))
  const around = ctes.filter((entry, at) => !taken.has(entry.key) && ctes.findLastIndex((other) => other.key === entry.key) === at)
  try {
    return await context.widthOf({ ...part, cte_map: { map: [...around, ...own] } })
  } catch (error) {
    throw new EvertError(
      'sql-invalid',
      `A subquery with LIMIT or DISTINCT ON cannot be understood by itself: ${firstLine((error as Error).message).replace(/[.!]$/, '')}. Write its columns by name instead of *.`,
      { cause: error, details: { byte: placeOf(part) } },
    )
  }
}

/** How many columns a SELECT shows, where its text alone tells. */
function outputCount(part: Ast): number | undefined {
  if (part.type === 'SET_OPERATION_NODE' && part.setop_type !== 'UNION_BY_NAME') {
    const first = isAst(part.left) ? part.left : items(part.children)[0]
    return first && outputCount(first)
  }
  if (part.type !== 'SELECT_NODE') return undefined
  const outputs = items(part.select_list)
  const spreads = outputs.some((item) => {
    let found = false
    visit(item, (inner) => {
      if (inner.class === 'SUBQUERY') return false
      if (inner.type === 'STAR' || textOf(inner.function_name).toLowerCase() === 'unnest') found = true
    })
    return found
  })
  return spreads ? undefined : outputs.length
}

function needsTotalOrder(part: Ast): boolean {
  const modifiers = items(part.modifiers)
  const order = modifiers.find((modifier) => modifier.type === 'ORDER_MODIFIER')
  if (!order || items(order.orders).some((one) => isAst(one.expression) && one.expression.type === 'STAR')) return false // ORDER BY ALL is total
  return modifiers.some(
    (modifier) =>
      modifier.type === 'LIMIT_MODIFIER' ||
      modifier.type === 'LIMIT_PERCENT_MODIFIER' ||
      (Array.isArray(modifier.distinct_on_targets) && modifier.distinct_on_targets.length > 0),
  )
}

function withPlaces(modifier: Ast, width: number): Ast {
  return { ...modifier, orders: [...items(modifier.orders), ...Array.from({ length: width }, (_, i) => ascending(position(i + 1)))] }
}

function ascending(expression: Ast): Ast {
  return { type: 'ASCENDING', null_order: 'NULLS_LAST', expression }
}

/** The windows and ordered aggregates of one SELECT; what is nested in it comes to its own turn. */
function orderSelect(part: Ast, context: TieContext): Ast | undefined {
  const change = (inner: Ast) => orderSelect(inner, context)
  if (part.class === 'FUNCTION') return decided(part, change) ?? orderArguments(part, 'order_bys', change)
  if (part.type !== 'SELECT_NODE' || !isAst(part.from_table) || !hasWindow(part)) return undefined
  const { select, tail } = tailOf(part, context)
  const inner = (value: Ast): Ast | undefined => {
    if (value.class === 'SUBQUERY') return replaceInside(value, change)
    if (value.class !== 'WINDOW') return change(value)
    const window = decided(value, inner) ?? orderArguments(value, 'arg_orders', inner) ?? replaceInside(value, inner)
    return withTail(window, tail)
  }
  const entries = Object.entries(select).map(
    ([key, value]) => [key, replace(value, key === 'select_list' || key === 'qualify' ? inner : change)] as const,
  )
  return Object.fromEntries(entries)
}

/** An aggregate that chooses by the value of another argument. */
function decided(call: Ast, change: (part: Ast) => Ast | undefined): Ast | undefined {
  const chosen = chooseByValue(call)
  return chosen && replaceInside(chosen, change)
}

/** `list(x ORDER BY day)` → `… ORDER BY day, x`: rows that tie in all of it give the same list in any order. */
function orderArguments(call: Ast, where: 'order_bys' | 'arg_orders', change: (part: Ast) => Ast | undefined): Ast | undefined {
  const orders = where === 'order_bys' ? items((call.order_bys as Ast | undefined)?.orders) : items(call.arg_orders)
  const name = textOf(call.function_name).toLowerCase()
  // Of the most frequent values mode() shows the one that it saw first.
  if (name !== 'mode' && (orders.length === 0 || !orderedAggregates.has(name))) return undefined
  const inside = replaceInside(call, change)
  const tail = items(inside.children)
    .filter((child) => child.class !== 'CONSTANT')
    .map((child) => ascending({ ...child, alias: undefined }))
  if (where === 'arg_orders') return { ...inside, arg_orders: [...items(inside.arg_orders), ...tail] }
  const modifier = inside.order_bys as Ast
  return { ...inside, order_bys: { ...modifier, orders: [...items(modifier.orders), ...tail] } }
}

function replaceInside(part: Ast, change: (part: Ast) => Ast | undefined): Ast {
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, replace(value, change)]))
}

function hasWindow(select: Ast): boolean {
  let found = false
  visit([select.select_list, select.qualify], (part) => {
    if (part.class === 'SUBQUERY') return false
    if (part.class === 'WINDOW') found = true
  })
  return found
}

/** The order in which rows stand that tie for a window: by the group keys, or by what tells them apart. */
function tailOf(select: Ast, context: TieContext): { select: Ast; tail: readonly Ast[] } {
  const keys = context.groupKeys(select)
  if (keys.length > 0) return { select, tail: keys.map((key) => ascending({ ...key, alias: undefined })) }
  const told = rowsApart(select, (table) => context.columnsOf(table))
  return { select: told.select, tail: told.apart.map(ascending) }
}
