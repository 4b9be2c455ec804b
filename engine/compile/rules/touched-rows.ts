import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
import { isNarrow, isRowOf, pruningOf } from './by-rowid.ts'
import type { Names, Rule, Run } from './rule.ts'

/**
 * Rows that are kept as they are: one physical row for each time a row stands in the bag. They come by INSERT and go by rowid, and
 * nothing is ever updated in place.
 */
export function keptRows(columns: readonly Col[]): Pick<Rule, 'create' | 'rows'> {
  const cells = atLeastOne(columns).map((column) => `${ident(column.id)} ${column.type}`)
  return {
    create: ({ table }: Names) => [`CREATE TABLE ${table} (${cells.join(', ')})`],
    rows: ({ table }: Names) => `SELECT ${ids(columns)} FROM ${table}`,
  }
}

/** Rows without columns still count: they are kept with one that says nothing. */
export function atLeastOne(columns: readonly Col[]): readonly Col[] {
  return columns.length > 0 ? columns : [{ id: '_one', type: 'INTEGER', nullable: false }]
}

/** SELECT of a net change from one that may name a row several times. */
export function netOf(columns: readonly Col[], change: string): string {
  return `SELECT ${ids(columns)}, CAST(sum(_w) AS BIGINT) AS _w FROM ${change} GROUP BY ALL HAVING sum(_w) <> 0`
}

/** SELECT of rows as often as their weights say. */
export function repeated(columns: readonly Col[], from: string, where = ''): string {
  return `SELECT ${ids(columns)} FROM (SELECT ${ids(columns)}, unnest(range(_w)) FROM ${from}${where})`
}

/**
 * Applies a change to the kept rows. `change` is a SELECT of the columns and `_w`; without `mayTake` no weight of it is negative.
 * `telling`: the same columns, those that tell rows apart best first. Returns whether there is a change to hand on.
 */
export function* writeChange(
  run: Run,
  columns: readonly Col[],
  change: string,
  mayTake: boolean,
  telling = columns,
): Generator<string, boolean, number> {
  const cells = atLeastOne(columns)
  if (!mayTake && !run.handsOn) {
    yield `INSERT INTO ${run.table} ${repeated(cells, `(${change})`)}`
    return false
  }
  if ((yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${netOf(cells, `(${change})`)}`) === 0) return false
  if (mayTake) yield* takeAway(run, atLeastOne(telling))
  yield `INSERT INTO ${run.table} ${repeated(cells, run.change, ' WHERE _w > 0')}`
  return true
}

/**
 * Deletes the rows that go. Reading wide columns of large state is what costs here (25 ms a million rows, most of it text), so they are
 * first looked for by a few columns of fixed width. They are there as often as the change says: where no more are found than go, these
 * are the ones. Only the others are compared in full, and DuckDB reads nothing where there are none.
 */
function* takeAway(run: Run, columns: readonly Col[]): Generator<string, void, number> {
  const narrow = narrowOf(columns)
  const row = ['_r', ...pruningOf(narrow)].join(', ')
  const byAll = (gone: string) =>
    `SELECT ${row} FROM (SELECT s.rowid AS _r, d.*, row_number() OVER (PARTITION BY d._d) AS _n FROM ${gone} AS d JOIN ${run.table} AS s ON ${same('s', 'd', columns)}) WHERE _n <= -_w`
  const gone = `(SELECT *, rowid AS _d FROM ${run.change} WHERE _w < 0)`
  const remove = (rows: string) => `DELETE FROM ${run.table} AS t USING (${rows}) AS g WHERE ${isRowOf('t', 'g', narrow, '_r')}`
  if (narrow.length === 0) {
    yield remove(byAll(gone))
    return
  }
  const found = run.temp('found')
  const keys = ids(narrow)
  const sought = `(SELECT ${keys}, -sum(_w) AS _go FROM ${gone} GROUP BY ${keys})`
  const shown = narrow.map((column) => `any_value(g.${ident(column.id)}) AS ${ident(column.id)}`).join(', ')
  // Not one row a row that is found: a column of few values would find half of the state.
  const count =
    yield `CREATE OR REPLACE TEMP TABLE ${found} AS SELECT ${shown}, min(s.rowid) AS _first, max(s.rowid) AS _last, count(*) = any_value(g._go) AND count(*) <= 2 AS _sure FROM (SELECT *, row_number() OVER () AS _g FROM ${sought}) AS g JOIN ${run.table} AS s ON ${same('s', 'g', narrow)} GROUP BY g._g`
  if (count === 0) return
  const rest = `(SELECT d.* FROM ${gone} AS d SEMI JOIN (SELECT * FROM ${found} WHERE NOT _sure) AS f ON ${same('d', 'f', narrow)})`
  const sure = ['_first', '_last']
    .map((rowid) => `SELECT ${[`${rowid} AS _r`, ...pruningOf(narrow)].join(', ')} FROM ${found} WHERE _sure`)
    .join(' UNION ')
  yield remove(`(${sure}) UNION ALL ${byAll(rest)}`)
}

function same(left: string, right: string, columns: readonly Col[]): string {
  return sameKeys(
    columns.map((column) => ({
      left: `${left}.${ident(column.id)}`,
      right: `${right}.${ident(column.id)}`,
      nullable: column.nullable,
    })),
  )
}

/** At most three columns that are cheap to scan and of many values, those that DuckDB prunes by first. */
function narrowOf(columns: readonly Col[]): readonly Col[] {
  const narrow = columns.filter(({ type }) => isNarrow(type))
  return [...narrow.filter((column) => !column.nullable), ...narrow.filter((column) => column.nullable)].slice(0, 3)
}
