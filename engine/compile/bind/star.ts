import { type Ast, isAst, items, textOf } from '../ast.ts'
import { Unbound } from './binder.ts'
import { type Scope, same } from './scope.ts'

/** One output: an expression as it stands in the text, or one over ids already, from a star. */
export interface Item {
  readonly name: string | undefined
  readonly ast: Ast
  readonly isBound: boolean
}

/** The outputs of a SELECT list, stars spelt out. */
export function spreadStars(list: readonly Ast[], scope: Scope): readonly Item[] {
  return list.flatMap((item) => (item.type === 'STAR' ? spread(item, scope) : [{ name: nameOf(item), ast: item, isBound: false }]))
}

function nameOf(item: Ast): string | undefined {
  if (textOf(item.alias) !== '') return textOf(item.alias)
  return item.type === 'COLUMN_REF' ? (item.column_names as readonly string[]).at(-1) : undefined
}

function spread(star: Ast, scope: Scope): Item[] {
  if (star.columns === true || star.expr !== undefined) throw new Unbound('COLUMNS(…)')
  const of = textOf(star.relation_name)
  if (of !== '' && scope.sources.filter((source) => same(source.alias, of)).length !== 1) throw new Unbound(`${of}.*`)
  return columnsOf(scope, of).flatMap(({ source, name, ast }): Item[] => {
    if (name === undefined) {
      if (has(star.replace_list) || has(star.rename_list)) throw new Unbound('* over a column without name')
      return [{ name, ast, isBound: true }]
    }
    if (isExcluded(star, source, name)) return []
    const replaced = items(star.replace_list).find((entry) => same(textOf(entry.key), name))
    const renamed = items(star.rename_list).find((entry) => isNamed(entry.key, source, name))
    const shown = renamed ? textOf(renamed.value) : name
    return replaced ? [{ name: shown, ast: replaced.value as Ast, isBound: false }] : [{ name: shown, ast, isBound: true }]
  })
}

function has(list: Ast[string]): boolean {
  return Array.isArray(list) && list.length > 0
}

/** A column of USING is shown once, where the first of its sources stands; by `t.*` as t has it. */
function columnsOf(scope: Scope, of: string): { source: string; name: string | undefined; ast: Ast }[] {
  const shown = new Set<unknown>()
  return scope.sources
    .filter((source) => of === '' || same(source.alias, of))
    .flatMap((source) =>
      source.columns.flatMap(({ name, ast }) => {
        const merged = of === '' ? scope.merged.find((column) => column.sources.has(source) && same(column.name, name)) : undefined
        if (!merged) return [{ source: source.alias, name, ast }]
        if (shown.has(merged)) return []
        shown.add(merged)
        return [{ source: source.alias, name, ast: merged.ast }]
      }),
    )
}

function isExcluded(star: Ast, source: string, name: string): boolean {
  const plain = Array.isArray(star.exclude_list) && (star.exclude_list as readonly string[]).some((excluded) => same(excluded, name))
  return plain || items(star.qualified_exclude_list).some((excluded) => isNamed(excluded, source, name))
}

function isNamed(key: Ast[string], source: string, name: string): boolean {
  if (!isAst(key)) return same(textOf(key), name)
  return same(textOf(key.column), name) && (textOf(key.table) === '' || same(textOf(key.table), source))
}
