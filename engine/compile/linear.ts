import type { Analyzer, FunctionKinds } from './analyzer.ts'
import { type Ast, type AstValue, isAst, items, printAst, replace, textOf, visit } from './ast.ts'
import { relationSchema } from './relations.ts'
import type { Read } from './resolve.ts'

/**
 * Is a query's change just the query over the change? True of projection, filter, UNNEST over the row and UNION ALL over
 * append-only inputs (DBSP calls such operators linear). Returns why not, or undefined when it is.
 */
export function whyNotLinear(node: Ast, reads: readonly Read[], functions: FunctionKinds): string | undefined {
  if (node.type === 'SET_OPERATION_NODE') {
    // DuckDB's tree leaves a true `setop_all` out.
    if (node.setop_type === 'UNION_BY_NAME' && node.setop_all !== false)
      return 'UNION ALL BY NAME matches columns by their names, which is not done batch by batch yet'
    if (node.setop_type !== 'UNION' || node.setop_all === false)
      return `${textOf(node.setop_type).replaceAll('_', ' ')}${node.setop_all === false ? ' without ALL' : ''} compares rows with all earlier ones`
    return (
      ctesReason(node, reads, functions) ??
      firstReason([node.left, node.right, ...items(node.children)].filter(isAst), reads, functions) ??
      modifiersReason(node)
    )
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
  if (items(node.group_expressions).length > 0 || node.aggregate_handling === 'FORCE_AGGREGATES' || isAst(node.having))
    return 'it groups below the top'
  return undefined
}

/** Windows, subqueries and (below the top) aggregates look beyond one row. */
export function expressionsReason(node: Ast, functions: FunctionKinds, aggregatesToo: boolean): string | undefined {
  if (isAst(node.qualify)) return 'QUALIFY ranks rows against each other'
  let reason: string | undefined
  visit([node.select_list, node.where_clause, node.having, node.group_expressions] as AstValue, (part) => {
    if (part.class === 'WINDOW') reason ??= 'a window function looks at other rows'
    if (part.class === 'SUBQUERY') reason ??= 'a subquery looks at other rows'
    if (aggregatesToo && part.class === 'FUNCTION' && functions.aggregates.has(textOf(part.function_name).toLowerCase()))
      reason ??= 'it aggregates below the top'
  })
  return reason
}

function ctesReason(node: Ast, reads: readonly Read[], functions: FunctionKinds): string | undefined {
  return firstReason(
    items((node.cte_map as Ast | undefined)?.map).map((entry) => ((entry.value as Ast).query as Ast).node as Ast),
    reads,
    functions,
  )
}

/** The inputs: streams, or subqueries and CTEs that are linear themselves. */
export function fromReason(node: Ast, reads: readonly Read[], functions: FunctionKinds): string | undefined {
  const inCtes = ctesReason(node, reads, functions)
  if (inCtes !== undefined) return inCtes
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
  if (from.type === 'PIVOT')
    return Array.isArray(from.unpivot_names) && from.unpivot_names.length > 0
      ? 'UNPIVOT is not done batch by batch yet'
      : 'PIVOT gathers rows of other batches'
  return 'it reads no stream'
}

/** A name that stands nowhere in a query, so that it can be found and replaced in the printed text. */
export function freeName(node: Ast, base: string): string {
  const text = printAst(node)
  let name = base
  while (text.includes(name)) name += '_'
  return name
}

/** Prints a query whose relations are those of a batch: the text as a function of them. */
export async function printOverDelta(
  analyzer: Pick<Analyzer, 'print'>,
  node: Ast,
  reads: readonly Read[],
): Promise<(delta: (read: Read) => string) => string> {
  const marker = `${freeName(node, '__delta')}_`
  const sql = await analyzer.print(
    replace(node, (part) => {
      if (part.type !== 'BASE_TABLE' || textOf(part.schema_name) !== relationSchema) return undefined
      const name = textOf(part.table_name).replace(/\+$/, '')
      const { schema_name: _, ...rest } = part
      return { ...rest, table_name: `${marker}${reads.findIndex((read) => read.relation.name === name)}` }
    }) as Ast,
  )
  const places = new RegExp(`\\b${marker}(\\d+)\\b`, 'g')
  return (delta) =>
    sql.replaceAll(places, (_, at: string) => {
      const read = reads[Number(at)]
      if (!read) throw new Error(`No read number ${at}`)
      return delta(read)
    })
}
