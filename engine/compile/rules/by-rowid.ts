import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'

/** More of them are read for nothing. */
const pruningMax = 2

/**
 * Condition that `kept`, an alias of a table, is the row whose rowid is `of._rid` (or as `rowid` names it). By the rowid alone DuckDB reads
 * the rowids of all the table (6M rows: 4 ms); by the minimum and maximum of columns it skips row groups. So those of `columns`,
 * which `of` has with the same values, are compared too where that is cheap.
 */
export function isRowOf(kept: string, of: string, columns: readonly Col[], rowid = '_rid'): string {
  return [`${kept}.rowid = ${of}.${rowid}`, ...pruningOf(columns).map((id) => `${kept}.${id} = ${of}.${id}`)].join(' AND ')
}

/** Quoted names of the columns that `isRowOf` compares. */
export function pruningOf(columns: readonly Col[]): readonly string[] {
  return columns
    .filter(({ nullable, type }) => !nullable && isNarrow(type))
    .slice(0, pruningMax)
    .map(({ id }) => ident(id))
}

/** Is it of fixed width, at most 64 bits, and of many values? Such columns are cheap to scan. */
export function isNarrow(type: string): boolean {
  const decimal = /^DECIMAL\((\d+)/i.exec(type)
  return decimal ? Number(decimal[1]) <= 18 : /^(U?(INTEGER|BIGINT)|FLOAT|DOUBLE|DATE|TIME|TIMESTAMP.*)$/i.test(type)
}
