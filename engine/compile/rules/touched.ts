import type { Col, Expr } from '../algebra/op.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
import { isRowOf, pruningOf } from './by-rowid.ts'
import { handOn } from './hand-on.ts'
import type { Handed, Run } from './rule.ts'
import { atLeastOne, repeated } from './touched-rows.ts'

/**
 * Affected keys: where the rows of one key follow from the input's rows of that key alone, a batch computes those of the keys that it
 * touches anew, compares them with what is kept of them, and writes the difference.
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

/**
 * FROM item: those rows of another whose key was collected. Where each part of the key may be NULL, those with NULL in the first are
 * looked for apart: DuckDB prunes a scan by `=` alone, and reads nothing for the second part where no such key was collected.
 */
export function ofTouched(rows: string, touched: string, keys: readonly Key[]): string {
  const [first, ...others] = keys
  if (!first || keys.some((key) => !key.nullable)) return `(SELECT * FROM ${rows} SEMI JOIN ${touched} ON ${onKeys(keys)})`
  const one = onKeys([{ ...first, nullable: false }, ...others])
  const none = `SELECT * FROM (SELECT * FROM ${rows} WHERE ${first.sql} IS NULL) SEMI JOIN (SELECT * FROM ${touched} WHERE _k0 IS NULL) ON ${onKeys(keys)}`
  return `(SELECT * FROM ${rows} SEMI JOIN ${touched} ON ${one} UNION ALL ${none})`
}

/** FROM item: the other rows. */
export function ofUntouched(rows: string, touched: string, keys: readonly Key[]): string {
  return `(SELECT * FROM ${rows} ANTI JOIN ${touched} ON ${onKeys(keys)})`
}

/** Condition that a row's key is the collected one. */
export function onKeys(keys: readonly Key[]): string {
  return sameKeys(keys.map((key, i) => ({ left: key.sql, right: `_k${i}`, nullable: key.nullable })))
}

/** FROM item: the kept rows, or those cells of them, and their rowid as `_r`. */
export function withRowid(table: string, cells: readonly string[] = ['*']): string {
  return `(SELECT ${[...cells, 'rowid AS _r'].join(', ')} FROM ${table})`
}

/**
 * Compares `fresh`, a SELECT of the rows of the touched keys, with `kept`, a SELECT of the kept ones and their rowid as `_r`; hands on
 * the net change and writes only what differs. Returns whether there is a change to hand on.
 */
export function* writeDifference(run: Run, columns: readonly Col[], fresh: string, kept: string): Generator<string, Handed, number> {
  const shown = atLeastOne(columns)
  const cells = ids(shown)
  const net = run.temp('difference')
  const both = `SELECT ${cells}, 1 AS _w, CAST(NULL AS BIGINT) AS _r FROM (${fresh}) UNION ALL SELECT ${cells}, -1, _r FROM (${kept})`
  // As many of a row's rowids as go: which of its equals they are is all the same.
  const count =
    yield `CREATE OR REPLACE TEMP TABLE ${net} AS SELECT ${cells}, CAST(sum(_w) AS BIGINT) AS _w, list(_r) FILTER (WHERE _r IS NOT NULL) AS _r FROM (${both}) GROUP BY ${cells} HAVING sum(_w) <> 0`
  if (count === 0) return false
  const handed = run.handsOn && (yield* handOn(run, `SELECT ${cells}, _w FROM ${net}`))
  yield `DELETE FROM ${run.table} AS t USING (SELECT ${[...pruningOf(shown), 'unnest(list_slice(_r, 1, -_w)) AS _r'].join(', ')} FROM ${net} WHERE _w < 0) AS g WHERE ${isRowOf('t', 'g', shown, '_r')}`
  yield `INSERT INTO ${run.table} ${repeated(shown, net, ' WHERE _w > 0')}`
  return handed
}
