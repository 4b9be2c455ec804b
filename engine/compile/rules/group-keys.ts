import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Output } from '../algebra/op.ts'
import { sameKeys } from '../algebra/select-of.ts'
import { looksVary, matches } from './distinct-cells.ts'

/**
 * Keys of groups. DuckDB shows that of equal keys which it saw first, and equal is not always the same (-0.0 and 0.0, 30 days
 * and 1 month): they are brought to one form, so that no key depends on how events were split into batches.
 */
export function keyText({ col, expr }: Output): string {
  if (col.type === 'DOUBLE' || col.type === 'FLOAT') return `(${expr.sql}) + 0`
  return col.type === 'INTERVAL' ? `normalized_interval(${expr.sql})` : expr.sql
}

/** The keys of input rows, under their ids. */
export function keyCells(keys: readonly Output[]): string[] {
  return keys.map((key) => `${keyText(key)} AS ${ident(key.col.id)}`)
}

/** `GROUP BY 1, 2` for a SELECT that begins with the keys; nothing for a group without keys. */
export function byKeys(keys: readonly unknown[]): string {
  return keys.length > 0 ? ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}` : ''
}

/** Condition that the rows of two aliases have the same keys. */
export function sameGroup(keys: readonly Output[], left: string, right: string): string {
  return sameKeys(keys.map(({ col }) => ({ left: `${left}.${ident(col.id)}`, right: `${right}.${ident(col.id)}`, nullable: col.nullable })))
}

/** Keys that are compared by `=` alone, and whose equal values are the same. */
export function arePlain(keys: readonly Output[]): boolean {
  return keys.every(({ col }) => !col.nullable && !looksVary(col.type))
}

/** FROM item with those rows of `table` that have a key of `g`: the keys, `_rid` and the columns. */
export function matchedRows(keys: readonly Output[], g: string, table: string, columns: readonly string[]): string {
  const kept = ['t.rowid AS _rid', ...columns.map((column) => `t.${ident(column)}`)]
  if (keys.length === 0) return `(SELECT ${kept.join(', ')} FROM ${table} AS t)`
  return `(${matches(colsOf(keys), g, table, kept)})`
}

/** The keys of a touched row, from `g`, or from the state where equal values may look different. */
export function touchedKeys(keys: readonly Output[]): string[] {
  return keys.map(({ col }) => {
    const id = ident(col.id)
    return looksVary(col.type) ? `coalesce(m.${id}, g.${id}) AS ${id}` : `g.${id}`
  })
}

/** FROM item with those of an input's rows whose key is in `touched`. */
export function rowsOfTouched(keys: readonly Output[], rows: string, touched: string): string {
  if (keys.length === 0) return rows
  const names = keys.map(({ col }, i) => `${ident(col.id)} AS _k${i}`).join(', ')
  const same = sameKeys(keys.map((key, i) => ({ left: `(${keyText(key)})`, right: `k._k${i}`, nullable: key.col.nullable })))
  return `${rows} AS r SEMI JOIN (SELECT ${names} FROM ${touched}) AS k ON ${same}`
}

/** The columns of the keys. */
export function colsOf(keys: readonly Output[]): readonly Col[] {
  return keys.map(({ col }) => col)
}
