import fc from 'fast-check'
import { sqlTypeText } from '../schema/sql-type.ts'
import type { Field, ScalarName, SqlType } from '../types.ts'
import { sqlText as text } from './duckdb-fixture.ts'

/** Random columns and values for the codec's property tests, and the SQL of a value as the tests' second opinion. */

const scalars: readonly ScalarName[] = [
  ...(['BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'] as const),
  ...(['FLOAT', 'DOUBLE', 'VARCHAR', 'BLOB', 'UUID', 'DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'] as const),
]

const scalarType = fc.constantFrom(...scalars).map((name): SqlType => ({ kind: 'scalar', name }))
const decimalType = fc
  .tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38))
  .map(([width, scale]): SqlType => ({ kind: 'decimal', width, scale: Math.min(width, scale) }))
const name = fc.oneof(
  fc.constantFrom('id', 'a', 'b', 'qty', 'x y', 'é', 'say "hi"', 'toString', 'constructor', '1'),
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme-ascii' }),
)
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 6, selector: (each) => each.toLowerCase() })

const { type: anyType } = fc.letrec<{ type: SqlType }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: scalarType },
    { weight: 2, arbitrary: decimalType },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('list', 'map'), of: tie('type'), nullable: fc.boolean() }) as fc.Arbitrary<SqlType>,
    },
    { weight: 1, arbitrary: fieldsOf(tie('type')).map((fields): SqlType => ({ kind: 'struct', fields })) },
  ),
}))

function fieldsOf(type: fc.Arbitrary<SqlType>): fc.Arbitrary<Field[]> {
  return names.chain((each) => fc.tuple(...each.map((one) => fc.record({ name: fc.constant(one), type, required: fc.boolean() }))))
}

/** A list of fields of any types, nested at random. */
export const anyFields: fc.Arbitrary<Field[]> = fieldsOf(anyType)

const year = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }
const micros = fc.integer({ min: 0, max: 999_999 }).map((value) => `.${String(value).padStart(6, '0')}`)
const moment = fc
  .tuple(fc.date(year), fc.oneof(fc.constant(''), micros))
  .map(([date, fraction]) => date.toISOString().slice(0, 19) + fraction)

const scalarValues: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  BOOLEAN: fc.boolean(),
  TINYINT: fc.integer({ min: -128, max: 127 }),
  SMALLINT: fc.integer({ min: -32_768, max: 32_767 }),
  INTEGER: fc.integer(),
  BIGINT: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  HUGEINT: fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
  UTINYINT: fc.nat(255),
  USMALLINT: fc.nat(65_535),
  UINTEGER: fc.nat(2 ** 31 - 1),
  UBIGINT: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  FLOAT: fc.float({ noNaN: true, noDefaultInfinity: true }),
  DOUBLE: fc.double({ noNaN: true, noDefaultInfinity: true }),
  VARCHAR: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', '\0', '\\', '"', '2024-01-01', 'null', '1.7')),
  BLOB: fc.uint8Array({ maxLength: 12 }),
  UUID: fc.uuid(),
  DATE: fc.date(year).map((date) => date.toISOString().slice(0, 10)),
  TIME: moment.map((each) => each.slice(11)),
  TIMESTAMP: moment,
  'TIMESTAMP WITH TIME ZONE': fc.tuple(moment, fc.constantFrom('Z', '+00:00')).map((parts) => parts.join('')),
}

/** Values of a type. */
export function anyValue(type: SqlType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'scalar':
      return scalarValues[type.name] as fc.Arbitrary<unknown>
    case 'decimal':
      return decimal(type.width, type.scale)
    case 'list':
      return fc.array(inner(type.of, type.nullable), { maxLength: 3 })
    case 'map':
      return fc.dictionary(fc.string({ unit: 'binary', maxLength: 4 }), inner(type.of, type.nullable), {
        maxKeys: 3,
        noNullPrototype: true,
      })
    case 'struct':
      return rowOf(type.fields)
  }
}

function decimal(width: number, scale: number): fc.Arbitrary<string> {
  const most = 10n ** BigInt(width) - 1n
  return fc.bigInt({ min: -most, max: most }).map((value) => {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
    const sign = value < 0n ? '-' : ''
    return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  })
}

function inner(type: SqlType, isNullable: boolean): fc.Arbitrary<unknown> {
  return isNullable ? fc.option(anyValue(type)) : anyValue(type)
}

/** Payloads of a list of fields. */
export function rowOf(fields: readonly Field[]): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(...fields.map((field) => inner(field.type, !field.required)))
    .map((values) => Object.fromEntries(values.map((value, index) => [(fields[index] as Field).name, value])))
}

/** A SQL expression with a decoded value, written by other means than JSON. */
export function sqlOf(type: SqlType, value: unknown): string {
  const sql = sqlTypeText(type)
  if (value === null || value === undefined) return `NULL::${sql}`
  switch (type.kind) {
    case 'decimal':
      return `CAST('${String(value)}' AS ${sql})`
    case 'list':
      return `CAST([${(value as unknown[]).map((item) => sqlOf(type.of, item)).join(', ')}] AS ${sql})`
    case 'map': {
      const entries = Object.entries(value)
      const keys = entries.map(([key]) => text(key)).join(', ')
      return `CAST(map([${keys}]::VARCHAR[], CAST([${entries.map(([, item]) => sqlOf(type.of, item)).join(', ')}] AS ${sqlTypeText(type.of)}[])) AS ${sql})`
    }
    case 'struct': {
      const parts = type.fields.map(
        (field) => `"${field.name.replaceAll('"', '""')}" := ${sqlOf(field.type, (value as Record<string, unknown>)[field.name])}`,
      )
      return `CAST(struct_pack(${parts.join(', ')}) AS ${sql})`
    }
    case 'scalar':
      return sqlOfScalar(type.name, value)
  }
}

function sqlOfScalar(name: ScalarName, value: unknown): string {
  if (name === 'VARCHAR') return text(value as string)
  if (name === 'BLOB') return `from_hex('${Buffer.from(value as Uint8Array).toString('hex')}')`
  if (name === 'FLOAT' || name === 'DOUBLE') return `CAST('${Object.is(value, -0) ? '-0.0' : String(value)}' AS DOUBLE)::${name}`
  return `CAST('${String(value)}' AS ${name})`
}
