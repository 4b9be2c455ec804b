import { ident, list, path } from '../../connectors/store/quote.ts'
import type { Column, Parameter } from '../../connectors/store/store.ts'
import type { Changes, Statement, Steps } from './derivation.ts'

/** The rows of a keyed changelog: a table with `_key` and the columns, and a batch's events of it. */
export interface KeyedRows {
  readonly name: string
  readonly columns: readonly Column[]
  /** Quoted name of the table. */
  readonly table: string
  /** FROM item of the events: the columns, `_key`, `_partition`, `_offset`, and `_null` for a tombstone. */
  readonly events: string
  readonly parameters: readonly Parameter[]
}

/** Brings the last value of each key to the table, whatever was there: reading it for a comparison would cost as much again. */
export function replaceRows(rows: KeyedRows): Statement[] {
  const last = lastTable(rows)
  return [
    { sql: `CREATE OR REPLACE TEMP TABLE ${ident(last)} AS ${lastSql(rows)}`, parameters: rows.parameters },
    { sql: `DELETE FROM ${rows.table} AS t USING ${path('temp', last)} AS d WHERE t._key = d._key` },
    insertSql(rows),
  ]
}

/**
 * The same, with the net change of the rows in `changes.table(name)`. The rows that were there are read once, beside the
 * new ones (`_rid`, `_old0`, …), and keys whose row stays the same are left alone.
 */
export function* changeRows(rows: KeyedRows, changes: Changes): Steps {
  const { columns, table } = rows
  const last = path('temp', lastTable(rows))
  const olds = columns.map((column, i) => `m.${ident(column.name)} AS _old${i}`)
  const found = `SELECT t.rowid AS _rid, t.* FROM d JOIN ${table} AS t ON t._key = d._key`
  const differs = `CASE WHEN m._rid IS NULL THEN NOT d._null ELSE d._null OR NOT (${columns.map(isSame).join(' AND ')}) END`
  const moved = yield {
    sql: `CREATE OR REPLACE TEMP TABLE ${ident(lastTable(rows))} AS WITH d AS MATERIALIZED (${lastSql(rows)}) SELECT d.*, m._rid, ${olds.join(', ')} FROM d LEFT JOIN (${found}) AS m ON m._key = d._key WHERE ${differs}`,
    parameters: rows.parameters,
  }
  if (moved === 0) return
  const before = columns.map((column, i) => `_old${i} AS ${ident(column.name)}`).join(', ')
  const both = `SELECT ${before}, -1 AS _w FROM ${last} WHERE _rid IS NOT NULL UNION ALL SELECT ${namesOf(rows)}, 1 FROM ${last} WHERE NOT _null`
  const changed = yield {
    // Two keys may have equal rows: what counts is how many there are.
    sql: `CREATE OR REPLACE TEMP TABLE ${changes.table(rows.name)} AS SELECT ${namesOf(rows)}, CAST(sum(_w) AS BIGINT) AS _w FROM (${both}) GROUP BY ALL HAVING sum(_w) <> 0`,
  }
  yield { sql: `DELETE FROM ${table} AS t USING ${last} AS d WHERE t.rowid = d._rid` }
  yield insertSql(rows)
  if (changed > 0) changes.add(rows.name)
}

function lastTable({ name }: KeyedRows): string {
  return `last of ${name}`
}

function lastSql(rows: KeyedRows): string {
  return `SELECT _key, ${namesOf(rows)}, _null FROM ${rows.events} AS d QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _partition DESC, _offset DESC) = 1`
}

function insertSql(rows: KeyedRows): Statement {
  return { sql: `INSERT INTO ${rows.table} SELECT _key, ${namesOf(rows)} FROM ${path('temp', lastTable(rows))} WHERE NOT _null` }
}

function namesOf({ columns }: KeyedRows): string {
  return list(columns.map((column) => column.name))
}

/** The very same value: -0.0 and 0.0 are equal, and their texts are not. */
function isSame({ name, type }: Column): string {
  const [before, after] = [`m.${ident(name)}`, `d.${ident(name)}`]
  if (type === 'DOUBLE' || type === 'FLOAT')
    return `${before} IS NOT DISTINCT FROM ${after} AND signbit(${before}) IS NOT DISTINCT FROM signbit(${after})`
  if (/DOUBLE|FLOAT/.test(type)) return `CAST(${before} AS VARCHAR) IS NOT DISTINCT FROM CAST(${after} AS VARCHAR)`
  return `${before} IS NOT DISTINCT FROM ${after}`
}
