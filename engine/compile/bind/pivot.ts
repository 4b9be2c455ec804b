import { type Ast, columnRef, items, textOf } from '../ast.ts'
import { type Binder, type Bound, Unbound } from './binder.ts'
import { castTo } from './cast.ts'
import { isSubquery } from './expr.ts'
import { type Around, bindFrom, scopeOf } from './from.ts'
import { and } from './logic.ts'
import { hasOwn, isAggregate, replaceOwn, visitOwn } from './own.ts'
import { bindQuery, opaqueQuery } from './query.ts'
import { same } from './scope.ts'
import { spreadStars } from './star.ts'
import { equal } from './unnested.ts'
import { unpivoted } from './unpivot.ts'

/**
 * PIVOT over fixed values is a GROUP BY whose aggregates have a FILTER each, which compares texts; UNPIVOT is an unnest of
 * lists. Their names are DuckDB's own.
 */
export async function bindPivot(binder: Binder, item: Ast, around: Around): Promise<Bound> {
  const from = await bindFrom(binder, item.source as Ast, { ctes: around.ctes, parent: around.parent })
  const star: Ast = { class: 'STAR', type: 'STAR', exclude_list: [] }
  const columns = spreadStars([star], scopeOf(from, around.parent)).map(({ name }) => name ?? '')
  const isUnpivot = Array.isArray(item.unpivot_names) && item.unpivot_names.length > 0
  const node = isUnpivot ? unpivoted(item, columns) : await pivoted(binder, item, columns)
  const bound = await bindQuery(binder, node, around.ctes, around.parent)
  const named = await opaqueQuery(binder, select([star], item), around.ctes, '')
  const isSame = named?.columns.every(({ col }, at) => col.type === bound.columns[at]?.col.type)
  if (!named || !isSame || named.columns.length !== bound.columns.length) throw new Unbound('PIVOT or UNPIVOT of another form')
  return { op: bound.op, columns: bound.columns.map(({ col }, at) => ({ name: named.columns[at]?.name, col })) }
}

export function select(list: readonly Ast[], from: Ast, more: Ast = {}): Ast {
  return { type: 'SELECT_NODE', cte_map: {}, select_list: list, from_table: from, aggregate_handling: 'STANDARD_HANDLING', ...more }
}

/** The one name of a column. */
export function plainName(ast: Ast): string {
  const [name, ...more] = ast.class === 'COLUMN_REF' ? (ast.column_names as readonly string[]) : []
  if (name === undefined || more.length > 0) throw new Unbound('PIVOT or UNPIVOT over an expression')
  return name
}

async function pivoted(binder: Binder, item: Ast, columns: readonly string[]): Promise<Ast> {
  const aggregates = items(item.aggregates)
  const pivots = items(item.pivots)
  const over = pivots.flatMap((pivot) => items(pivot.pivot_expressions))
  const grouped = Array.isArray(item.groups) ? (item.groups as readonly string[]) : notNamed(columns, [...aggregates, ...over])
  let filters: readonly (readonly Ast[])[] = [[]]
  for (const pivot of pivots) {
    const own = await Promise.all(items(pivot.entries).map((entry) => filterOf(binder, items(pivot.pivot_expressions), entry)))
    filters = filters.flatMap((before) => own.map((one) => [...before, ...one]))
  }
  const aggregate = isAggregate(binder.analyzer.functions)
  const shown = filters.flatMap((filter) =>
    aggregates.map((one) =>
      replaceOwn({ ...one, alias: undefined }, (part) => {
        if (!aggregate(part)) return undefined
        // DuckDB's PIVOT takes no notice of it.
        if (part.filter !== undefined) throw new Unbound('an aggregate of PIVOT with FILTER')
        return { ...part, filter: and(filter) }
      }),
    ),
  )
  const keys = grouped.map((name) => columnRef(name))
  const groups: Ast = keys.length > 0 ? { group_expressions: keys, group_sets: [keys.map((_, at) => at)] } : {}
  return select([...keys, ...shown], item.source as Ast, groups)
}

async function filterOf(binder: Binder, over: readonly Ast[], entry: Ast): Promise<readonly Ast[]> {
  const value = entry.star_expr as Ast | undefined
  const values = value && over.length > 1 && textOf(value.function_name) === 'row' ? items(value.children) : value ? [value] : []
  const isFixed = values.every((one) => one.class === 'CONSTANT')
  if (!isFixed || values.length !== over.length) throw new Unbound('PIVOT over values that are not fixed')
  const texts: Ast[] = []
  for (const [at, one] of over.entries())
    texts.push(equal(await castTo(binder, one, 'VARCHAR'), await castTo(binder, values[at] as Ast, 'VARCHAR'), true))
  return texts
}

/** Columns that no expression names: the groups of a PIVOT without GROUP BY. */
function notNamed(columns: readonly string[], asts: readonly Ast[]): readonly string[] {
  if (hasOwn(asts, isSubquery)) throw new Unbound('a subquery in PIVOT')
  const names: string[] = []
  visitOwn(asts, (part) => {
    if (part.class === 'COLUMN_REF') names.push(plainName(part))
    if (part.class === 'STAR') throw new Unbound('* in PIVOT')
  })
  return columns.filter((column) => !names.some((name) => same(name, column)))
}
