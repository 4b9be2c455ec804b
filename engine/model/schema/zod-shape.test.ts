import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { payloadOf } from './payload.ts'
import { sql } from './sql.ts'
import { jsonShape, sqlTypeText } from './sql-type.ts'

const columnOf = (schema: z.ZodType): string => {
  const [field] = payloadOf(z.object({ a: schema })).fields
  return field === undefined ? '' : `${sqlTypeText(field.type)}${field.required ? ' NOT NULL' : ''}`
}

const columns: readonly (readonly [schema: z.ZodType, column: string])[] = [
  [z.string(), 'VARCHAR NOT NULL'],
  [z.string().min(1).max(9), 'VARCHAR NOT NULL'],
  [z.email(), 'VARCHAR NOT NULL'],
  [z.boolean(), 'BOOLEAN NOT NULL'],
  [z.number(), 'DOUBLE NOT NULL'],
  [z.number().min(0), 'DOUBLE NOT NULL'],
  [z.int(), 'BIGINT NOT NULL'],
  [z.number().int(), 'BIGINT NOT NULL'],
  [z.number().min(0).int(), 'BIGINT NOT NULL'],
  [z.int32(), 'INTEGER NOT NULL'],
  [z.uint32(), 'UINTEGER NOT NULL'],
  [z.float32(), 'FLOAT NOT NULL'],
  [z.float64(), 'DOUBLE NOT NULL'],
  [z.bigint(), 'BIGINT NOT NULL'],
  [z.int64(), 'BIGINT NOT NULL'],
  [z.uint64(), 'UBIGINT NOT NULL'],
  [z.date(), 'TIMESTAMP WITH TIME ZONE NOT NULL'],
  [z.iso.date(), 'DATE NOT NULL'],
  [z.iso.time(), 'TIME NOT NULL'],
  [z.iso.datetime(), 'TIMESTAMP WITH TIME ZONE NOT NULL'],
  [z.iso.datetime({ offset: true }), 'TIMESTAMP WITH TIME ZONE NOT NULL'],
  [z.iso.datetime({ local: true }), 'TIMESTAMP NOT NULL'],
  [z.uuid(), 'UUID NOT NULL'],
  [z.guid(), 'UUID NOT NULL'],
  [z.enum(['a', 'b']), 'VARCHAR NOT NULL'],
  [z.literal('a'), 'VARCHAR NOT NULL'],
  [z.union([z.literal('a'), z.literal('b')]), 'VARCHAR NOT NULL'],
  [z.union([z.string(), z.null()]), 'VARCHAR'],
  [z.literal(1), 'BIGINT NOT NULL'],
  [z.literal(true), 'BOOLEAN NOT NULL'],
  [z.array(z.int()), 'BIGINT[] NOT NULL'],
  [z.object({ x: z.int(), y: z.object({ z: z.string() }) }), 'STRUCT("x" BIGINT, "y" STRUCT("z" VARCHAR)) NOT NULL'],
  [z.record(z.string(), z.number()), 'MAP(VARCHAR, DOUBLE) NOT NULL'],
  [z.string().optional(), 'VARCHAR'],
  [z.string().nullable(), 'VARCHAR'],
  [z.string().nullish(), 'VARCHAR'],
  [z.object({ x: z.int() }).readonly(), 'STRUCT("x" BIGINT) NOT NULL'],
  [z.string().brand('Sku'), 'VARCHAR NOT NULL'],
  [z.any(), 'JSON'],
  [z.unknown(), 'JSON'],
  [z.json(), 'JSON'],
  [sql.decimal(18, 2), 'DECIMAL(18,2) NOT NULL'],
  [sql.decimal(18, 2).optional(), 'DECIMAL(18,2)'],
  [sql.hugeint(), 'HUGEINT NOT NULL'],
  [sql.timestamp(), 'TIMESTAMP NOT NULL'],
  [sql.blob(), 'BLOB NOT NULL'],
  [sql.json(), 'JSON'],
  [z.array(sql.smallint()), 'SMALLINT[] NOT NULL'],
]

