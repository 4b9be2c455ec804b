import type { FunctionKinds } from '../analyzer.ts'
import { type Ast, columnRef, items, replace, textOf } from '../ast.ts'
import { Unbound } from './binder.ts'
import { call, isSubquery } from './expr.ts'
import { fieldsOf, ownName, resolveName, type Scope, sourceNamed } from './scope.ts'

/** What a name in an expression may stand for. */
export interface Names {
  readonly scope: Scope
  readonly functions: FunctionKinds
  /** Outputs' expressions by their lower-case alias, where DuckDB lets the clause use them. */
  readonly aliases?: ReadonlyMap<string, Ast>
  /** A lone alias as the whole expression stands before a column of FROM: in ORDER BY and DISTINCT ON. */
  readonly aliasFirst?: boolean
  /** HAVING takes columns of FROM only where they make up a group key; otherwise, outside of aggregates, the output of that name. */
  readonly isGrouped?: (ast: Ast) => boolean
}

/** Stands for an alias that several outputs have, or that a star gives: which one DuckDB takes is not told here. */
export const several: Ast = { class: 'SEVERAL' }

/**
 * The expression over ids. Names are looked for as DuckDB does: parameters of lambdas, columns of FROM, aliases of outputs,
 * columns of the SELECTs around. Subqueries stay as they stand (`subquery.ts`). Throws `Unbound`.
 */
export function bindExpression(ast: Ast, names: Names): Ast {
  const [name = '', ...more] = ast.class === 'COLUMN_REF' ? (ast.column_names as readonly string[]) : []
  const alias = names.aliasFirst && more.length === 0 ? names.aliases?.get(name.toLowerCase()) : undefined
  if (alias) return bindAlias(name, alias, names)
  return { ...(inside(ast, names, new Set()) as Ast), alias: undefined }
}

function inside(value: Ast, names: Names, parameters: ReadonlySet<string>): Ast {
  return replace(value, (part) => {
    if (part.type === 'COLUMN_REF') return named(part, names, parameters)
    const key = names.isGrouped && part.class !== undefined ? groupKey(part, names, parameters) : undefined
    if (key) return key
    if (part.type === 'STAR') throw new Unbound('* inside of an expression')
    if (part.class === 'POSITIONAL_REFERENCE') throw new Unbound('a column by its number (#1)')
    if (isSubquery(part)) return subquery(part, names, parameters)
    if (part.class === 'WINDOW') return wholeRowsSpread(part, names, parameters)
    if (part.class === 'FUNCTION') {
      const known =
        names.isGrouped && names.functions.aggregates.has(textOf(part.function_name).toLowerCase()) ? columnsFirst(names) : names
      const special = withLambdas(part, known, parameters) ?? withNamedFields(part, known, parameters)
      return special ?? (known === names ? undefined : within(part, known, parameters))
    }
    return undefined
  }) as Ast
}

/** A part of HAVING that is a group key as a whole, if its names are columns of FROM. */
function groupKey(part: Ast, names: Names, parameters: ReadonlySet<string>): Ast | undefined {
  try {
    const bound = inside(part, columnsFirst(names), parameters)
    return names.isGrouped?.(bound) ? bound : undefined
  } catch (error) {
    if (error instanceof Unbound) return undefined
    throw error
  }
}

function columnsFirst({ isGrouped: _, ...names }: Names): Names {
  return names
}

function within(value: Ast, names: Names, parameters: ReadonlySet<string>): Ast {
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, (inside({ part } as Ast, names, parameters) as { part: typeof part }).part]),
  )
}

function named(part: Ast, names: Names, parameters: ReadonlySet<string>): Ast {
  const parts = part.column_names as readonly string[]
  const [first = '', ...rest] = parts
  const alias = part.alias === undefined ? {} : { alias: part.alias }
  if (parameters.has(first.toLowerCase())) return { ...fieldsOf(columnRef(first), rest), ...alias }
  const own = ownName(parts, names.scope)
  const isHidden = parts.length === 1 && names.aliases?.has(first.toLowerCase()) && names.isGrouped?.(own ?? part) === false
  if (own && !isHidden) return { ...own, ...alias }
  const row = sourceNamed(first, names.scope)
  const output = names.aliases?.get(first.toLowerCase())
  if (output && rest.length > 0) throw new Unbound(`a field of the output ${first}`)
  if (output && row) throw new Unbound(`${first}, which is an output and a relation`)
  if (output) return { ...bindAlias(first, output, names), ...alias }
  if (row && rest.length === 0) return { ...wholeRow(row), ...alias }
  const outer = resolveName(parts, names.scope.parent)
  if (outer) return { ...outer, ...alias }
  throw new Unbound(`the name ${parts.join('.')}`)
}

