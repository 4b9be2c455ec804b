import type { FunctionKinds } from './analyzer.ts'
import { type Ast, type AstValue, items, replace, textOf, visit } from './ast.ts'

/** Group keys of a SELECT as expressions; none where it does not group, or in a way that is not known. */
export function keysOfSelect(select: Ast, source: ReadonlySet<string>, functions: FunctionKinds): readonly Ast[] {
  const list = items(select.select_list)
  const keys = groupKeys(select, list, aliasesOf(list), source, functions)
  return typeof keys === 'string' ? items(select.group_expressions) : keys.filter((key) => !hasWindow(key))
}

function hasWindow(value: AstValue): boolean {
  let found = false
  visit(value, (part) => {
    if (part.class === 'WINDOW') found = true
  })
  return found
}

function aliasesOf(list: readonly Ast[]): ReadonlyMap<string, Ast> {
  return new Map(list.filter((item) => textOf(item.alias) !== '').map((item) => [textOf(item.alias).toLowerCase(), item]))
}

/** GROUP BY by expression, by alias, by number, or ALL. */
function groupKeys(
  select: Ast,
  list: readonly Ast[],
  aliases: ReadonlyMap<string, Ast>,
  source: ReadonlySet<string>,
  functions: FunctionKinds,
): Ast[] | string {
  if (select.aggregate_handling === 'FORCE_AGGREGATES') return list.filter((item) => !hasAggregate(item, functions))
  const expressions = items(select.group_expressions)
  const sets = (select.group_sets ?? []) as readonly AstValue[]
  if (sets.length > 1) return 'several grouping sets'
  const keys: Ast[] = []
  for (const expression of expressions) {
    if (expression.class === 'CONSTANT') {
      const chosen = list[Number(String((expression.value as Ast).value)) - 1]
      if (!chosen) return 'GROUP BY a constant'
      keys.push(chosen)
      continue
    }
    const names = expression.type === 'COLUMN_REF' ? (expression.column_names as readonly string[]) : []
    const name = (names[0] ?? '').toLowerCase()
    const alias = names.length === 1 && !source.has(name) ? aliases.get(name) : undefined
    keys.push(alias ?? expression)
  }
  return keys
}

export function hasAggregate(value: AstValue, functions: FunctionKinds): boolean {
  let found = false
  replace(value, (part) => {
    if (part.class === 'FUNCTION' && functions.aggregates.has(textOf(part.function_name).toLowerCase())) found = true
    return undefined
  })
  return found
}
