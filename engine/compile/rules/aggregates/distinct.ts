import { ident } from '../../../../connectors/store/quote.ts'
import type { Col, Output } from '../../algebra/op.ts'
import { ids } from '../../algebra/select-of.ts'
import { isRowOf } from '../by-rowid.ts'
import { matches, sameRow } from '../distinct-cells.ts'
import { byKeys, colsOf } from '../group-keys.ts'
import type { Source } from '../group-source.ts'
import type { Argument, Rows } from './rows.ts'

/**
 * Aggregates over DISTINCT values. A table beside the groups knows each value of each group once, and how often it stands
 * under each FILTER; where that becomes more than nothing, or nothing again, the value comes or goes as a row of the batch
 * does, and sums and counts are kept of those. No group is read again.
 */
export interface DistinctValues {
  readonly argument: Argument
  /** The FILTERs over these values, each once; `TRUE` for none. */
  readonly filters: readonly string[]
}

/**
 * The rows and the argument that an aggregate over the `filter`th filter of the `index`th values reads. Where no row goes, values
 * only come: `_d…` is then a truth; else it is 1 or -1.
 */
export function valuesOf(
  index: number,
  filter: number,
  type: string,
  insertOnly: boolean,
): { readonly rows: Rows; readonly argument: Argument } {
  const crossed = `_d${index}_${filter}`
  return {
    rows: insertOnly ? { where: [crossed], weight: undefined } : { where: [], among: `_src = ${index + 1}`, weight: crossed },
    argument: { sql: `_v${index}`, type, nullable: false },
  }
}

/** A batch's statements for one table of values. */
export interface ValuesTable {
  readonly keys: readonly Output[]
  readonly values: DistinctValues
  readonly index: number
  readonly insertOnly: boolean
}

/** Of rows that never go it is enough to know under which filters a value was seen: a bit for each, up to 64. */
function isMask({ insertOnly, values }: ValuesTable): boolean {
  return insertOnly && values.filters.length <= 64
}

function counterType(table: ValuesTable): string {
  return isMask(table) ? maskType(table) : 'BIGINT'
}

function counters(table: ValuesTable): readonly string[] {
  return isMask(table) ? ['_m'] : table.values.filters.map((_, i) => `_c${i}`)
}

/** Makes the empty table: keys, value, and what counts where it stands. */
export function createValues(table: ValuesTable, name: string): string {
  const cells = [...rowCols(table).map(({ id, type }) => `${ident(id)} ${type}`)]
  return `CREATE TABLE ${name} (${[...cells, ...counters(table).map((one) => `${one} ${counterType(table)}`)].join(', ')})`
}

/** The batch's values whose counters change, beside the stored ones: `_rid` (NULL: a new value), the new counters, and what crosses zero in `_n` or `_d…`. */
export function changedValues(table: ValuesTable, name: string, batch: string): string {
  const columns = rowCols(table)
  const cells = counters(table)
  const old = (one: string) => `coalesce(m.${one}, CAST(0 AS ${counterType(table)}))`
  const fresh = `a._m & ~${old('_m')}`
  const news = isMask(table)
    ? [`${old('_m')} | a._m AS _m`, `${fresh} AS _n`]
    : cells.flatMap((one, i) => [
        `${old(one)} + a.${one} AS ${one}`,
        `CAST(${old(one)} + a.${one} > 0 AS BIGINT) - CAST(${old(one)} > 0 AS BIGINT) AS _d${i}`,
      ])
  const found = matches(columns, 'a', name, ['t.rowid AS _rid', ...cells.map((one) => `t.${one}`)])
  const shown = [...columns.map(({ id }) => `a.${ident(id)}`), 'm._rid', ...news]
  const where = isMask(table) ? ` WHERE (${fresh}) <> 0` : ''
  return `WITH a AS MATERIALIZED (${batch}) SELECT ${shown.join(', ')} FROM a LEFT JOIN (${found}) AS m ON ${sameRow(columns, 'm', 'a')}${where}`
}

