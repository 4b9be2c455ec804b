import type { Ast } from '../ast.ts'
import { columnRef } from '../ast.ts'
import { type Named, nullType, Unbound } from './binder.ts'
import { constant } from './expr.ts'

/** One item of FROM: its name and columns, as expressions over ids (mostly an id). */
export interface Source {
  readonly alias: string
  readonly columns: readonly { readonly name: string | undefined; readonly ast: Ast }[]
}

/** A column of JOIN … USING: one for all sources that it joins. */
export interface Merged {
  readonly name: string
  readonly sources: ReadonlySet<Source>
  readonly ast: Ast
}

/** The names that FROM gives to one SELECT; `parent`: those of the SELECT around it. */
export interface Scope {
  readonly sources: readonly Source[]
  readonly merged: readonly Merged[]
  readonly parent: Scope | undefined
}

export const same = (a: string | undefined, b: string | undefined): boolean => a?.toLowerCase() === b?.toLowerCase()

/** A FROM item over a query's columns: doubled names are numbered as DuckDB does, `AS t(a, b)` names the first ones. */
export function source(alias: string, columns: readonly Named[], renamed: readonly string[] = []): Source {
  const taken = new Set<string>()
  return {
    alias,
    columns: columns.map(({ name: own, col }, at) => {
      const wanted = renamed[at] ?? own
      let name = wanted
      for (let n = 1; name !== undefined && taken.has(name.toLowerCase()); n++) name = `${wanted}_${n}`
      if (name !== undefined) taken.add(name.toLowerCase())
      return { name, ast: col.type === nullType ? constant('NULL', null) : columnRef(col.id) }
    }),
  }
}

/** What a name of one or several parts stands for here or around; undefined where FROM has nothing of that name. */
export function resolveName(names: readonly string[], scope: Scope | undefined): Ast | undefined {
  if (!scope) return undefined
  return ownName(names, scope) ?? resolveName(names, scope.parent)
}

/** The same without the SELECTs around. */
export function ownName(names: readonly string[], scope: Scope): Ast | undefined {
  const [first = '', second, ...rest] = names
  if (second !== undefined) {
    const found = scope.sources
      .filter((item) => same(item.alias, first))
      .flatMap((item) => item.columns.filter((column) => same(column.name, second)))
    if (found[0]) return fieldsOf(one(found, names).ast, rest)
  }
  const column = unqualified(first, scope)
  return column && fieldsOf(column, second === undefined ? [] : [second, ...rest])
}

function unqualified(name: string, scope: Scope): Ast | undefined {
  const merged = scope.merged.filter((column) => same(column.name, name))
  const others = scope.sources
    .filter((item) => !merged.some((column) => column.sources.has(item)))
    .flatMap((item) => item.columns.filter((column) => same(column.name, name)))
  const found = [...merged, ...others]
  return found[0] && one(found, [name]).ast
}

/** Of several that share a name DuckDB takes none; a text that got here has only one, or is seen wrongly. */
function one<T>(found: readonly T[], names: readonly string[]): T {
  if (found.length !== 1) throw new Unbound(`${names.join('.')}, which several inputs have`)
  return found[0] as T
}

/** `s.x.y` as DuckDB reads it. */
export function fieldsOf(ast: Ast, fields: readonly string[]): Ast {
  return fields.reduce(
    (inner, field) => ({ class: 'OPERATOR', type: 'STRUCT_EXTRACT', children: [inner, constant('VARCHAR', field)] }),
    ast,
  )
}

/** The FROM item of that name, for a row as a whole. */
export function sourceNamed(name: string, scope: Scope): Source | undefined {
  return scope.sources.find((item) => same(item.alias, name))
}
