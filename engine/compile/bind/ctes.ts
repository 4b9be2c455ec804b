import { type Ast, type AstValue, isAst, items, textOf } from '../ast.ts'

/**
 * The same query with a name of its own for each WITH query. So one that hides another cannot be taken for it where a
 * part of the text is lifted out of its place.
 */
export function uniqueCtes(node: Ast): Ast {
  const taken = new Set<string>()
  const walk = (value: AstValue, scope: ReadonlyMap<string, string>): AstValue => {
    if (Array.isArray(value)) return (value as readonly AstValue[]).map((item) => walk(item, scope))
    if (!isAst(value)) return value
    if (isAst(value.cte_map) && items(value.cte_map.map).length > 0) return withCtes(value, scope)
    const name = textOf(value.table_name)
    const own = value.type === 'BASE_TABLE' && textOf(value.schema_name) === '' ? scope.get(name.toLowerCase()) : undefined
    const inner = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part, scope)]))
    if (own === undefined || own === name) return inner
    return { ...inner, table_name: own, alias: textOf(value.alias) || name }
  }
  const withCtes = (value: Ast, around: ReadonlyMap<string, string>): Ast => {
    const scope = new Map(around)
    const map = items((value.cte_map as Ast).map).map((entry) => {
      const name = textOf(entry.key)
      const own = unused(name, taken)
      const query = ((entry.value as Ast).query as Ast).node as Ast
      const inside = new Map(scope)
      if (query.type === 'RECURSIVE_CTE_NODE') inside.set(name.toLowerCase(), own)
      const walked = walk(entry.value, inside) as Ast
      scope.set(name.toLowerCase(), own)
      return { ...entry, key: own, value: query.type === 'RECURSIVE_CTE_NODE' ? renamedRecursion(walked, own) : walked }
    })
    const rest = Object.entries(value).filter(([key]) => key !== 'cte_map')
    return { ...Object.fromEntries(rest.map(([key, part]) => [key, walk(part, scope)])), cte_map: { map } }
  }
  return walk(node, new Map()) as Ast
}

function unused(name: string, taken: Set<string>): string {
  let own = name
  for (let n = 2; taken.has(own.toLowerCase()); n++) own = `${name}_${n}`
  taken.add(own.toLowerCase())
  return own
}

function renamedRecursion(value: Ast, name: string): Ast {
  const query = value.query as Ast
  return { ...value, query: { ...query, node: { ...(query.node as Ast), cte_name: name } } }
}
