import { ident, path, text } from '../../connectors/store/quote.ts'
import type { Analyzer } from './analyzer.ts'
import { type Ast, replace, textOf, withoutLocations } from './ast.ts'
import { type Relation, relationSchema, relationTable } from './relations.ts'
import type { Read } from './resolve.ts'

/**
 * Retention: of a stream is seen what is no more than a period before the greatest event time of all its events up to the
 * position. A function of the events alone: the bound only rises, and a replay, however it cuts them, gives the same.
 *
 * The algebra has an operator for it, which the rule `retain` keeps; whatever runs a SELECT as a whole (a recomputation, a view
 * that is kept in full, a query of users) reads the stream through the subquery that is made here.
 */

/** Is a time below the bound? `greatest` is an expression over `from`, which gives one row. */
export function isExpired(by: string, period: string, greatest: string, from: string): string {
  return `${by} < (SELECT ${greatest} - INTERVAL ${text(period)} FROM ${from})`
}

/** Without any event nothing is expired. */
export function notAny(conditions: readonly string[]): string {
  return `(${conditions.join(' OR ')}) IS NOT TRUE`
}

/** The tree in which a subquery over its events within the retention stands for each stream that has one. */
export async function retainedIn(analyzer: Pick<Analyzer, 'parse'>, node: Ast, reads: readonly Read[]): Promise<Ast> {
  const subqueries = new Map<string, Ast>()
  for (const { relation } of reads) {
    if (!relation.retention?.length) continue
    for (const placed of [false, true])
      subqueries.set(relationTable(relation.name, placed), withoutLocations(await analyzer.parse(selectWithin(relation, placed))))
  }
  if (subqueries.size === 0) return node
  return replace(node, (part) => {
    if (part.type !== 'BASE_TABLE' || textOf(part.schema_name) !== relationSchema) return undefined
    const within = subqueries.get(textOf(part.table_name))
    if (!within) return undefined
    const { schema_name: _1, table_name: _2, ...rest } = part
    return { ...rest, type: 'SUBQUERY', subquery: { node: within } }
  }) as Ast
}

/** The analyzer that prints each SELECT with the streams as they are seen. */
export function retaining(analyzer: Analyzer, reads: readonly Read[]): Analyzer {
  return { ...analyzer, print: async (node) => analyzer.print(await retainedIn(analyzer, node, reads)) }
}

/** Columns that are needed of a relation for its retention alone, in lower case. */
export function eventTimes(relation: Relation): readonly string[] {
  return (relation.retention ?? []).map((one) => one.by.toLowerCase())
}

/** The schema that says which events count: with a retention, those of other types move the bound as well. */
export function schemaOf(relation: Relation): string | undefined {
  return relation.retention?.length ? (relation.whole ?? relation).schema : relation.schema
}

function selectWithin(relation: Relation, placed: boolean): string {
  const { whole = relation, retention = [] } = relation
  const all = `${path(relationSchema, relationTable(whole.name))} AS t`
  const isOut = retention.map(({ by, period }) => isExpired(`r.${ident(by)}`, period, `max(t.${ident(by)})`, all))
  return `SELECT * FROM ${path(relationSchema, relationTable(relation.name, placed))} AS r WHERE ${notAny(isOut)}`
}
