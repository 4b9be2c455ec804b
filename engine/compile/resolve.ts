import { EvertError } from '../../errors.ts'
import { type Ast, type AstValue, baseTable, isAst, items, placeOf, replace, textOf, visit } from './ast.ts'
import { nullSafe } from './null-safe.ts'
import { hasPlace, placeNames, type Relation, relationSchema, relationTable, shownName } from './relations.ts'
import { someOrderDifferently } from './ties-windows.ts'

/** What a SELECT may name, by name in lower case (`flights`, `shop.orderrequested`). */
export type Catalog = ReadonlyMap<string, Relation>

export interface Read {
  readonly relation: Relation
  readonly placed: boolean
}

export interface Resolved {
  /** The tree with every relation by its DuckDB name. */
  readonly node: Ast
  readonly reads: readonly Read[]
}

/** Table functions that read nothing but their arguments. */
const harmlessTableFunctions = new Set(['unnest', 'range', 'generate_series', 'json_each', 'json_tree', 'repeat', 'repeat_row'])
/** Scalar functions that look at the session or at other catalogs. */
const refusedFunctions = new Set([
  'getenv',
  'current_setting',
  'getvariable',
  'write_log',
  'nextval',
  'currval',
  'setseed',
  'sleep_ms',
  'json_execute_serialized_sql',
  'query',
  'query_table',
  'pg_get_viewdef',
  'pg_get_constraintdef',
  'format_type',
  'get_block_size',
  'pg_sleep',
  'current_query',
  'current_query_id',
  'current_connection_id',
  'current_transaction_id',
  'stats',
  'version',
])

/**
 * Finds the project's relations behind a SELECT's names, and refuses everything else: files, other catalogs, table
 * functions that reach outside. This is the sandbox for all SQL of users; DuckDB's own settings are the second line.
 * Throws `code`; `details.byte` is the place in the text, in bytes of UTF-8.
 */
