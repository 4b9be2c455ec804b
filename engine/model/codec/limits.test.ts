import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseSqlType } from '../schema/parse-sql-type.ts'
import { shapeFieldOf } from '../schema/shape.ts'
import type { Field, SqlType } from '../types.ts'
import { codecOf } from './codec.ts'
import { type Judge, openJudge } from './duckdb-fixture.ts'

let judge: Judge
beforeAll(async () => {
  judge = await openJudge()
})
afterAll(() => judge.close())

const fieldOf = (type: string): Field => ({ name: 'a', type: parseSqlType(type) as SqlType, required: false })

/** A type, a value at its limits, and what DuckDB should print for it. */
const cases: readonly (readonly [type: string, value: unknown, printed: string | null])[] = [
  ['BOOLEAN', true, 'true'],
  ['BOOLEAN', false, 'false'],
  ['TINYINT', -128, '-128'],
  ['TINYINT', 127, '127'],
  ['UTINYINT', 255, '255'],
  ['SMALLINT', -32768, '-32768'],
  ['USMALLINT', 65535, '65535'],
  ['INTEGER', -2147483648, '-2147483648'],
  ['UINTEGER', 4294967295, '4294967295'],
  ['BIGINT', -9223372036854775808n, '-9223372036854775808'],
  ['BIGINT', 9223372036854775807n, '9223372036854775807'],
  ['BIGINT', 9007199254740993n, '9007199254740993'],
  ['UBIGINT', 18446744073709551615n, '18446744073709551615'],
  ['HUGEINT', -(2n ** 127n), '-170141183460469231731687303715884105728'],
  ['HUGEINT', 2n ** 127n - 1n, '170141183460469231731687303715884105727'],
  ['DOUBLE', 5e-324, '5e-324'],
  ['DOUBLE', Number.MAX_VALUE, '1.7976931348623157e+308'],
  ['DOUBLE', -0, '-0.0'],
  ['DOUBLE', 0.1, '0.1'],
  ['DOUBLE', 1e21, '1e+21'],
  ['FLOAT', Math.fround(3.4028234663852886e38), '3.4028235e+38'],
  ['FLOAT', Math.fround(0.1), '0.1'],
  ['DECIMAL(38,10)', '9999999999999999999999999999.9999999999', '9999999999999999999999999999.9999999999'],
  ['DECIMAL(38,10)', '-9999999999999999999999999999.9999999999', '-9999999999999999999999999999.9999999999'],
  ['DECIMAL(38,38)', '0.00000000000000000000000000000000000001', '.00000000000000000000000000000000000001'],
  ['DECIMAL(18,2)', '1234567890123456.78', '1234567890123456.78'],
  ['DECIMAL(18,2)', '-0.01', '-0.01'],
  ['DECIMAL(9,0)', '0', '0'],
  ['VARCHAR', '', ''],
  ['VARCHAR', undefined, null],
  ['VARCHAR', 'a\0b', 'a\0b'],
  ['VARCHAR', '"\\/\b\f\n\r\t\u001e\u007f', '"\\/\b\f\n\r\t\u001e\u007f'],
  ['VARCHAR', 'é 漢 😀 \u{10ffff} \uffff \u2028', 'é 漢 😀 \u{10ffff} \uffff \u2028'],
  ['DATE', '0001-01-01', '0001-01-01'],
  ['DATE', '9999-12-31', '9999-12-31'],
  ['DATE', '2000-02-29', '2000-02-29'],
  ['TIME', '00:00:00', '00:00:00'],
  ['TIME', '23:59:59.999999', '23:59:59.999999'],
  ['TIMESTAMP', '0001-01-01T00:00:00.000001', '0001-01-01 00:00:00.000001'],
  ['TIMESTAMP', '9999-12-31T23:59:59.999999', '9999-12-31 23:59:59.999999'],
  ['TIMESTAMPTZ', '0001-01-01T00:00:00.000001Z', '0001-01-01 00:00:00.000001+00'],
  ['TIMESTAMPTZ', '9999-12-31T23:59:59.999999Z', '9999-12-31 23:59:59.999999+00'],
  ['TIMESTAMPTZ', '2024-03-10T12:34:56.123456-03:30', '2024-03-10 16:04:56.123456+00'],
  ['UUID', '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'],
  ['UUID', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ['BLOB', new Uint8Array(0), ''],
  ['BLOB', Uint8Array.from([0, 255, 92, 65, 128]), '\\x00\\xFF\\x5CA\\x80'],
  ['JSON', { a: [1, null, 'x'], b: { c: true } }, '{"a":[1,null,"x"],"b":{"c":true}}'],
  ['JSON', 'text', '"text"'],
  ['BIGINT[]', [1n, null, 9223372036854775807n], '[1, NULL, 9223372036854775807]'],
  ['VARCHAR[][]', [['a'], [], [null]], '[[a], [], [NULL]]'],
  [
    'STRUCT(x DECIMAL(38,10), y STRUCT(z TIMESTAMPTZ))',
    { x: '1.0000000001', y: { z: '2024-01-01T00:00:00.5Z' } },
    "{'x': 1.0000000001, 'y': {'z': '2024-01-01 00:00:00.5+00'}}",
  ],
  ['MAP(VARCHAR, HUGEINT)', { '': 1n, k: null, __proto_: 2n ** 100n }, "{''=1, k=NULL, __proto_=1267650600228229401496703205376}"],
  ['STRUCT(b BLOB, l BLOB[])', { b: Uint8Array.from([200]), l: [Uint8Array.from([1])] }, "{'b': \\xC8, 'l': [\\x01]}"],
]

describe('a value at the limits of its type', () => {
  it.each(cases)('%s %o goes to DuckDB and back', async (type, value, printed) => {
    const field = fieldOf(type)
    const codec = codecOf([shapeFieldOf(field)])
    const json = codec.encode({ a: value })
    expect(await judge.decode([field], [json])).toEqual([[printed]])
    expect(codec.decode(json)).toEqual({ a: value ?? null })
    expect(codec.decodeAll(`[${json},${json}]`)).toEqual([{ a: value ?? null }, { a: value ?? null }])
    const bytes = Buffer.from(json)
    expect(codec.check(bytes, 0, bytes.length)).toEqual({ ok: true })
  })
})
