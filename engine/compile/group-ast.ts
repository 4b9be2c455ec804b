import type { FunctionKinds } from './analyzer.ts'
import { type Ast, type AstValue, canonical, columnRef, isAst, items, replace, textOf, visit } from './ast.ts'

/** One aggregate of a SELECT, as it stands in the text. */
export interface AggregateCall {
  readonly name: string
  readonly call: Ast
}

/** A grouped SELECT taken apart: group keys k0…, aggregate calls a0…, and the outputs over those names. */
export interface Grouped {
  readonly keys: readonly Ast[]
  readonly calls: readonly AggregateCall[]
  readonly outputs: readonly Ast[]
  readonly having: Ast | undefined
  /** Of the input's columns only: DuckDB lets WHERE name outputs as well. */
  readonly where: Ast | undefined
}

/** Takes a grouped SELECT apart, or says why it cannot. `source`: lower-case names of the columns that FROM offers. */
export function takeApart(select: Ast, source: ReadonlySet<string>, functions: FunctionKinds): Grouped | string {
  const list = items(select.select_list)
  const foreign = whyForeign(select, functions)
  if (foreign !== undefined) return foreign
  const aliases = aliasesOf(list)
  const single =
    isAst(select.from_table) && select.from_table.type !== 'JOIN'
      ? (textOf(select.from_table.alias) || textOf(select.from_table.table_name)).toLowerCase()
      : undefined
  const plain = (value: Ast): Ast => expandAliases(unqualify(value, single), aliases, source, new Set()) as Ast

  const keys = groupKeys(select, list, aliases, source, functions)
  if (typeof keys === 'string') return keys
  const keyTexts = keys.map((key) => canonical(plain(key)))
  const calls: AggregateCall[] = []
  let problem: string | undefined
  const rewrite = (value: Ast): Ast =>
    replace(value, (part) => {
      const at = keyTexts.indexOf(canonical(part))
      if (at >= 0) return columnRef('s', `k${at}`)
      if (part.class === 'FUNCTION' && functions.aggregates.has(textOf(part.function_name).toLowerCase()))
        return columnRef('s', aggregateName(calls, part))
      if (part.type === 'COLUMN_REF')
        problem ??= `${(part.column_names as readonly string[]).join('.')} is neither grouped nor aggregated in a form that is known`
      return undefined
    }) as Ast
  const outputs = list.map((item) => rewrite(plain(item)))
  const having = isAst(select.having) ? rewrite(plain(select.having)) : undefined
  if (problem !== undefined) return problem
  const where = isAst(select.where_clause) ? (expandAliases(select.where_clause, aliases, source, new Set()) as Ast) : undefined
  if (takesLambda(where, functions) && canonical(where) !== canonical(select.where_clause)) return 'a lambda beside the name of an output'
  return { keys: keys.map(plain), calls, outputs, having, where }
}

/**
 * Names that are not a column of FROM each: a star stands for several outputs, and a lambda's parameter for none, even where
 * a column has its name. JSON's `value -> 'path'` is the same node, but not as the argument of a function of lambdas.
 */
function whyForeign(select: Ast, functions: FunctionKinds): string | undefined {
  const parts = [select.select_list, select.having, select.group_expressions]
  let reason: string | undefined
  visit(parts, (part) => {
    if (part.type === 'STAR') reason ??= `${part.columns === true ? 'COLUMNS(…)' : '*'} beside GROUP BY`
  })
  return reason ?? (takesLambda(parts, functions) ? 'a lambda beside GROUP BY has a parameter of its own' : undefined)
}

function takesLambda(value: AstValue, functions: FunctionKinds): boolean {
  let found = false
  visit(value, (part) => {
    if (part.class === 'FUNCTION' && functions.lambdas.has(textOf(part.function_name).toLowerCase()))
      found ||= items(part.children).some((child) => child.class === 'LAMBDA')
  })
  return found
}

function aggregateName(calls: AggregateCall[], call: Ast): string {
  const same = calls.find((known) => canonical(known.call) === canonical(call))
  if (same) return same.name
  const name = `a${calls.length}`
  calls.push({ name, call })
  return name
}

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

/** `flights.origin` → `origin` where FROM has one relation only, so that both spellings are one key. */
function unqualify(value: Ast, relation: string | undefined): Ast {
  return replace(value, (part) => {
    if (part.type !== 'COLUMN_REF' || relation === undefined) return undefined
    const names = part.column_names as readonly string[]
    return names.length === 2 && names[0]?.toLowerCase() === relation ? { ...part, column_names: names.slice(1) } : undefined
  }) as Ast
}

/** Names of other outputs (DuckDB lets HAVING and later outputs use them), where FROM has no column of that name. */
function expandAliases(value: Ast, aliases: ReadonlyMap<string, Ast>, source: ReadonlySet<string>, seen: ReadonlySet<string>): AstValue {
  return replace(value, (part) => {
    if (part.type !== 'COLUMN_REF') return undefined
    const names = part.column_names as readonly string[]
    const name = (names[0] ?? '').toLowerCase()
    const target = names.length === 1 && !source.has(name) && !seen.has(name) ? aliases.get(name) : undefined
    return target ? (expandAliases({ ...target, alias: undefined }, aliases, source, new Set([...seen, name])) as Ast) : undefined
  })
}
