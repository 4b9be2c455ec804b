import { type Ast, type AstValue, isAst, items, replace, textOf, visit } from './ast.ts'
import type { FunctionKinds } from './analyzer.ts'
import { relationSchema } from './relations.ts'
import type { Read } from './resolve.ts'

/**
 * Is a query's change just the query over the change? True of projection, filter, UNNEST over the row and UNION ALL over
 * append-only inputs (DBSP calls such operators linear). Returns why not, or undefined when it is.
 */
export function whyNotLinear(node: Ast, reads: readonly Read[], functions: FunctionKinds): string | undefined {
  if (node.type === 'SET_OPERATION_NODE') {
    if (node.setop_type !== 'UNION' || node.setop_all !== true) return `${textOf(node.setop_type)} without ALL compares rows with all earlier ones`
    return firstReason([node.left, node.right, ...items(node.children)].filter(isAst), reads, functions) ?? modifiersReason(node)
  }
  if (node.type !== 'SELECT_NODE') return 'a recursive or materialised query is not a projection'
  return modifiersReason(node) ?? groupReason(node) ?? expressionsReason(node, functions, true) ?? fromReason(node, reads, functions)
}

function firstReason(nodes: readonly Ast[], reads: readonly Read[], functions: FunctionKinds): string | undefined {
  for (const node of nodes) {
    const reason = whyNotLinear(node, reads, functions)
    if (reason !== undefined) return reason
  }
  return undefined
}

export function modifiersReason(node: Ast): string | undefined {
  for (const modifier of items(node.modifiers)) {
    if (modifier.type === 'DISTINCT_MODIFIER') return 'DISTINCT compares rows with all earlier ones'
    if (modifier.type === 'LIMIT_MODIFIER' || modifier.type === 'LIMIT_PERCENT_MODIFIER') return 'LIMIT ranks all rows against each other'
  }
  return undefined
}

function groupReason(node: Ast): string | undefined {
  if (items(node.group_expressions).length > 0 || node.aggregate_handling === 'FORCE_AGGREGATES' || isAst(node.having)) return 'it groups below the top'
  return undefined
}

/** Windows, subqueries and (below the top) aggregates look beyond one row. */
export function expressionsReason(node: Ast, functions: FunctionKinds, aggregatesToo: boolean): string | undefined {
  if (isAst(node.qualify)) return 'QUALIFY ranks rows against each other'
  let reason: string | undefined
  visit([node.select_list, node.where_clause, node.having, node.group_expressions] as AstValue, (part) => {
    if (part.class === 'WINDOW') reason ??= 'a window function looks at other rows'
    if (part.class === 'SUBQUERY') reason ??= 'a subquery looks at other rows'
    if (aggregatesToo && part.class === 'FUNCTION' && functions.aggregates.has(textOf(part.function_name).toLowerCase())) reason ??= 'it aggregates below the top'
  })
  return reason
}

/** The inputs: streams, or subqueries and CTEs that are linear themselves. */
export function fromReason(node: Ast, reads: readonly Read[], functions: FunctionKinds): string | undefined {
  const ctes = new Map(items((node.cte_map as Ast | undefined)?.map).map((entry) => [textOf(entry.key).toLowerCase(), ((entry.value as Ast).query as Ast).node as Ast]))
  if (ctes.size > 0) {
    const inner = firstReason([...ctes.values()], reads, functions)
    if (inner !== undefined) return inner
  }
  const from = node.from_table
  if (!isAst(from)) return 'it reads no stream'
  if (from.type === 'BASE_TABLE') {
    if (textOf(from.schema_name) !== relationSchema) return undefined // a CTE, checked above
    const name = textOf(from.table_name).replace(/\+$/, '')
    const read = reads.find((candidate) => candidate.relation.name === name)
    if (read?.relation.kind === 'table') return `the table ${name} changes rows that it has had`
    if (read?.relation.kind === 'view') return `the view ${name} changes rows that it has had`
    return undefined
  }
  if (from.type === 'SUBQUERY') return whyNotLinear((from.subquery as Ast).node as Ast, reads, functions)
  if (from.type === 'JOIN') return 'a join meets rows of other batches'
  return 'it reads no stream'
}

/** The same query with every relation replaced by a placeholder, `__delta_N`: N counts `reads`. */
export function overDelta(node: Ast, reads: readonly Read[]): Ast {
  return replace(node, (part) => {
    if (part.type !== 'BASE_TABLE' || textOf(part.schema_name) !== relationSchema) return undefined
    const name = textOf(part.table_name).replace(/\+$/, '')
    const at = reads.findIndex((read) => read.relation.name === name)
    const { schema_name: _, ...rest } = part
    return { ...rest, table_name: deltaName(at) }
  }) as Ast
}

export function deltaName(at: number): string {
  return `__delta_${at}`
}

/** Fills the placeholders of a printed query. */
export function fillDelta(sql: string, reads: readonly Read[], delta: (read: Read) => string): string {
  return sql.replaceAll(/\b__delta_(\d+)\b/g, (_, at: string) => {
    const read = reads[Number(at)]
    if (!read) throw new Error(`No read number ${at}`)
    return delta(read)
  })
}
