import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'
import { sameKeys } from '../algebra/select-of.ts'

/**
 * DuckDB's DISTINCT shows the row that came first of those that are equal, and equal is not always the same: -0.0 and 0.0,
 * 30 days and 1 month. So that the rows do not depend on how events were split into batches, such a value is brought to
 * one form: 0.0, and `normalized_interval`.
 */
function canonical(sql: string, type: string): string {
  if (type === 'DOUBLE' || type === 'FLOAT') return `${sql} + 0`
  return type === 'INTERVAL' ? `normalized_interval(${sql})` : sql
}

/** Columns in their one form, under the ids of `to`: `"#1" + 0 AS "#5"`. */
export function canonicalCells(from: readonly Col[], to: readonly Col[]): string {
  return to.map((column, i) => `${canonical(ident(from[i]?.id ?? ''), column.type)} AS ${ident(column.id)}`).join(', ')
}

/** Equal values of this type may still look different: inside of a list or struct they have no one form. */
export function looksVary(type: string): boolean {
  return !/^(DOUBLE|FLOAT|INTERVAL)$/.test(type) && /DOUBLE|FLOAT|INTERVAL/.test(type)
}

/** Rows of two aliases are equal, NULL to NULL. */
export function sameRow(columns: readonly Col[], left: string, right: string): string {
  return sameKeys(columns.map(({ id, nullable }) => ({ left: `${left}.${ident(id)}`, right: `${right}.${ident(id)}`, nullable })))
}

/**
 * SELECT of the state's rows that equal one of `g`'s: their cells and `kept` (over the alias `t`). `g` is the small side,
 * and by `=` DuckDB prunes the scan of the state by the values in it; by IS NOT DISTINCT FROM it reads all of the state
 * (5M rows: 63 ms instead of 11). So rows without NULL are found by `=` alone, and those with one by a second join, which
 * ends at once when there are none. Nested values cannot prune, and a join by `=` shows `g`'s where the state's are wanted.
 */
export function matches(columns: readonly Col[], g: string, table: string, kept: readonly string[]): string {
  const shown = [...columns.map(({ id }) => `t.${ident(id)}`), ...kept].join(', ')
  const nullable = columns.filter((column) => column.nullable && !looksVary(column.type))
  const plain = columns.map((column) => ({ ...column, nullable: looksVary(column.type) }))
  const found = `SELECT ${shown} FROM ${g} AS g JOIN ${table} AS t ON ${sameRow(plain, 't', 'g')}`
  if (nullable.length === 0) return found
  const having = nullable.map(({ id }) => `${ident(id)} IS NULL`).join(' OR ')
  return `${found} UNION ALL SELECT ${shown} FROM (SELECT * FROM ${g} WHERE ${having}) AS g JOIN ${table} AS t ON ${sameRow(
    columns.map((column) => ({ ...column, nullable: column.nullable || looksVary(column.type) })),
    't',
    'g',
  )}`
}