/** An output's expression in the place of its alias, as DuckDB puts it. Inside of it the alias is not known. */
function bindAlias(name: string, output: Ast, names: Names): Ast {
  if (output === several) throw new Unbound(`the name ${name}, which several outputs have`)
  const aliases = new Map(names.aliases)
  aliases.delete(name.toLowerCase())
  return bindExpression(output, { ...columnsFirst(names), aliases, aliasFirst: false })
}

/** `SELECT t FROM t`: the row as a struct. */
function wholeRow(row: NonNullable<ReturnType<typeof sourceNamed>>): Ast {
  return call(
    'struct_pack',
    row.columns.map(({ name, ast }) => {
      if (name === undefined) throw new Unbound('a whole row with a column without name')
      return { ...ast, alias: name }
    }),
  )
}

/** Ties of a window are broken by whole rows (`ties.ts`): the same order by the row's columns, one after the other. */
function wholeRowsSpread(part: Ast, names: Names, parameters: ReadonlySet<string>): Ast {
  const orders = items(part.orders).flatMap((order) => {
    const expression = order.expression as Ast
    const [name = '', ...more] = expression.type === 'COLUMN_REF' ? (expression.column_names as readonly string[]) : []
    const row = name !== '' && more.length === 0 && !ownName([name], names.scope) ? sourceNamed(name, names.scope) : undefined
    return row ? row.columns.map((column) => ({ ...order, expression: column.ast })) : [within(order, names, parameters)]
  })
  const { orders: _, ...rest } = part
  return { ...within(rest, names, parameters), orders }
}

/** Only what stands before the subquery (`x IN (SELECT …)`) is an expression of this SELECT. */
function subquery(part: Ast, names: Names, parameters: ReadonlySet<string>): Ast {
  if (parameters.size > 0) throw new Unbound('a subquery in a lambda')
  return part.child === undefined ? { ...part } : { ...part, child: inside(part.child as Ast, names, parameters) }
}

/** Parameters of a lambda stand before columns. JSON's `value -> 'path'` is the same node, but no argument of such a function. */
function withLambdas(part: Ast, names: Names, parameters: ReadonlySet<string>): Ast | undefined {
  if (!names.functions.lambdas.has(textOf(part.function_name).toLowerCase())) return undefined
  const children = items(part.children).map((child) => {
    if (child.class !== 'LAMBDA') return inside(child, names, parameters)
    const left = child.lhs as Ast
    const own = left.type === 'COLUMN_REF' ? [left] : items(left.children)
    const known = new Set([...parameters, ...own.map((one) => (one.column_names as readonly string[]).join('.').toLowerCase())])
    return { ...child, expr: inside(child.expr as Ast, names, known) }
  })
  const { children: _, ...rest } = part
  return { ...within(rest, names, parameters), children }
}

const fieldMakers = new Set(['struct_pack', 'struct_insert', 'struct_update', 'struct_concat', 'union_value'])

/** `struct_pack(a, t.b)` names its fields after the columns, which are about to be ids. */
function withNamedFields(part: Ast, names: Names, parameters: ReadonlySet<string>): Ast | undefined {
  const name = textOf(part.function_name).toLowerCase()
  if (name === 'alias') throw new Unbound('alias()')
  if (!fieldMakers.has(name)) return undefined
  const children = items(part.children).map((child) => {
    const bound = inside(child, names, parameters)
    if (child.type !== 'COLUMN_REF' || child.alias !== undefined || name === 'struct_concat') return bound
    return { ...bound, alias: (child.column_names as readonly string[]).at(-1) }
  })
  const { children: _, ...rest } = part
  return { ...within(rest, names, parameters), children }
}
