import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'
import type { Reference } from '../algebra/refound.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
import { isNarrow } from './by-rowid.ts'
import type { Input, Names, Rule, Run } from './rule.ts'
import { keepFirst } from './top-few.ts'
import { collectKeys, type Key, ofTouched, ofUntouched, withRowid } from './touched.ts'
import { netOf, repeated } from './touched-rows.ts'

/** Rows of an input of which the first ones of each partition are kept. */
export interface TopRows {
  /** What is kept of a row. */
  readonly columns: readonly Col[]
  readonly partition: readonly Key[]
  /** The columns that partition and order follow from. */
  readonly narrow: readonly Col[]
  /** Rows are told by these and `narrow`: then the other columns of a row that comes are read once it is one of the first. */
  readonly references?: readonly Reference[] | undefined
  /** `row_number()`, `rank()` or `dense_rank()` with its OVER, over the input's columns. */
  readonly rank: string
  /** Where one row a partition is kept and the order allows it: an expression whose least value is that of the first row. */
  readonly sortKey?: string | undefined
  /** Rows up to this rank are kept. */
  readonly first: number
  /** Where a reader needs it, the rank is kept too, under this name. */
  readonly rankColumn?: Col
  /** Columns that readers see, and the SELECT that computes them from what is kept; `more` is named beside them. */
  readonly shown: readonly Col[]
  show(from: string, more?: string): string
  /** `show` can fail: it is tried on each change, so that the view fails in its batch and not its readers later. */
  readonly mayRaise: boolean
}

/**
 * Keeps the first rows of each partition. A row that comes meets only the kept rows of its partition: what is behind them can never
 * move up by it. A row that goes matters only when it is one of them: then its partition is fetched again from the input. Only what the
 * order follows from is looked at until it is known which rows stay.
 */