/** Writes what `changedValues` found, most of which is new; values that stand nowhere any more go. */
export function* writeValues(table: ValuesTable, name: string, changed: string, count: number): Generator<string, void, number> {
  const cells = counters(table)
  const gone = isMask(table) ? undefined : cells.map((one) => `x.${one} = 0`).join(' AND ')
  const stored = [ids(rowCols(table)), ...cells].join(', ')
  const inserted = yield `INSERT INTO ${name} (${stored}) SELECT ${stored} FROM ${changed} WHERE _rid IS NULL`
  // 1 may stand for a number that is not known; more than that is one.
  if (count > 1 && inserted === count) return
  // A value that was seen under the only filter there is does not change.
  if (gone === undefined && table.values.filters.length === 1) return
  const still = gone === undefined ? '' : ` AND NOT (${gone})`
  const sets = cells.map((one) => `${one} = x.${one}`).join(', ')
  const updated = yield `UPDATE ${name} AS s SET ${sets} FROM ${changed} AS x WHERE ${isRowOf('s', 'x', rowCols(table))}${still}`
  if (gone === undefined || (count > 1 && inserted + updated === count)) return
  yield `DELETE FROM ${name} AS s USING ${changed} AS x WHERE ${isRowOf('s', 'x', rowCols(table))} AND ${gone}`
}

/** All values at once into the empty table. */
export function firstValues(table: ValuesTable, name: string, source: Source): string {
  return `INSERT INTO ${name} (${[ids(rowCols(table)), ...counters(table)].join(', ')}) ${batchValues(table, source)}`
}

/** SELECT of what crossed zero, as rows beside the batch's own; at first that is all that is stored. */
export function crossedRows(table: ValuesTable, from: string, isFirst: boolean): string {
  const { index, insertOnly, values } = table
  const crossed = values.filters.map((_, i) => {
    const came = isMask(table) ? `(${isFirst ? '_m' : '_n'} & ${bit(i)}) <> 0` : isFirst ? `_c${i} > 0` : `_d${i} > 0`
    return `${insertOnly ? came : isFirst ? `CAST(${came} AS BIGINT)` : `_d${i}`} AS _d${index}_${i}`
  })
  const keys = colsOf(table.keys).map(({ id }) => ident(id))
  return `SELECT ${[...keys, `_v AS _v${index}`, ...crossed, `${index + 1} AS _src`].join(', ')} FROM ${from}`
}

/** The columns of `crossedRows` beside the keys. */
export function crossedCols({ index, insertOnly, values }: ValuesTable): readonly Col[] {
  const crossed = values.filters.map((_, i) => ({ id: `_d${index}_${i}`, type: insertOnly ? 'BOOLEAN' : 'BIGINT', nullable: true }))
  return [{ id: `_v${index}`, type: values.argument.type, nullable: true }, ...crossed]
}

/** The batch by group and value, and how its own rows count under each filter. */
export function batchValues(table: ValuesTable, source: Source): string {
  const { argument, filters } = table.values
  const cells = isMask(table)
    ? [
        `CAST(bit_or(${filters.map((filter, i) => `CASE WHEN ${filter} THEN ${bit(i)} ELSE 0 END`).join(' | ')}) AS ${maskType(table)}) AS _m`,
      ]
    : filters.map((filter, i) => `CAST(coalesce(sum(_w) FILTER (WHERE ${filter}), 0) AS BIGINT) AS _c${i}`)
  const having = isMask(table) ? '' : ` HAVING ${filters.map((filter) => `sum(_w) FILTER (WHERE ${filter}) <> 0`).join(' OR ')}`
  const where = [
    `(${argument.sql}) IS NOT NULL`,
    ...(filters.includes('TRUE') ? [] : [`(${filters.map((filter) => `(${filter})`).join(' OR ')})`]),
  ].join(' AND ')
  const keys = [...source.keys, `${argument.sql} AS _v`]
  return `SELECT ${[...keys, ...cells].join(', ')} FROM ${source.from} WHERE ${where}${byKeys(keys)}${having}`
}

function maskType({ values }: ValuesTable): string {
  const bits = values.filters.length
  return bits <= 8 ? 'UTINYINT' : bits <= 16 ? 'USMALLINT' : bits <= 32 ? 'UINTEGER' : 'UBIGINT'
}

function bit(index: number): string {
  return String(1n << BigInt(index))
}

function rowCols(table: ValuesTable): readonly Col[] {
  return [...colsOf(table.keys), { id: '_v', type: table.values.argument.type, nullable: false }]
}
