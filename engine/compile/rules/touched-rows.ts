import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
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
 * Returns whether there is a change to hand on.
 */
export function* writeChange(run: Run, columns: readonly Col[], change: string, mayTake: boolean): Generator<string, boolean, number> {
  const cells = atLeastOne(columns)
  if (!mayTake && !run.handsOn) {
    yield `INSERT INTO ${run.table} ${repeated(cells, `(${change})`)}`
    return false
  }
  if ((yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${netOf(cells, `(${change})`)}`) === 0) return false
  if (mayTake) yield* takeAway(run, cells)
  yield `INSERT INTO ${run.table} ${repeated(cells, run.change, ' WHERE _w > 0')}`
  return true
}

/**
 * Deletes the rows that go. Reading wide columns of large state is what costs here (25 ms a million rows, most of it text), so the rows are
 * first looked for by the columns of fixed width alone. They are there as often as the change says, so where just as many are found
 * they are the ones; the others are compared in full, and DuckDB reads nothing where there are none.
 */
function* takeAway(run: Run, columns: readonly Col[]): Generator<string, void, number> {
  const narrow = columns.filter((column) => isNarrow(column.type))
  const gone = `(SELECT * FROM ${run.change} WHERE _w < 0)`
  const byAll = (rows: string) =>
    `SELECT _r FROM (SELECT s._r, d._w, row_number() OVER (PARTITION BY d._d) AS _n FROM (SELECT *, rowid AS _d FROM ${run.change} WHERE _w < 0) AS d JOIN ${rows} AS s ON ${same('s', 'd', columns)}) WHERE _n <= -_w`
  const all = `(SELECT *, rowid AS _r FROM ${run.table})`
  if (narrow.length === 0 || narrow.length === columns.length) {
    yield `DELETE FROM ${run.table} USING (${byAll(all)}) AS g WHERE ${run.table}.rowid = g._r`
    return
  }
  const found = run.temp('found')
  const keys = ids(narrow)
  const sought = `(SELECT ${keys}, -sum(_w) AS _count, row_number() OVER () AS _g FROM ${gone} GROUP BY ${keys})`
  yield `CREATE OR REPLACE TEMP TABLE ${found} AS SELECT _r, count(*) OVER (PARTITION BY _g) = _count AS _sure FROM (SELECT s.rowid AS _r, g._g, g._count FROM ${sought} AS g JOIN ${run.table} AS s ON ${same('s', 'g', narrow)})`
  const rest = byAll(`(SELECT * FROM ${all} SEMI JOIN (SELECT _r AS _f FROM ${found} WHERE NOT _sure) AS f ON _r = _f)`)
  yield `DELETE FROM ${run.table} USING (SELECT _r FROM ${found} WHERE _sure UNION ALL ${rest}) AS g WHERE ${run.table}.rowid = g._r`
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

/** Types that DuckDB scans by the billion: no text, nothing nested, no 128 bits. */
function isNarrow(type: string): boolean {
  const decimal = /^DECIMAL\((\d+)/i.exec(type)
  if (decimal) return Number(decimal[1]) <= 18
  return /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DATE|TIME|TIMESTAMP( WITH TIME ZONE|TZ|_S|_MS|_NS)?)$/i.test(type)
}
