import { ident, text } from '../../../connectors/store/quote.ts'
import { sqlTypeText } from '../../model/schema/sql-type.ts'
import type { Field } from '../../model/types.ts'

/**
 * A key as text, one text per value, so that it can be a Map's key in JavaScript and a typed column in SQL. Times are
 * microseconds: `…T12:00:00+02:00` and `…T10:00:00Z` are one key, as they are to SQL.
 */
export interface KeyForm {
  /** The text of a decoded key; undefined for a missing one. */
  text(value: unknown): string | undefined
  /** SQL of the key's column from SQL of its text. */
  fromText(sql: string): string
  /** SQL of the text from SQL of the column. */
  toText(sql: string): string
  /** A constant for `column IN (…)`. */
  literal(key: string): string
}

const numeric = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|HUGEINT)$/

/** The form of a fold's or a processor's key field. */
export function keyForm(field: Field): KeyForm {
  const type = sqlTypeText(field.type)
  if (type === 'TIMESTAMP' || type === 'TIMESTAMP WITH TIME ZONE' || type === 'TIME') return timeForm(type)
  const typed = (key: string) =>
    type === 'VARCHAR' ? text(key) : numeric.test(type) && /^-?\d+$/.test(key) ? key : `CAST(${text(key)} AS ${type})`
  return {
    text: plainText,
    fromText: (sql) => (type === 'VARCHAR' ? sql : `CAST(${sql} AS ${type})`),
    toText: (sql) => (type === 'VARCHAR' ? sql : `CAST(${sql} AS VARCHAR)`),
    literal: typed,
  }
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return undefined
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value)
}

function timeForm(type: 'TIMESTAMP' | 'TIMESTAMP WITH TIME ZONE' | 'TIME'): KeyForm {
  const made = type === 'TIMESTAMP WITH TIME ZONE' ? 'make_timestamptz' : 'make_timestamp'
  const fromText = (sql: string) =>
    type === 'TIME' ? `CAST(make_timestamp(CAST(${sql} AS BIGINT)) AS TIME)` : `${made}(CAST(${sql} AS BIGINT))`
  return {
    text: (value) =>
      value === null || value === undefined ? undefined : String(microsOf(value instanceof Date ? value.toISOString() : String(value))),
    fromText,
    toText: (sql) => `CAST(epoch_us(${sql}) AS VARCHAR)`,
    literal: (key) => fromText(text(key)),
  }
}

/** Microseconds since 1970 (of a TIME: since midnight) of a canonical text. */
function microsOf(value: string): bigint {
  const [, date = '1970-01-01', time = '', fraction = '', zone = 'Z'] = /^(?:(.{10})[T ])?([\d:]+)(?:\.(\d+))?(.*)$/.exec(value) ?? []
  const seconds = time.length === 5 ? `${time}:00` : time
  return BigInt(Date.parse(`${date}T${seconds}${zone === '' ? 'Z' : zone}`)) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}

/** A key's column, quoted. */
export function keyColumn(field: Field): string {
  return ident(field.name)
}
