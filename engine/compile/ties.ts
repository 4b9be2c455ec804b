import { type Ast, isAst, items, position, replace, textOf, visit } from './ast.ts'

/**
 * An order that may tie gets all remaining columns as tie-breakers, in the plan and in its recomputation alike (design §5):
 * LIMIT and DISTINCT ON by the output columns, numbering windows by whole rows. Rows that still tie are equal.
 */
export async function breakTies(node: Ast, widthOf: (select: Ast) => Promise<number>): Promise<Ast> {
  const windows = (part: Ast): Ast | undefined => (part.type === 'SELECT_NODE' && isAst(part.from_table) ? orderWindows(part, windows) : undefined)
  const numbered = replace(node, windows) as Ast
  const widths = new Map<Ast, number>()
  const limited: Ast[] = []
  visit(numbered, (part) => {
    if (needsTotalOrder(part)) limited.push(part)
  })
  for (const part of limited) widths.set(part, await widthOf(part))
  const limits = (part: Ast): Ast | undefined => {
    const width = widths.get(part)
    if (width === undefined) return undefined
    const entries = Object.entries(part).map(([key, value]) => {
      if (key !== 'modifiers') return [key, replace(value, limits)] as const
      return [key, items(value).map((modifier) => replace(modifier.type === 'ORDER_MODIFIER' ? withTail(modifier, width) : modifier, limits))] as const
    })
    return Object.fromEntries(entries) as Ast
  }
  return replace(numbered, limits) as Ast
}

function needsTotalOrder(part: Ast): boolean {
  const types = items(part.modifiers).map((modifier) => modifier.type)
  if (!types.includes('ORDER_MODIFIER')) return false
  return types.some((type) => type === 'LIMIT_MODIFIER' || type === 'LIMIT_PERCENT_MODIFIER') || items(part.modifiers).some((modifier) => Array.isArray(modifier.distinct_on_targets) && modifier.distinct_on_targets.length > 0)
}

function withTail(modifier: Ast, width: number): Ast {
  const tail = Array.from({ length: width }, (_, i): Ast => ({ type: 'ASCENDING', null_order: 'NULLS_LAST', expression: position(i + 1) }))
  return { ...modifier, orders: [...items(modifier.orders), ...tail] }
}

const numbering = new Set(['row_number', 'ntile', 'lag', 'lead', 'first', 'last', 'first_value', 'last_value', 'nth_value', 'fill'])

/** `row_number() OVER (ORDER BY a)` → `… ORDER BY a, t`, where t is each row of the FROM as a whole. */
function orderWindows(select: Ast, change: (part: Ast) => Ast | undefined): Ast | undefined {
  let found = false
  visit(select.select_list, (part) => {
    if (part.class === 'WINDOW') found = true
  })
  visit(select.qualify, (part) => {
    if (part.class === 'WINDOW') found = true
  })
  if (!found || items(select.group_expressions).length > 0) return undefined
  const rows = rowAliases(select.from_table as Ast)
  const tail = rows.map((alias): Ast => ({ type: 'ASCENDING', null_order: 'NULLS_LAST', expression: { class: 'COLUMN_REF', type: 'COLUMN_REF', column_names: [alias] } }))
  const inner = (part: Ast): Ast | undefined => {
    if (part.class === 'WINDOW' && ordersRows(part)) return { ...part, orders: [...items(part.orders), ...tail] }
    return change(part)
  }
  const entries = Object.entries(select).map(([key, value]) => [key, replace(value, key === 'select_list' || key === 'qualify' ? inner : change)] as const)
  return Object.fromEntries(entries)
}

/** Does the window's answer depend on how ties are ordered? Numbers and picks do, and frames that count rows. */
function ordersRows(window: Ast): boolean {
  const counted = `${textOf(window.start)} ${textOf(window.end)}`.includes('ROWS') && items(window.orders).length > 0
  return counted || numbering.has(textOf(window.function_name).toLowerCase())
}

function rowAliases(from: Ast): string[] {
  if (from.type === 'JOIN') return [...rowAliases(from.left as Ast), ...rowAliases(from.right as Ast)]
  const alias = textOf(from.alias) || textOf(from.table_name)
  return alias === '' ? [] : [alias]
}