export function topRows(all: TopRows, insertOnly: boolean): Pick<Rule, 'create' | 'rows' | 'maintain'> {
  const { columns, rankColumn } = all
  const kept = rankColumn ? [...columns, rankColumn] : columns
  // Of a few rows all columns are carried: to find them again could cost a scan of what is kept.
  const few: TopRows = { ...all, references: undefined }
  return {
    create: ({ table }: Names) => [`CREATE TABLE ${table} (${kept.map((column) => `${ident(column.id)} ${column.type}`).join(', ')})`],
    rows: ({ table }: Names) => all.show(table),
    *maintain(run) {
      const [input] = run.inputs
      if (!input?.isChanged) return false
      const top = run.isSmall ? few : all
      if (run.isFirst) {
        const rank = rankColumn ? `, ${top.rank} AS ${ident(rankColumn.id)}` : ''
        const came = insertOnly ? input.change() : `(${repeated(columns, input.change())})`
        const first = `SELECT ${ids(carried(top))}${rank} FROM ${came} QUALIFY ${top.rank} <= ${top.first}`
        yield `INSERT INTO ${run.table} SELECT ${ids(kept)} FROM ${inFull(top, input, `(${first})`, rankColumn ? [rankColumn.id] : [])}`
        if (top.mayRaise) yield `SELECT bit_xor(hash(q)) FROM (${top.show(run.table)}) AS q`
        return false
      }
      const came = yield* insertOnly ? grown(top, run, input) : changed(top, run, input)
      const made = run.handsOn || top.mayRaise
      if (came && came.lost === undefined && run.isSmall && !made && top.sortKey && top.partition.some((key) => !key.nullable)) {
        yield* keepFirst(top, run, run.temp('came'), top.sortKey)
        return false
      }
      const found = came && (came.lost === undefined && top.sortKey ? replaced(top, run, top.sortKey) : moves(top, run, came))
      if (!found || (yield `CREATE OR REPLACE TEMP TABLE ${run.temp('moves')} AS ${found}`) === 0) return false
      let won = wonBy(top, run, input)
      if (made && top.references) {
        yield `CREATE OR REPLACE TEMP TABLE ${run.temp('won')} AS SELECT * FROM ${won}`
        won = run.temp('won')
      }
      const count = made ? yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${netOf(top.shown, `(${moved(top, run, won)})`)}` : 0
      yield* write(top, run, won)
      return run.handsOn && count > 0
    },
  }
}

/** Rows that are candidates for their partition's first, and the partitions that are fetched again (none if undefined). */
interface Came {
  readonly lost?: string
}

/** All that came, as it came: of events that is decoding alone. */
function* grown(top: TopRows, run: Run, input: Input): Generator<string, Came | undefined, number> {
  return (yield `CREATE OR REPLACE TEMP TABLE ${run.temp('came')} AS SELECT ${ids(carried(top))} FROM ${input.change()}`) > 0
    ? {}
    : undefined
}

/** What is carried of a row that comes until it is known to be one of the first. */
function carried({ columns, narrow, references }: TopRows): readonly Col[] {
  return references ? narrow : columns
}

/** FROM item: rows of which `from` has what is carried, with all that is kept of them. */
function inFull({ references }: TopRows, input: Input, from: string, more: readonly string[]): string {
  return references ? input.refound(from, references, more) : from
}

/** FROM item: the rows that came and are kept, with `_rank`. */
function wonBy(top: TopRows, run: Run, input: Input): string {
  const cells = carried(top).map((column) => `c.${ident(column.id)}`)
  const won = `SELECT ${[...cells, 'm._rank'].join(', ')} FROM ${run.temp('came')} AS c JOIN ${run.temp('moves')} AS m ON c.rowid = m._n`
  return inFull(top, input, `(${won})`, ['_rank'])
}

function* changed(top: TopRows, run: Run, input: Input): Generator<string, Came | undefined, number> {
  const [net, lost, came] = [run.temp('net'), run.temp('lost'), run.temp('came')]
  if ((yield `CREATE OR REPLACE TEMP TABLE ${net} AS ${netOf(top.columns, input.change())}`) === 0) return undefined
  // Rows that are equal in all that the order follows from are one another's equals: fetching for one of them is never wrong.
  const own = top.narrow.map((column, i) => `${ident(column.id)} AS _g${i}`).join(', ')
  const same = sameKeys(top.narrow.map((column, i) => ({ left: ident(column.id), right: `_g${i}`, nullable: column.nullable })))
  const hit = `(SELECT * FROM ${run.table} SEMI JOIN (SELECT ${own} FROM ${net} WHERE _w < 0) AS g ON ${same})`
  const isLost = (yield collectKeys(lost, top.partition, hit)) > 0
  const others = isLost ? ofUntouched(net, lost, top.partition) : net
  const candidates = [bestOf(top, `(${repeated(top.columns, others, ' WHERE _w > 0')})`)]
  if (isLost) candidates.push(bestOf(top, ofTouched(input.rows(), lost, top.partition)))
  const count = yield `CREATE OR REPLACE TEMP TABLE ${came} AS ${candidates.join(' UNION ALL ')}`
  return count > 0 || isLost ? (isLost ? { lost } : {}) : undefined
}

/** No more of each partition's rows than could be kept. */
function bestOf(top: TopRows, rows: string): string {
  return `SELECT ${ids(top.columns)} FROM ${rows} QUALIFY ${top.rank} <= ${top.first}`
}

/**
 * Of the partition's columns those by whose minimum and maximum DuckDB skips row groups, and their names beside the rowids of kept rows:
 * by a rowid alone it reads the rowids of all that is kept (6M rows: 4 ms).
 */
function pruningOf({ partition, columns }: TopRows): readonly { readonly id: string; readonly name: string }[] {
  return partition.flatMap(({ sql, nullable }, i) => {
    const column = nullable ? undefined : columns.find(({ id, type }) => ident(id) === sql && isNarrow(type))
    return column ? [{ id: column.id, name: `_p${i}` }] : []
  })
}

/** Condition that `t`, an alias or name of the kept rows, is the row that goes by `m`. */
function isKept(top: TopRows, t: string): string {
  return [`${t}.rowid = m._r`, ...pruningOf(top).map(({ id, name }) => `${t}.${ident(id)} = m.${name}`)].join(' AND ')
}

/**
 * SELECT of the rows that come (`_n`, rowid of those that came), and of the kept rows (`_r`) that go or change their rank. Where one row
 * a partition is kept, one may come and another go for it.
 */
function moves(top: TopRows, run: Run, { lost }: Came): string {
  const { partition, rank, first, rankColumn } = top
  const narrow = top.narrow.length > 0 ? `${ids(top.narrow)}, ` : ''
  const was = rankColumn ? ident(rankColumn.id) : 'NULL'
  const keys = `(SELECT ${partition.map((key, i) => `${key.sql} AS _k${i}`).join(', ') || '1 AS _k0'} FROM ${run.temp('came')})`
  const kept = withRowid(run.table)
  const met = ofTouched(lost ? ofUntouched(kept, lost, partition) : kept, keys, partition)
  const all = `SELECT ${narrow}NULL::BIGINT AS _r, NULL::BIGINT AS _was, rowid AS _n FROM ${run.temp('came')} UNION ALL SELECT ${narrow}_r, ${was}, NULL FROM ${met}`
  const isMoved = rankColumn && first > 1 ? `_rank > ${first} OR _rank <> _was` : `_rank > ${first}`
  const pruning = pruningOf(top)
    .map(({ id, name }) => `, ${ident(id)} AS ${name}`)
    .join('')
  const found = `SELECT _r, _n, _rank${pruning} FROM (SELECT *, ${rank} AS _rank FROM (${all})) WHERE CASE WHEN _r IS NULL THEN _rank <= ${first} ELSE ${isMoved} END`
  const refetched = lost ? ` UNION ALL SELECT _r, NULL, NULL${pruning} FROM ${ofTouched(kept, lost, partition)}` : ''
  return `${found}${refetched}`
}

/** The same where one row a partition is kept and nothing is fetched again: the least of those that came and the one that is kept. */
function replaced(top: TopRows, run: Run, sortKey: string): string {
  const { partition } = top
  const came = run.temp('came')
  const keys = partition.map((key, i) => `${key.sql} AS _k${i}`)
  const met = ofTouched(withRowid(run.table), `(SELECT ${keys.join(', ') || '1 AS _k0'} FROM ${came})`, partition)
  const part = (n: string, r: string, from: string) =>
    `SELECT ${[...keys, `${n} AS _n`, `${r} AS _r`, `${sortKey} AS _s`].join(', ')} FROM ${from}`
  const by = keys.length > 0 ? ` GROUP BY ${partition.map((_, i) => `_k${i}`).join(', ')}` : ''
  const pruning = pruningOf(top).map(({ name }) => `, ${name.replace('_p', '_k')} AS ${name}`)
  return `SELECT arg_min_null(_n, _s) AS _n, max(_r) AS _r, 1 AS _rank${pruning.join('')} FROM (${part('rowid', 'NULL::BIGINT', came)} UNION ALL ${part('NULL', '_r', met)})${by} HAVING arg_min_null(_n, _s) IS NOT NULL`
}

/** SELECT of the shown rows that come and go, with `_w`. */
function moved(top: TopRows, run: Run, won: string): string {
  const { rankColumn, first } = top
  const part = (rank: string, weight: number, from: string) =>
    `SELECT ${top.columns.map((column) => `t.${ident(column.id)}`).join(', ')}${rankColumn ? `, ${rank} AS ${ident(rankColumn.id)}` : ''}, ${weight} AS _w FROM ${from}`
  const kept = `${run.table} AS t JOIN ${run.temp('moves')} AS m ON ${isKept(top, 't')}`
  const parts = [part('t._rank', 1, `${won} AS t`), part(`t.${ident(rankColumn?.id ?? '')}`, -1, kept)]
  if (rankColumn && first > 1) parts.push(part('m._rank', 1, `${kept} WHERE m._rank <= ${first}`))
  return top.show(`(${parts.join(' UNION ALL ')})`, ', _w')
}

function* write(top: TopRows, run: Run, won: string): Generator<string, void, number> {
  const { rankColumn, first } = top
  const moves = run.temp('moves')
  const movesUp = rankColumn !== undefined && first > 1
  yield `DELETE FROM ${run.table} AS t USING ${moves} AS m WHERE ${isKept(top, 't')}${movesUp ? ` AND (m._rank IS NULL OR m._rank > ${first})` : ''}`
  if (movesUp)
    yield `UPDATE ${run.table} AS t SET ${ident(rankColumn.id)} = m._rank FROM ${moves} AS m WHERE ${isKept(top, 't')} AND m._rank <= ${first}`
  yield `INSERT INTO ${run.table} SELECT ${ids(top.columns)}${rankColumn ? ', _rank' : ''} FROM ${won}`
}
