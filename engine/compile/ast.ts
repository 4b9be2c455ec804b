import { LosslessNumber, parse as parseLossless, stringify as stringifyLossless } from 'lossless-json'

/**
 * DuckDB's own syntax tree of a SELECT, as `json_serialize_sql` gives it: plain objects. Numbers stay as their text
 * (`LosslessNumber`), since JavaScript's would damage locations, 128-bit integers and decimals in it.
 */
export type AstValue = null | boolean | string | number | LosslessNumber | readonly AstValue[] | Ast | undefined
export interface Ast {
  readonly [key: string]: AstValue
}

export function parseAst(json: string): Ast {
  return parseLossless(json) as Ast
}

export function printAst(ast: Ast): string {
  const json = stringifyLossless(ast)
  if (json === undefined) throw new TypeError('An AST is an object')
  return json
}

export function isAst(value: AstValue): value is Ast {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber)
}

export function items(value: AstValue): readonly Ast[] {
  return Array.isArray(value) ? (value as readonly AstValue[]).filter(isAst) : []
}

export function textOf(value: AstValue): string {
  return typeof value === 'string' ? value : ''
}

/** Every object of the tree, parents first; `enter` returning false leaves an object's inside out. */
export function visit(value: AstValue, enter: (ast: Ast) => unknown): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly AstValue[]) visit(item, enter)
  } else if (isAst(value)) {
    if (enter(value) === false) return
    for (const key of Object.keys(value)) visit(value[key], enter)
  }
}

/** A copy in which `change` replaced objects, from the top down; what it returns is not entered again. */
export function replace(value: AstValue, change: (ast: Ast) => Ast | undefined): AstValue {
  if (Array.isArray(value)) return (value as readonly AstValue[]).map((item) => replace(item, change))
  if (!isAst(value)) return value
  const changed = change(value)
  if (changed) return changed
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, change)]))
}

/** What two expressions share when they mean the same: no locations, no aliases, names in one case. */
export function canonical(value: AstValue): string {
  return (
    stringifyLossless(
      replaceKeys(value, (key, inner) => {
        if (key === 'query_location' || key === 'alias') return undefined
        if (key === 'column_names' && Array.isArray(inner)) return (inner as readonly string[]).map((name) => name.toLowerCase())
        return inner
      }),
    ) ?? ''
  )
}

/** Where a node begins in the text that was parsed, in bytes of UTF-8; the first place inside it where it has none itself. */
export function placeOf(ast: Ast): number | undefined {
  let place: number | undefined
  visit([ast.query_location === undefined ? ast.select_list : undefined, ast], (part) => {
    if (place === undefined && part.query_location !== undefined) place = Number(String(part.query_location))
    return place === undefined
  })
  return place
}

/** The same tree without positions in the text: formatting and comments do not change it. */
export function withoutLocations(ast: Ast): Ast {
  return replaceKeys(ast, (key, inner) => (key === 'query_location' ? undefined : inner)) as Ast
}

function replaceKeys(value: AstValue, change: (key: string, inner: AstValue) => AstValue): AstValue {
  if (Array.isArray(value)) return (value as readonly AstValue[]).map((item) => replaceKeys(item, change))
  if (!isAst(value)) return value
  const entries: [string, AstValue][] = []
  for (const [key, inner] of Object.entries(value)) {
    const changed = change(key, inner)
    if (changed !== undefined) entries.push([key, replaceKeys(changed, change)])
  }
  return Object.fromEntries(entries)
}

/** Makers of the few nodes that plans are put together from. */
export function columnRef(...names: readonly string[]): Ast {
  return { class: 'COLUMN_REF', type: 'COLUMN_REF', column_names: names }
}

export function baseTable(schema: string, table: string, alias: string): Ast {
  return { type: 'BASE_TABLE', alias, ...(schema ? { schema_name: schema } : {}), table_name: table }
}

export function position(n: number): Ast {
  return { class: 'CONSTANT', type: 'VALUE_CONSTANT', value: { type: { id: 'INTEGER' }, is_null: false, value: n } }
}

/** A name that stands nowhere in a query, so that it can be found and replaced in the printed text. */
export function freeName(node: Ast, base: string): string {
  const text = printAst(node)
  let name = base
  while (text.includes(name)) name += '_'
  return name
}
