import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { limits } from '../../../limits.ts'
import { codecOf } from '../codec/codec.ts'
import { type Judge, openJudge } from '../codec/duckdb-fixture.ts'
import { parseSqlType } from '../schema/parse-sql-type.ts'
import { payloadOf } from '../schema/payload.ts'
import { shapeFieldOf } from '../schema/shape.ts'
import type { Field, SqlType, Verdict } from '../types.ts'

let judge: Judge
beforeAll(async () => {
  judge = await openJudge()
})
afterAll(() => judge.close())

const fieldOf = (type: string): Field => {
  const bare = type.replace('?', '')
  return { name: 'a', type: parseSqlType(bare) as SqlType, required: bare === type }
}

function check(type: string, message: string | Uint8Array): Verdict {
  const bytes = Buffer.from(message)
  return codecOf([shapeFieldOf(fieldOf(type))]).check(bytes, 0, bytes.length)
}

/** Type (with `?`: not required), message, part of the reason. */
const bad: readonly (readonly [type: string, message: string, reason: string])[] = [
  // Each row of the table of silent damages.
  ['BIGINT', '{"a":"abc"}', 'a is "abc", wanted BIGINT'],
  ['BIGINT', '{"a":1.7}', 'a is 1.7, wanted BIGINT'],
  ['BIGINT', '{"a":1.0}', 'a is 1.0, wanted BIGINT'],
  ['BIGINT', '{"a":1e3}', 'a is 1e3, wanted BIGINT'],
  ['BIGINT', '{"a":true}', 'a is true, wanted BIGINT'],
  ['BIGINT', '{"a":9223372036854775808}', 'wanted BIGINT'],
  ['BIGINT', '{"a":"9223372036854775808"}', 'wanted BIGINT'],
  ['BIGINT', '{"a":01}', 'wanted BIGINT'],
  ['BIGINT', '{"a":"1 "}', 'wanted BIGINT'],
  ['INTEGER', '{"a":"1"}', 'wanted INTEGER'],
  ['TINYINT', '{"a":128}', 'wanted TINYINT'],
  ['UBIGINT', '{"a":-1}', 'wanted UBIGINT'],
  ['HUGEINT', '{"a":170141183460469231731687303715884105728}', 'wanted HUGEINT'],
  ['BOOLEAN', '{"a":1}', 'a is 1, wanted BOOLEAN'],
  ['BOOLEAN', '{"a":"yes"}', 'a is "yes", wanted BOOLEAN'],
  ['DOUBLE', '{"a":"1.5"}', 'wanted DOUBLE'],
  ['DOUBLE', '{"a":1e999}', 'wanted DOUBLE'],
  ['DOUBLE', '{"a":NaN}', 'wanted DOUBLE'],
  ['FLOAT', '{"a":3.5e38}', 'wanted FLOAT'],
  ['VARCHAR', '{"a":{"b":1}}', 'a is an object, wanted VARCHAR'],
  ['VARCHAR', '{"a":5}', 'a is 5, wanted VARCHAR'],
  ['VARCHAR', '{}', 'a is missing, wanted VARCHAR'],
  ['VARCHAR', '{"a":null}', 'a is null, wanted VARCHAR'],
  ['STRUCT(b BIGINT)', '{"a":[1]}', 'a is a list, wanted an object'],
  ['STRUCT(b BIGINT)[]', '{"a":[{"b":1},{"b":true}]}', 'a[1].b is true, wanted BIGINT'],
  ['MAP(VARCHAR, BIGINT)', '{"a":{"k":1,"l":1.5}}', 'a["l"] is 1.5, wanted BIGINT'],
  ['MAP(VARCHAR, BIGINT)', '{"a":{"k":1,"\\u006b":2}}', '"k" comes twice'],
  ['DECIMAL(9,2)', '{"a":1.005}', 'a is 1.005, wanted DECIMAL(9,2)'],
  ['DECIMAL(9,2)', '{"a":"1.005"}', 'wanted DECIMAL(9,2)'],
  ['DECIMAL(9,2)', '{"a":12345678}', 'wanted DECIMAL(9,2)'],
  ['DECIMAL(9,2)', '{"a":1e-999999999}', 'wanted DECIMAL(9,2)'],
  ['TIMESTAMP', '{"a":"2024-01-01T00:00:00+02:00"}', 'declare TIMESTAMPTZ'],
  ['TIMESTAMP', '{"a":"2024-01-01T00:00:00Z"}', 'declare TIMESTAMPTZ'],
  ['TIMESTAMP', '{"a":"2024-01-01T24:00:00"}', 'wanted TIMESTAMP'],
  ['TIMESTAMP', '{"a":"2024-01-01T00:00:00.1234567"}', 'wanted TIMESTAMP'],
  ['TIMESTAMPTZ', '{"a":"2024-01-01T00:00:00"}', 'a zone is required'],
  ['TIMESTAMPTZ', '{"a":"2024-01-01T00:00:00.1234567Z"}', 'wanted TIMESTAMPTZ'],
  ['TIMESTAMPTZ', '{"a":"0001-01-01T00:00:00+01:00"}', 'wanted TIMESTAMPTZ'],
  ['TIMESTAMPTZ', '{"a":1704067200}', 'wanted TIMESTAMPTZ'],
  ['DATE', '{"a":"2023-02-29"}', 'a is "2023-02-29", wanted DATE'],
  ['DATE', '{"a":"0000-01-01"}', 'wanted DATE'],
  ['DATE', '{"a":"2024-1-01"}', 'wanted DATE'],
  ['TIME', '{"a":"24:00:00"}', 'wanted TIME'],
  ['UUID', '{"a":"a0eebc999c0b4ef8bb6d6bb9bd380a11"}', 'wanted UUID'],
  ['BLOB', '{"a":"é"}', 'wanted BLOB'],
  ['BLOB', '{"a":"\\\\x4"}', 'wanted BLOB'],
  ['JSON?', '{"a":{"x":1,"x":2}}', 'comes twice'],
  ['JSON?', '{"a":1e999}', 'beyond the range'],
  // Messages that are not one JSON object.
  ['BIGINT', '', 'the message is empty'],
  ['BIGINT', ' \n', 'the message is empty'],
  ['BIGINT', '{"a":1},{"a":2}', "more bytes after the event's end"],
  ['BIGINT', '{"a":1}{"a":2}', "more bytes after the event's end"],
  ['BIGINT', '{"a":1,"a":2}', 'comes twice'],
  ['BIGINT', '{"a":1,"\\u0061":2}', 'comes twice'],
  ['BIGINT', '{"a":1,}', 'not JSON'],
  ['BIGINT', '{"a":1', 'not JSON'],
  ['BIGINT', '{"a" 1}', 'not JSON'],
  ['BIGINT', '{a:1}', 'not JSON'],
  ['BIGINT', '[{"a":1}]', 'wanted an object'],
  ['BIGINT', 'null', 'wanted an object'],
  ['BIGINT', '\ufeff{"a":1}', 'wanted an object'],
  ['BIGINT', '{"a":1,"b":tru}', 'not JSON'],
  ['BIGINT', '{"a":1,"b":[1,]}', 'not JSON'],
  ['BIGINT', '{"a":1,"b":{"c":1,}}', 'not JSON'],
  ['VARCHAR', '{"a":"\n"}', 'control character'],
  ['VARCHAR', '{"a":"x\0"}', 'control character'],
  ['VARCHAR', '{"a":"\x1e"}', 'control character'],
  ['VARCHAR', '{"a":"\\ud800"}', 'surrogate'],
  ['VARCHAR', '{"a":"\\udc00\\ud800"}', 'surrogate'],
  ['VARCHAR', '{"a":"x","\\ud800":1}', 'surrogate'],
  ['VARCHAR', '{"a":"\\x"}', 'escape'],
  ['VARCHAR', '{"a":"\\u12g4"}', 'hexadecimal'],
  ['VARCHAR', '{"a":"', 'not JSON'],
  ['JSON?', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'levels of nesting'],
  ['BIGINT', `{"a":1,"b":${'{"c":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 'levels of nesting'],
]

/** Type, message, canonical text (undefined: as it stands), what DuckDB prints. */
const good: readonly (readonly [type: string, message: string, canonical: string | undefined, printed: string | null])[] = [
  ['BIGINT', ' { "a" : 1 }\r\n\t', undefined, '1'],
  ['BIGINT', '{"a":"9223372036854775807"}', '{"a":9223372036854775807}', '9223372036854775807'],
  ['BIGINT', '{"a":-0}', '{"a":0}', '0'],
  ['UBIGINT', '{"a":"18446744073709551615"}', '{"a":18446744073709551615}', '18446744073709551615'],
  ['HUGEINT', '{"a":123456789012345678901234567890}', '{"a":"123456789012345678901234567890"}', '123456789012345678901234567890'],
  ['HUGEINT', '{"a":5}', undefined, '5'],
  ['DOUBLE', '{"a":-0}', '{"a":-0.0}', '-0.0'],
  ['DOUBLE', '{"a":1e3}', undefined, '1000.0'],
  ['DECIMAL(9,2)', '{"a":1.50}', undefined, '1.50'],
  ['DECIMAL(9,2)', '{"a":1.500}', '{"a":"1.50"}', '1.50'],
  ['DECIMAL(9,2)', '{"a":15e-1}', '{"a":"1.50"}', '1.50'],
  ['DECIMAL(18,2)', '{"a":1234567890123456.78}', '{"a":"1234567890123456.78"}', '1234567890123456.78'],
  ['DECIMAL(18,2)', '{"a":"1234567890123456.78"}', undefined, '1234567890123456.78'],
  ['DECIMAL(38,30)', '{"a":12.5}', '{"a":"12.500000000000000000000000000000"}', '12.500000000000000000000000000000'],
  ['TIMESTAMP', '{"a":"2024-01-01 12:34"}', '{"a":"2024-01-01T12:34:00"}', '2024-01-01 12:34:00'],
  ['TIMESTAMPTZ', '{"a":"2024-01-01 12:34:56.5+02"}', '{"a":"2024-01-01T12:34:56.5+02:00"}', '2024-01-01 10:34:56.5+00'],
  ['TIMESTAMPTZ', '{"a":"2024-01-01T12:34:56+0230"}', '{"a":"2024-01-01T12:34:56+02:30"}', '2024-01-01 10:04:56+00'],
  ['DATE', '{"a":"\\u0032024-02-29"}', undefined, '2024-02-29'],
  [
    'UUID',
    '{"a":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}',
    '{"a":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  ],
  ['BLOB', '{"a":"\\\\xFFa"}', undefined, '\\xFFa'],
  ['VARCHAR', '{"a":"\\u0000\\ud83d\\ude00\\/"}', undefined, '\0😀/'],
  ['VARCHAR', '{"a":"2024-01-01"}', undefined, '2024-01-01'],
  ['VARCHAR?', '{"a":null}', undefined, null],
  ['VARCHAR?', '{}', undefined, null],
  ['VARCHAR', '{"__proto__":{"a":1},"constructor":1,"a":"x","b":[{"c":[null,true,1.5e3,"\\n"]},{},[]]}', undefined, 'x'],
  ['VARCHAR', '{"b":1,"a":"x","b":2}', undefined, 'x'],
  ['JSON?', '{"a":{"x":[1,{"y":null}]}}', undefined, '{"x":[1,{"y":null}]}'],
]

describe('check', () => {
  it.each(bad)('%s refuses %j', (type, message, reason) => {
    const verdict = check(type, message)
    expect(verdict).toEqual({ ok: false, reason: expect.stringContaining(reason) })
    expect((verdict as { reason: string }).reason.length).toBeLessThan(400)
  })

  it.each(good)('%s takes %j', async (type, message, canonical, printed) => {
    expect(check(type, message)).toEqual(canonical === undefined ? { ok: true } : { ok: true, canonical })
    expect(await judge.decode([fieldOf(type)], [canonical ?? message])).toEqual([[printed]])
  })

  it('refuses bytes that are not UTF-8, and what is longer than the limit', () => {
    for (const invalid of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      const message = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(invalid), Buffer.from('"}')])
      expect(check('VARCHAR', message)).toEqual({ ok: false, reason: 'not UTF-8' })
    }
    const long = Buffer.alloc(limits.eventBytesMax + 1, 32)
    expect(check('VARCHAR', long)).toMatchObject({ ok: false, reason: expect.stringContaining('at most') })
  })

  it('takes a string of 10 MB', () => {
    expect(check('VARCHAR', `{"a":"${'x'.repeat(10 << 20)}"}`)).toEqual({ ok: true })
  })

  it('reads only its own bytes', () => {
    const codec = codecOf([shapeFieldOf(fieldOf('BIGINT'))])
    const bytes = Buffer.from('{"a":1}{"a":12}{"a":true}')
    expect(codec.check(bytes, 0, 7).ok).toBe(true)
    expect(codec.check(bytes, 7, 15).ok).toBe(true)
    for (let end = 8; end < 15; end++) expect(codec.check(bytes, 7, end).ok).toBe(false)
    expect(codec.check(bytes, 15, 25).ok).toBe(false)
  })

  it('takes fields in any order, whatever is missing among the optional ones', () => {
    const { codec } = payloadOf(z.object({ a: z.int(), b: z.string().optional(), c: z.boolean(), d: z.number().nullable() }))
    const verdict = (message: string): boolean => codec.check(Buffer.from(message), 0, message.length).ok
    for (const message of [
      '{"a":1,"c":true}',
      '{"d":1,"c":true,"b":"x","a":1}',
      '{"c":true,"a":1,"d":null}',
      '{"a":1,"b":null,"c":true,"x":0,"d":2}',
    ])
      expect(verdict(message), message).toBe(true)
    for (const message of [
      '{"a":1}',
      '{"c":true,"b":"x"}',
      '{"a":1,"c":true,"a":1}',
      '{"c":true,"a":1,"c":true}',
      '{"a":1,"c":true,"d":1,"d":1}',
    ])
      expect(verdict(message), message).toBe(false)
  })
})
