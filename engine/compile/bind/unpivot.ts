import { type Ast, columnRef, items, textOf } from '../ast.ts'
import { Unbound } from './binder.ts'
import { call, constant } from './expr.ts'
import { and, isNullAst, not } from './logic.ts'
import { plainName, select } from './pivot.ts'
import { same } from './scope.ts'

/** UNPIVOT as rows of lists: for each row one for each of these columns, where none of its values is NULL. */
export function unpivoted(item: Ast, columns: readonly string[]): Ast {
  const [pivot, ...more] = items(item.pivots)
  const values = item.unpivot_names as readonly string[]
  if (!pivot || more.length > 0) throw new Unbound('UNPIVOT of another form')
  const entries = items(pivot.entries).map((entry) => entryOf(entry, values.length))
  const named = entries.flatMap((entry) => entry.columns)
  const rest = columns.filter((column) => !named.some((name) => same(name, column)))
  const own = values.map((_, at) => `_unpivoted${at}`)
  const listed = (asts: readonly Ast[], alias: string): Ast => ({ ...call('unnest', [call('list_value', asts)]), alias })
  const inner = select(
    [
      ...rest.map((name) => columnRef(name)),
      listed(
        entries.map((entry) => constant('VARCHAR', entry.name ?? nameOf(entry.columns, columns))),
        '_unpivoted',
      ),
      ...own.map((alias, at) =>
        listed(
          entries.map((entry) => columnRef(entry.columns[at] ?? '')),
          alias,
        ),
      ),
    ],
    item.source as Ast,
  )
  const where = and(own.map((alias) => not(isNullAst(columnRef(alias)))))
  const star: Ast = { class: 'STAR', type: 'STAR', exclude_list: [] }
  const rows: Ast = { type: 'SUBQUERY', alias: '_unpivoted', subquery: { node: inner } }
  return select([star], rows, item.include_nulls === true ? {} : { where_clause: where })
}

function entryOf(entry: Ast, width: number): { readonly name: string | undefined; readonly columns: readonly string[] } {
  const value = entry.star_expr as Ast | undefined
  const parts = value && textOf(value.function_name) === 'row' ? items(value.children) : value ? [value] : []
  if (parts.length !== width) throw new Unbound('UNPIVOT of another form')
  return { name: textOf(entry.alias) || undefined, columns: parts.map(plainName) }
}

/** DuckDB names an entry after its columns. */
function nameOf(names: readonly string[], columns: readonly string[]): string {
  return names.map((name) => columns.find((column) => same(column, name)) ?? name).join('_')
}