const refused: readonly (readonly [schema: z.ZodType, remedy: string])[] = [
  [z.coerce.number(), 'z.coerce at a has no column type. Events are stored as they are declared'],
  [z.string().transform(Number), 'drop the transform'],
  [z.preprocess(String, z.string()), 'drop the transform'],
  [z.string().pipe(z.string()), 'drop the transform'],
  [z.string().default('x'), 'Use .optional()'],
  [z.string().prefault('x'), 'Use .optional()'],
  [z.string().catch('x'), 'drop .catch()'],
  [z.string().trim(), 'drop the transform'],
  [z.tuple([z.string()]), 'Use z.object()'],
  [z.union([z.string(), z.number()]), 'Declare an event type for each variant'],
  [z.discriminatedUnion('t', [z.object({ t: z.literal('a') }), z.object({ t: z.literal('b') })]), 'Declare an event type for each variant'],
  [z.looseObject({ x: z.int() }), 'name the fields'],
  [z.object({}), 'Declare at least one field'],
  [z.object({ x: z.int(), X: z.int() }), 'SQL does not tell upper from lower case'],
  [z.set(z.string()), 'Use z.array()'],
  [z.map(z.string(), z.string()), 'Use z.record'],
  [
    z
      .record(z.enum(['a']), z.int())
      .optional()
      .default({ a: 1 }),
    'Use .optional()',
  ],
  [z.literal(['a', 1]), 'all strings, all integers'],
]

describe('zod schemas', () => {
  it.each(columns.map(([schema, column]) => [column, schema] as const))('%s', (column, schema) => {
    expect(columnOf(schema)).toBe(column)
  })

  it.each(refused.map(([schema, remedy]) => [remedy, schema] as const))('are refused: %s', (remedy, schema) => {
    expect(() => columnOf(schema)).toThrow(remedy)
  })

  it('are refused with the path of what is wrong', () => {
    expect(() => payloadOf(z.object({ a: z.object({ b: z.array(z.object({ c: z.tuple([z.int()]) })) }) }))).toThrow('z.tuple at a.b.c')
    expect(() => payloadOf(z.object({ _offset: z.int() }))).toThrow("the reserved name '_offset'")
    expect(() => payloadOf(z.string())).toThrow('Use z.object')
    expect(() => sql.decimal(39, 2)).toThrow('1 to 38')
  })

  it('gives the shape of from_json', () => {
    const { fields } = payloadOf(z.object({ sku: z.string(), 'a"b': z.array(sql.decimal(9, 2)), blob: sql.blob() }))
    expect(jsonShape(fields)).toBe('{"sku":"VARCHAR","a\\"b":"DECIMAL(9,2)[]","blob":"VARCHAR"}')
  })
})

