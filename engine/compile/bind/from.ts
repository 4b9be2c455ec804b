import type { Col, Expr, Op } from '../algebra/op.ts'
import { type Ast, isAst, textOf } from '../ast.ts'
import { placeColumns, relationSchema } from '../relations.ts'
import { type Binder, type Bound, type Ctes, Unbound } from './binder.ts'
import { freeColumns, unitSql } from './facts.ts'
import { bindJoin } from './join.ts'
import { bindLateral } from './lateral.ts'
import { bindPivot } from './pivot.ts'
import { bindCte, bindQuery, readOf } from './query.ts'
import { retained } from './retained.ts'
import { type Merged, type Scope, type Source, source } from './scope.ts'
import { bindTableFunction, bindValues } from './table-function.ts'
import { ask } from './typing.ts'

/** Rows of FROM, or of one item of it, and the names that they have. */
export interface From {
  readonly op: Op
  readonly sources: readonly Source[]
  readonly merged: readonly Merged[]
  /** A lateral item: its rows are those of what stands before it, too, each exactly once, or as often as it has rows for it. */
  readonly holdsLeft?: 'each' | 'some'
  /** A lateral item: the same as a LEFT JOIN with these conditions. */
  readonly leftJoin?: (on: readonly Expr[]) => Promise<Op>
}

/** `parent`: names of the SELECTs around. `left`: what stands before the item in FROM, which a lateral item may use. */
export interface Around {
  readonly ctes: Ctes
  readonly parent: Scope | undefined
  readonly left?: From
}

export async function bindFrom(binder: Binder, item: Ast, around: Around): Promise<From> {
  const renamed = (item.column_name_alias ?? []) as readonly string[]
  switch (item.type) {
    case 'EMPTY':
      return { op: oneRow(binder), sources: [], merged: [] }
    case 'BASE_TABLE': {
      const alias = textOf(item.alias) || textOf(item.table_name)
      if (isAst(item.sample)) throw new Unbound('a sample')
      if (textOf(item.schema_name) === relationSchema) return named(await bindRelation(binder, item), alias, renamed)
      const entry = around.ctes.get(textOf(item.table_name).toLowerCase())
      if (!entry) throw new Unbound(`the relation ${textOf(item.table_name)}`)
      return named(await bindCte(binder, entry, around.ctes), alias, renamed)
    }
    case 'SUBQUERY':
      return bindDerived(binder, item, around)
    case 'JOIN':
      return bindJoin(binder, item, around)
    case 'TABLE_FUNCTION':
      return bindTableFunction(binder, item, around)
    case 'EXPRESSION_LIST':
      return bindValues(binder, item, around)
    case 'PIVOT':
      // The renamed columns are named so by DuckDB already.
      return named(await bindPivot(binder, item, around), textOf(item.alias), [])
    default:
      throw new Unbound(item.type === 'SHOW_REF' ? 'DESCRIBE' : 'an unknown item of FROM')
  }
}

function named(bound: Bound, alias: string, renamed: readonly string[]): From {
  return { op: bound.op, sources: [source(alias, bound.columns, renamed)], merged: [] }
}

/** Columns that no event type lacks and no schema lets be missing are never NULL. */
async function bindRelation(binder: Binder, item: Ast): Promise<Bound> {
  const read = readOf(item, binder.reads)
  const placed = textOf(item.table_name).endsWith('+')
  const { relation } = read
  const all = [
    ...relation.columns.map((column) => ({ ...column, nullable: relation.required?.has(column.name) !== true })),
    ...(placed ? placeColumns.map((column) => ({ ...column, nullable: column.name === '_key' })) : []),
  ]
  const types = await asDescribed(
    binder,
    all.map((column) => column.type),
  )
  const columns: readonly Col[] = all.map((column, at) => binder.fresh(types[at] ?? '', column.nullable))
  const names = all.map((column) => column.name)
  return {
    op: retained(binder, { kind: 'scan', read: placed === read.placed ? read : { relation, placed }, columns, names }),
    columns: columns.map((col, at) => ({ name: all[at]?.name, col })),
  }
}

/** Declared types quote each field of a struct; DuckDB names the same types with fewer quotes. */
async function asDescribed(binder: Binder, types: readonly string[]): Promise<readonly string[]> {
  if (!types.some((type) => type.includes('"'))) return types
  return (await ask(binder, `SELECT ${types.map((type) => `NULL::${type}`).join(', ')}`)).map((column) => column.type)
}

/** FROM (SELECT …), which may name columns of what stands before it. */
async function bindDerived(binder: Binder, item: Ast, { ctes, parent, left }: Around): Promise<From> {
  const renamed = (item.column_name_alias ?? []) as readonly string[]
  const scope = left ? scopeOf(left, parent) : parent
  const bound = await bindQuery(binder, (item.subquery as Ast).node as Ast, ctes, scope)
  const free = freeColumns(bound.op)
  if (!left?.op.columns.some((column) => free.has(column.id))) return named(bound, textOf(item.alias), renamed)
  return { ...named(bound, textOf(item.alias), renamed), ...(await bindLateral(binder, bound, left)) }
}

/** What stands for a missing FROM: one row, of which nothing is read. */
export function oneRow(binder: Binder): Op {
  return { kind: 'constant', sql: unitSql, columns: [binder.fresh('INTEGER', false)] }
}

export function scopeOf({ sources, merged }: From, parent: Scope | undefined): Scope {
  return { sources, merged, parent }
}
