import { z } from 'zod'
import { integer, type Shape } from './shape.ts'

/** Where a schema of `sql` keeps its shape. A registered symbol, so that two copies of the package agree. */
const SHAPE = Symbol.for('evert.shape')

/**
 * Exact SQL types, as zod schemas. What JavaScript sees is always exact: decimals, times and dates as strings, integers
 * of 64 bits and more as bigint.
 *
 * @example
 * z.object({ amount: sql.decimal(18, 2), at: sql.timestamptz(), hash: sql.blob() })
 */
export const sql = {
  /** DECIMAL(width, scale); a string with exactly `scale` digits after the point. Numbers and bigints are taken when they fit exactly. */
  decimal(width: number, scale: number): z.ZodType<string, string | number | bigint> {
    if (!Number.isInteger(width) || !Number.isInteger(scale) || width < 1 || width > 38 || scale < 0 || scale > width) {
      throw new RangeError(`sql.decimal(${width}, ${scale}): the width is 1 to 38, the scale 0 to the width`)
    }
    return typed<string, string | number | bigint>({ kind: 'decimal', width, scale }, (value) => typeof value === 'string')
  },
  tinyint: () => typed<number>(integer('TINYINT', 'number'), Number.isInteger),
  smallint: () => typed<number>(integer('SMALLINT', 'number'), Number.isInteger),
  integer: () => typed<number>(integer('INTEGER', 'number'), Number.isInteger),
  utinyint: () => typed<number>(integer('UTINYINT', 'number'), Number.isInteger),
  usmallint: () => typed<number>(integer('USMALLINT', 'number'), Number.isInteger),
  uinteger: () => typed<number>(integer('UINTEGER', 'number'), Number.isInteger),
  /** BIGINT as a bigint; `z.int()` is a BIGINT as a number up to 2^53. */
  bigint: () => typed<bigint>(integer('BIGINT', 'bigint'), isBigint),
  ubigint: () => typed<bigint>(integer('UBIGINT', 'bigint'), isBigint),
  hugeint: () => typed<bigint>(integer('HUGEINT', 'bigint'), isBigint),
  /** `2026-01-31` */
  date: () => typed<string>({ kind: 'text', name: 'DATE', js: 'string' }, isString),
  /** `12:34:56.123456` */
  time: () => typed<string>({ kind: 'text', name: 'TIME', js: 'string' }, isString),
  /** `2026-01-31T12:34:56.123456`, of no time zone */
  timestamp: () => typed<string>({ kind: 'text', name: 'TIMESTAMP', js: 'string' }, isString),
  /** `2026-01-31T12:34:56.123456Z` or with an offset as `+02:00`, to the microsecond; `z.date()` is to the millisecond. */
  timestamptz: () => typed<string>({ kind: 'text', name: 'TIMESTAMP WITH TIME ZONE', js: 'string' }, isString),
  uuid: () => typed<string>({ kind: 'text', name: 'UUID', js: 'string' }, isString),
  blob: () => typed<Uint8Array>({ kind: 'text', name: 'BLOB', js: 'bytes' }, (value) => value instanceof Uint8Array),
  /** Any JSON value, stored as its text. */
  json: () => typed<unknown>({ kind: 'json' }, () => true),
}

/** The shape that `sql` gave a schema. */
export function sqlShapeOf(schema: object): Shape | undefined {
  return (schema as { [SHAPE]?: Shape })[SHAPE]
}

/** The codec does the exact check; zod's own, for those who call `parse` themselves, is only by JavaScript type. */
function typed<Output, Input = Output>(shape: Shape, isRight: (value: unknown) => boolean): z.ZodType<Output, Input> {
  const schema = z.custom<Output>(isRight) as unknown as z.ZodType<Output, Input>
  return Object.defineProperty(schema, SHAPE, { value: shape })
}

function isBigint(value: unknown): boolean {
  return typeof value === 'bigint'
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}