/** Schema, payload, whether it is good: by append and from foreign bytes alike. */
const validity: readonly (readonly [schema: z.ZodType, value: unknown, isGood: boolean])[] = [
  [z.string().min(2), 'ab', true],
  [z.string().min(2), 'a', false],
  [z.string().max(2), '😀', true],
  [z.string().max(2), '😀x', false],
  [z.string().length(3), 'abc', true],
  [z.string().regex(/^a+$/g), 'aa', true],
  [z.string().regex(/^a+$/), 'ab', false],
  [z.string().startsWith('x'), 'ax', false],
  [z.email(), 'a@b.io', true],
  [z.email(), 'nobody', false],
  [z.url(), 'https://example.org', true],
  [z.url(), 'no url', false],
  [z.string().refine((value) => value !== 'bad'), 'bad', false],
  [z.string().refine((value) => value !== 'bad'), 'fine', true],
  [z.string().includes('b'), 'abc', true],
  [z.string().includes('b'), 'ac', false],
  [z.number().min(1.5), 1.5, true],
  [z.number().gt(1.5), 1.5, false],
  [z.number().max(10), 10.5, false],
  [z.number().multipleOf(2), 3, false],
  [z.int().min(1).max(3), 3, true],
  [z.int().min(1).max(3), 4, false],
  [z.int().positive(), 0, false],
  [z.int().multipleOf(5), 10, true],
  [z.int().multipleOf(5), 11, false],
  [z.enum(['a', 'b']), 'a', true],
  [z.enum(['a', 'b']), 'c', false],
  [z.literal([1, 2]), 2, true],
  [z.literal([1, 2]), 3, false],
  [z.literal(true), false, false],
  [z.array(z.int()).min(1), [], false],
  [z.array(z.int()).min(1), [1], true],
  [z.record(z.string().min(2), z.int()), { a: 1 }, false],
  [z.uuid(), '01890a5d-ac96-774b-bcce-b302099a8057', true],
  [z.uuid(), '01890a5d-ac96-f74b-bcce-b302099a8057', false],
  [z.guid(), '01890a5d-ac96-f74b-bcce-b302099a8057', true],
  [z.iso.datetime(), '2024-01-01T00:00:00Z', true],
  [z.iso.datetime(), '2024-01-01T00:00:00+02:00', false],
  [z.iso.datetime({ offset: true }), '2024-01-01T00:00:00+02:00', true],
  [z.iso.datetime({ precision: 3 }), '2024-01-01T00:00:00Z', false],
  [z.iso.datetime({ precision: 3 }), '2024-01-01T00:00:00.123Z', true],
  [z.iso.datetime({ local: true }), '2024-01-01T00:00:00', true],
  [z.strictObject({ x: z.int() }), { x: 1 }, true],
  [z.object({ from: z.int(), to: z.int() }).refine((value) => value.from < value.to), { from: 2, to: 1 }, false],
  [z.object({ from: z.int(), to: z.int() }).refine((value) => value.from < value.to), { from: 1, to: 2 }, true],
  [z.string().min(2).optional(), null, true],
  [
    z
      .string()
      .refine(() => true)
      .optional(),
    null,
    true,
  ],
  [
    z
      .string()
      .refine(() => true)
      .nullable(),
    undefined,
    true,
  ],
  [
    z.string().refine(() => {
      throw new Error('boom')
    }),
    'x',
    false,
  ],
]

describe('validity', () => {
  it.each(validity.map(([schema, value, isGood], index) => [index, value, isGood, schema] as const))(
    '%i: %j is good: %s, on both ways',
    (_index, value, isGood, schema) => {
      const { codec } = payloadOf(z.object({ a: schema }))
      const bytes = Buffer.from(JSON.stringify({ a: value }))
      const verdict = codec.check(bytes, 0, bytes.length)
      expect(verdict.ok, JSON.stringify(verdict)).toBe(isGood)
      if (isGood) codec.encode({ a: value })
      else expect(() => codec.encode({ a: value })).toThrow(expect.objectContaining({ code: 'event-invalid' }))
    },
  )

  it('of another library is asked of it, beside its columns', () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: (value: unknown) => ((value as { qty: number }).qty > 5 ? { issues: [{ message: 'too many', path: ['qty'] }] } : {}),
      },
    } as const
    expect(() => payloadOf(schema)).toThrow('State its columns beside it')
    const { codec, fields } = payloadOf({
      schema,
      columns: { sku: 'VARCHAR NOT NULL', qty: 'BIGINT NOT NULL', lines: 'STRUCT(a DECIMAL(9,2), "b c" MAP(VARCHAR, INT))[]' },
    })
    expect(fields.map((field) => sqlTypeText(field.type))).toEqual([
      'VARCHAR',
      'BIGINT',
      'STRUCT("a" DECIMAL(9,2), "b c" MAP(VARCHAR, INTEGER))[]',
    ])
    expect(codec.encode({ sku: 'a', qty: 5 })).toBe('{"sku":"a","qty":5}')
    expect(() => codec.encode({ sku: 'a', qty: 6 })).toThrow('qty: too many')
    const foreign = Buffer.from('{"sku":"a","qty":6}')
    expect(codec.check(foreign, 0, foreign.length)).toEqual({ ok: false, reason: 'qty: too many' })
    expect(() => payloadOf({ schema, columns: { sku: 'TEXTY' } })).toThrow("the column type 'TEXTY'")
  })
})