export function resolve(node: Ast, catalog: Catalog, code: 'sql-invalid' | 'query-refused'): Resolved {
  const reads = new Map<string, Read>()
  // Views whose windows order rows differently tell events apart by their place.
  const placed = mentionsPlace(node) || (code === 'sql-invalid' && someOrderDifferently(node))
  let isUnnamed = false
  const walk = (value: AstValue, scope: ReadonlySet<string>): AstValue => {
    if (Array.isArray(value)) return (value as readonly AstValue[]).map((item) => walk(item, scope))
    if (!isAst(value)) return value
    if (isAst(value.cte_map)) return withCtes(value, scope)
    if (value.type === 'BASE_TABLE') return table(value, scope)
    if (value.type === 'TABLE_FUNCTION') refuseTableFunction(value, code)
    if (value.class === 'FUNCTION') refuseFunction(value, code)
    const safe = isUnnamed ? value : nullSafe(value)
    if (safe !== value) return walk(safe, scope)
    if (value.type === 'COLUMN_REF') return typeColumn(value)
    if (value.type === 'JOIN' && value.ref_type === 'NATURAL' && placed)
      throw new EvertError(
        code,
        'NATURAL JOIN in a text that names _offset, _time and the like, or whose windows order rows differently, would join by these too. Write JOIN … USING (…) with the columns that are meant.',
        { details: { byte: placeOf(value) } },
      )
    if (value.type === 'SHOW_REF')
      throw new EvertError(code, 'SHOW and DESCRIBE are not SELECTs over the project. Use evert views and evert explain.', {
        details: { byte: placeOf(value) },
      })
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner, scope)]))
  }
  /** `shop.OrderRequested.sku` → `OrderRequested.sku`, the name that the relation has in FROM. */
  const typeColumn = (value: Ast): Ast => {
    const names = value.column_names as readonly string[]
    const isType = names.length > 2 && catalog.get(`${names[0]}.${names[1]}`.toLowerCase())?.kind === 'type'
    return isType ? { ...value, column_names: names.slice(1) } : value
  }
  const withCtes = (value: Ast, scope: ReadonlySet<string>): Ast => {
    const visible = new Set(scope)
    const before = isUnnamed
    isUnnamed = false
    const map = items((value.cte_map as Ast).map).map((entry) => {
      const name = textOf(entry.key).toLowerCase()
      const query = (entry.value as Ast).query as Ast
      const recursive = isAst(query.node) && query.node.type === 'RECURSIVE_CTE_NODE'
      const walked = walk(entry.value, recursive ? new Set([...visible, name]) : visible)
      visible.add(name)
      return { ...entry, value: walked }
    })
    const rest = Object.entries(value).filter(([key]) => key !== 'cte_map')
    const inner = Object.fromEntries(
      rest.map(([key, part]) => [key, key === 'select_list' ? outputs(items(part), visible) : walk(part, visible)]),
    )
    isUnnamed = before
    const result: Ast = { ...inner, cte_map: map.length > 0 ? { map } : {} }
    return placed && value.type === 'SELECT_NODE' ? hidePlace(value, result, visible) : result
  }
  /** An output without a name has its text as its name, which stays as it is written. */
  const outputs = (list: readonly Ast[], scope: ReadonlySet<string>): AstValue =>
    list.map((item) => {
      const before = isUnnamed
      isUnnamed = textOf(item.alias) === ''
      const walked = walk(item, scope)
      isUnnamed = before
      return walked
    })
  const find = (value: Ast, scope: ReadonlySet<string>): Relation | undefined => {
    const schema = textOf(value.schema_name).toLowerCase()
    const name = textOf(value.table_name).toLowerCase()
    if (textOf(value.catalog_name) !== '' || (schema === '' && scope.has(name))) return undefined
    return catalog.get(schema === '' || schema === 'main' ? name : `${schema}.${name}`)
  }
  const table = (value: Ast, scope: ReadonlySet<string>): Ast => {
    const name = textOf(value.table_name)
    if (textOf(value.schema_name) === '' && textOf(value.catalog_name) === '' && scope.has(name.toLowerCase())) return value
    const relation = find(value, scope)
    if (!relation) throw unknownRelation(value, catalog, code)
    if (value.at_clause !== undefined)
      throw new EvertError(
        code,
        `FROM ${shownName(relation)} AT (…): earlier states cannot be asked for yet. Leave AT out to read the state as it stands.`,
        { details: { byte: placeOf(value) } },
      )
    const usePlace = placed && hasPlace(relation)
    const before = reads.get(relation.name)
    reads.set(relation.name, { relation, placed: usePlace || (before?.placed ?? false) })
    // In one order of keys, so that `main.flights` and `flights` have one fingerprint.
    const { at_clause: _1, catalog_name: _2, schema_name: _3, table_name: _4, alias: _5, type: _6, ...rest } = value
    return { ...baseTable(relationSchema, relationTable(relation.name, usePlace), textOf(value.alias) || name), ...rest }
  }
  /** In a SELECT over streams with place columns, `*` still shows the events' own fields only. */
  const hidePlace = (before: Ast, after: Ast, scope: ReadonlySet<string>): Ast => {
    const streams = new Set<string>()
    visit(before.from_table, (part) => {
      if (part.type === 'SUBQUERY') return false
      if (part.type !== 'BASE_TABLE') return
      const relation = find(part, scope)
      if (relation && hasPlace(relation)) streams.add((textOf(part.alias) || textOf(part.table_name)).toLowerCase())
    })
    if (streams.size === 0) return after
    const hide = (item: Ast): Ast | undefined => {
      if (item.class === 'SUBQUERY') return item
      const of = textOf(item.relation_name).toLowerCase()
      if (item.type !== 'STAR' || item.expr !== undefined || (of !== '' && !streams.has(of))) return undefined
      return { ...item, exclude_list: [...((item.exclude_list ?? []) as readonly AstValue[]), ...placeNames] }
    }
    return { ...after, select_list: replace(after.select_list, hide) }
  }
  return { node: walk(node, new Set()) as Ast, reads: [...reads.values()] }
}

function mentionsPlace(node: Ast): boolean {
  let found = false
  visit(node, (part) => {
    for (const names of [part.column_names, part.using_columns])
      if (Array.isArray(names) && names.some((name) => typeof name === 'string' && placeNames.has(name.toLowerCase()))) found = true
  })
  return found
}

function refuseTableFunction(value: Ast, code: 'sql-invalid' | 'query-refused'): void {
  const name = textOf((value.function as Ast | undefined)?.function_name).toLowerCase()
  if (harmlessTableFunctions.has(name)) return
  throw new EvertError(
    code,
    `The table function ${name}() reaches outside the project's streams, tables and views and is refused. Allowed: ${[...harmlessTableFunctions].join(', ')}.`,
    { details: { function: name, byte: placeOf(value) } },
  )
}

function refuseFunction(value: Ast, code: 'sql-invalid' | 'query-refused'): void {
  const name = textOf(value.function_name).toLowerCase()
  if (refusedFunctions.has(name))
    throw new EvertError(code, `The function ${name}() looks at the session or the machine and is refused.`, {
      details: { function: name, byte: placeOf(value) },
    })
}

function unknownRelation(value: Ast, catalog: Catalog, code: 'sql-invalid' | 'query-refused'): EvertError {
  const name = [textOf(value.catalog_name), textOf(value.schema_name), textOf(value.table_name)].filter((part) => part !== '').join('.')
  const known = [...catalog.values()].map(shownName)
  const hint =
    known.length > 0
      ? `Known: ${known.slice(0, 30).join(', ')}${known.length > 30 ? ', …' : ''}.`
      : 'The project declares no stream, table or view yet.'
  return new EvertError(code, `There is no stream, table or view named ${name}. ${hint} Files and other databases cannot be read here.`, {
    details: { relation: name, byte: placeOf(value) },
  })
}
