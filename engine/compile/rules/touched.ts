import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Expr } from '../algebra/op.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
import type { Names, Rule, Run } from './rule.ts'

/**
 * What rules share whose rows follow from other rows by a key: rows are kept as they are, one physical row for each time a row
 * stands; a batch computes the rows of the keys that it touches anew, compares them with those that are kept, and writes the difference.
 */

/** One part of a key: an expression over the rows' own columns. */
export interface Key {
  readonly sql: string
  /** False only where NULL cannot be: then it is compared with `=`, and DuckDB skips row groups by the keys' minimum and maximum. */
  readonly nullable: boolean
}

/** The expressions as parts of a key over these columns. */
export function keysOf(parts: readonly Expr[], columns: readonly Col[]): readonly Key[] {
  return parts.map(({ ast, sql }) => {
    const name = ast.class === 'COLUMN_REF' && Array.isArray(ast.column_names) ? ast.column_names[0] : undefined
    return { sql, nullable: columns.find((column) => column.id === name)?.nullable ?? true }
  })
}

/** Statement that collects the keys of rows in a temporary table, each once. Without keys: one row where there are rows. */
export function collectKeys(touched: string, keys: readonly Key[], from: string): string {
  const parts = keys.map((key, i) => `${key.sql} AS _k${i}`).join(', ') || '1 AS _k0'
  return `CREATE OR REPLACE TEMP TABLE ${touched} AS SELECT DISTINCT ${parts} FROM ${from}`
}

/** FROM item behind an item of rows: only the rows whose key was collected stay (SEMI), or only the others (ANTI). */
export function ofTouched(touched: string, keys: readonly Key[], join: 'SEMI' | 'ANTI' = 'SEMI'): string {
  const pairs = keys.map((key, i) => ({ left: key.sql, right: `_k${i}`, nullable: key.nullable }))
  return `${join} JOIN ${touched} ON ${sameKeys(pairs)}`
}

/** Rows without columns still count: they are kept with one that says nothing. */
export const nothing: Col = { id: '_one', type: 'INTEGER', nullable: false }

/** Makes the table of rows that are kept as they are, and reads it. */
export function keptRows(columns: readonly Col[]): Pick<Rule, 'create' | 'rows'> {
  const cells = (columns.length > 0 ? columns : [nothing]).map((column) => `${ident(column.id)} ${column.type}`)
  return {
    create: ({ table }: Names) => [`CREATE TABLE ${table} (${cells.join(', ')})`],
    rows: ({ table }: Names) => `SELECT ${ids(columns)} FROM ${table}`,
  }
}

export interface Difference {
  /** The columns that are compared and kept. */
  readonly columns: readonly Col[]
  /** SELECT of what comes: the columns and `_w`. Negative where a row goes that `kept` does not name. */
  readonly comes: string
  /** SELECT of the kept rows that `comes` stands instead of: the columns and their rowid as `_r`. */
  readonly kept?: string
  /** May `comes` take away rows that `kept` does not name? They are then looked for by their values. */
  readonly mayTake: boolean
  /** Columns of the change that is handed on, where more is kept. */
  readonly shown?: readonly Col[]
}

/** Compares, hands on the net change and writes only what differs. Returns whether there is a change. */
export function* writeDifference(run: Run, difference: Difference): Generator<string, boolean, number> {
  const { columns, comes, kept, mayTake, shown = columns } = difference
  const cells = columns.length > 0 ? ids(columns) : ident(nothing.id)
  const mayLose = mayTake || kept !== undefined
  if (!mayLose && !run.handsOn) {
    yield `INSERT INTO ${run.table} SELECT ${cells} FROM (SELECT ${cells}, unnest(range(_w)) FROM (${comes}))`
    return false
  }
  const net = run.temp('difference')
  const rowids = kept === undefined ? '' : `, list(_r) FILTER (WHERE _r IS NOT NULL) AS _r`
  const both =
    kept === undefined
      ? comes
      : `SELECT ${cells}, _w, CAST(NULL AS BIGINT) AS _r FROM (${comes}) UNION ALL SELECT ${cells}, -1, _r FROM (${kept})`
  const count =
    yield `CREATE OR REPLACE TEMP TABLE ${net} AS SELECT ${cells}, CAST(sum(_w) AS BIGINT) AS _w${rowids} FROM (${both}) GROUP BY ${cells} HAVING sum(_w) <> 0`
  if (count === 0) return false
  if (run.handsOn) {
    const all = shown === columns ? `SELECT ${cells}, _w FROM ${net}` : netOf(shown, net)
    yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${all}`
  }
  const gone = [
    ...(kept === undefined ? [] : [`SELECT unnest(list_slice(_r, 1, -_w)) FROM ${net} WHERE _w < 0`]),
    ...(mayTake ? [byValue(run.table, columns, net, kept !== undefined)] : []),
  ]
  if (mayLose) yield `DELETE FROM ${run.table} WHERE rowid IN (${gone.join(' UNION ALL ')})`
  yield `INSERT INTO ${run.table} SELECT ${cells} FROM (SELECT ${cells}, unnest(range(_w)) FROM ${net} WHERE _w > 0)`
  return run.handsOn
}

/** SELECT of a net change over fewer columns. */
export function netOf(columns: readonly Col[], change: string): string {
  return `SELECT ${ids(columns)}, CAST(sum(_w) AS BIGINT) AS _w FROM ${change} GROUP BY ALL HAVING sum(_w) <> 0`
}

/** The rowids of as many equal rows as go, for those whose rowids are not known. */
function byValue(table: string, columns: readonly Col[], net: string, someKnown: boolean): string {
  const same = sameKeys(
    columns.map((column) => ({ left: `s.${ident(column.id)}`, right: `d.${ident(column.id)}`, nullable: column.nullable })),
  )
  return `SELECT _r FROM (SELECT s.rowid AS _r, d._w AS _w, row_number() OVER (PARTITION BY d.rowid) AS _n FROM ${net} AS d JOIN ${table} AS s ON ${same} WHERE d._w < 0${someKnown ? ' AND d._r IS NULL' : ''}) WHERE _n <= -_w`
}
