import { type Ast, type AstValue, isAst, items, textOf, visit } from './ast.ts'
import { placeNames, relationSchema, relationTable } from './relations.ts'
import type { Read } from './resolve.ts'

/** Lower-case names of the columns of a resolved relation in FROM; none for a subquery or a CTE. */
export function relationColumns(table: Ast, reads: readonly Read[]): readonly string[] {
  if (table.type !== 'BASE_TABLE' || textOf(table.schema_name) !== relationSchema) return []
  const name = textOf(table.table_name)
  const read = reads.find(({ relation }) => name === relation.name || name === relationTable(relation.name, true))
  if (!read) return []
  const own = read.relation.columns.map((column) => column.name.toLowerCase())
  return name === read.relation.name ? own : [...own, ...placeNames]
}

/**
 * Lower-case names that may stand for a column in one SELECT: its outputs' aliases and all that its FROM could offer.
 * Rather too many than too few: subqueries in FROM give the names of all that they read.
 */
export function offeredNames(select: Ast, root: Ast, reads: readonly Read[]): ReadonlySet<string> {
  const names = new Set<string>()
  const seen = new Set<Ast>()
  const alias = (item: Ast) => {
    if (textOf(item.alias) !== '') names.add(textOf(item.alias).toLowerCase())
  }
  const gather = (value: AstValue): void =>
    visit(value, (part) => {
      if (seen.has(part)) return false
      seen.add(part)
      for (const name of relationColumns(part, reads)) names.add(name)
      for (const list of [part.column_name_alias, part.aliases])
        if (Array.isArray(list)) for (const name of list) names.add(textOf(name).toLowerCase())
      for (const item of items(part.select_list)) alias(item)
      if (part.type === 'BASE_TABLE' && textOf(part.schema_name) === '')
        for (const cte of ctesNamed(root, textOf(part.table_name))) gather(cte)
      return undefined
    })
  gather(select.from_table)
  for (const item of items(select.select_list)) alias(item)
  return names
}

function ctesNamed(root: Ast, name: string): Ast[] {
  const found: Ast[] = []
  visit(root, (part) => {
    for (const entry of isAst(part.cte_map) ? items(part.cte_map.map) : [])
      if (textOf(entry.key).toLowerCase() === name.toLowerCase()) found.push(entry)
  })
  return found
}
