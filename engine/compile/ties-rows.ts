import { EvertError } from '../../errors.ts'
import { type Ast, columnRef, items, placeOf, textOf, visit } from './ast.ts'
import { hidingTwins, orderDifferently, withTwins } from './ties-windows.ts'

/** A relation in FROM, by the name that its columns are qualified with. */
interface Source {
  readonly alias: string
  /** Names of its columns in their order; none where they are not known. */
  readonly columns: readonly string[]
  /** Its equal rows are numbered. */
  readonly hasTwins: boolean
}

/** No two events of a stream have the same of both. */
const place = ['_partition', '_offset']

/**
 * What tells apart the rows that the windows of one SELECT see, as expressions; FROM gets an alias where a row could not be named.
 *
 * Of a relation of the project these are the columns that the SELECT names anywhere behind its FROM and WHERE: rows that are equal in
 * all of these are one another's equals to everything that it computes, so whichever comes first, the bag of its rows is the same.
 * A name that stands for something else (a struct's field, a column of a subquery) only adds a column. Where names do not tell what
 * is looked at (`*`, `COLUMNS`, a row as a whole), and for subqueries and CTEs, it is the whole row. In a SELECT that names `_partition`
 * and `_offset` events stand as they do in the log: these two are little to carry and to compare.
 *
 * Where windows order the rows differently, equal rows are told apart as well (`ties-windows.ts`): events by their place in the log, the
 * equal rows of all else by a number.
 */
export function rowsApart(select: Ast, columnsOf: (table: Ast) => readonly string[]): { select: Ast; apart: readonly Ast[] } {
  const isTotal = orderDifferently(select)
  let unnamed = 0
  const sources: Source[] = []
  const named = (part: Ast): Ast => {
    if (part.type === 'JOIN') {
      const left = named(part.left as Ast)
      // Of these nothing is seen behind FROM.
      if (part.join_type === 'SEMI' || part.join_type === 'ANTI') return { ...part, left }
      return { ...part, left, right: named(part.right as Ast) }
    }
    const alias = textOf(part.alias) || textOf(part.table_name) || (part.type === 'EMPTY' ? '' : `_evert_row_${++unnamed}`)
    if (alias === '') return part
    const columns = columnsOf(part)
    if (columns.includes(alias.toLowerCase())) {
      throw new EvertError(
        'sql-invalid',
        `A window over ${alias}, which also has a column of that name: its ties could not be broken by whole rows. Give the relation another name: FROM ${alias} AS r.`,
        { details: { byte: placeOf(part) } },
      )
    }
    const isRenamed = Array.isArray(part.column_name_alias) && part.column_name_alias.length > 0
    const hasTwins = isTotal && !isPlaced(columns)
    sources.push({ alias, columns: isRenamed ? [] : columns, hasTwins })
    if (hasTwins) return withTwins(part, alias, sources.length)
    return part.alias === alias ? part : { ...part, alias }
  }
  const from = named(select.from_table as Ast)
  const mentioned = mentionedIn(select, new Set(sources.map((source) => source.alias.toLowerCase())))
  const apart = sources.flatMap(({ alias, columns, hasTwins }) => {
    if (isPlaced(columns) && (isTotal || place.every((name) => mentioned?.has(name)))) return place.map((name) => columnRef(alias, name))
    if (hasTwins || mentioned === undefined || columns.length === 0) return [columnRef(alias)]
    return columns.filter((name) => mentioned.has(name)).map((name) => columnRef(alias, name))
  })
  const twins = new Map(sources.flatMap(({ alias, hasTwins }, at) => (hasTwins ? [[alias.toLowerCase(), at + 1] as const] : [])))
  return { select: hidingTwins({ ...select, from_table: from }, twins), apart }
}

function isPlaced(columns: readonly string[]): boolean {
  return place.every((name) => columns.includes(name))
}

/** Lower-case names that a SELECT mentions behind its FROM and WHERE; undefined where it may look at more than it names. */
function mentionedIn(select: Ast, aliases: ReadonlySet<string>): ReadonlySet<string> | undefined {
  const { from_table: _1, where_clause: _2, cte_map: _3, ...rest } = select
  const names = new Set<string>()
  let isWhole = false
  visit(rest, (part) => {
    if (part.type === 'STAR' || part.type === 'POSITIONAL_REFERENCE') isWhole = true
    if (part.class !== 'COLUMN_REF') return
    const parts = (part.column_names as readonly string[]).map((name) => name.toLowerCase())
    // The row as a whole, also by its schema's name.
    if (aliases.has(parts.at(-1) ?? '')) isWhole = true
    for (const name of parts) names.add(name)
  })
  return isWhole || items(select.group_expressions).length > 0 ? undefined : names
}
