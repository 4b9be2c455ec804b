import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { limits } from '../../../limits.ts'
import { payloadOf } from '../schema/payload.ts'
import { sql } from '../schema/sql.ts'

const { codec } = payloadOf(
  z.object({
    id: z.int(),
    name: z.string(),
    price: z.number().optional(),
    at: z.date().nullable(),
    lines: z.array(z.object({ sku: z.string(), qty: z.int32() })).optional(),
    toString: z.string().optional(),
  }),
)

const base = { id: 1, name: 'a', at: null }
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

describe('encode', () => {
  it.each([
    ['in the declared order', { at: null, name: 'a', id: 1 }, '{"id":1,"name":"a","at":null}'],
    ['without unknown fields', { id: 1, name: 'a', more: 1, at: null }, '{"id":1,"name":"a","at":null}'],
    ['without inherited fields', Object.assign(Object.create({ price: 5 }), base), '{"id":1,"name":"a","at":null}'],
    [
      'of a class',
      new (class Event {
        readonly id = 1
        readonly name = 'a'
        toJSON(): string {
          return 'other'
        }
      })(),
      '{"id":1,"name":"a"}',
    ],
    ['of an object without prototype', Object.assign(Object.create(null), base), '{"id":1,"name":"a","at":null}'],
    ['with -0 as a double', { ...base, price: -0 }, '{"id":1,"name":"a","price":-0.0,"at":null}'],
    ['with a null for what is optional', { ...base, price: null }, '{"id":1,"name":"a","at":null}'],
    ['with undefined for what is nullable', { id: 1, name: 'a', at: undefined }, '{"id":1,"name":"a"}'],
    ['with escapes', { ...base, name: '"\\\n\0é😀' }, '{"id":1,"name":"\\"\\\\\\n\\u0000é😀","at":null}'],
    ['with a Date', { ...base, at: new Date(0) }, '{"id":1,"name":"a","at":"1970-01-01T00:00:00.000Z"}'],
    [
      'with lists of structs',
      { ...base, lines: [{ qty: 2, sku: 'x', more: 1 }] },
      '{"id":1,"name":"a","at":null,"lines":[{"sku":"x","qty":2}]}',
    ],
    ['with a field that every object inherits', { ...base, toString: 'own' }, '{"id":1,"name":"a","at":null,"toString":"own"}'],
  ])('writes %s', (_how, data, text) => {
    const json = codec.encode(data)
    expect(JSON.parse(json)).toEqual(JSON.parse(text))
    expect(codec.encode(codec.decode(json))).toBe(codec.encode(codec.decode(text)))
    expect(json.includes('-0.0')).toBe(text.includes('-0.0'))
  })

  it.each([
    ['a fraction', { ...base, id: 1.5 }, 'id is 1.5, wanted BIGINT'],
    ['an unsafe integer', { ...base, id: 2 ** 53 }, 'id is 9007199254740992, wanted BIGINT'],
    ['a number as text', { ...base, id: '1' }, 'id is "1", wanted BIGINT'],
    ['NaN', { ...base, price: Number.NaN }, 'price is NaN, wanted DOUBLE'],
    ['Infinity', { ...base, price: Infinity }, 'price is Infinity, wanted DOUBLE'],
    ['a lone surrogate', { ...base, name: '\ud800' }, 'name is "\\ud800", wanted VARCHAR'],
    ['a lone surrogate in a long text', { ...base, name: `${'x'.repeat(100)}\ud800` }, 'wanted VARCHAR'],
    ['what is missing', { id: 1, at: null }, 'name is missing, wanted VARCHAR'],
    ['null', { ...base, name: null }, 'name is null, wanted VARCHAR'],
    ['an invalid Date', { ...base, at: new Date(Number.NaN) }, 'at is an invalid Date, wanted TIMESTAMPTZ'],
    ['a Date of the year 10000', { ...base, at: new Date('+010000-01-01') }, 'wanted TIMESTAMPTZ'],
    [
      'a bad item',
      {
        ...base,
        lines: [
          { sku: 'x', qty: 1 },
          { sku: 'x', qty: 2 ** 31 },
        ],
      },
      'lines[1].qty is 2147483648, wanted INTEGER',
    ],
    ['no list', { ...base, lines: {} }, 'lines is an object, wanted'],
    ['a list', [base], 'the value is a list of 1, wanted an object'],
    ['null for the event', null, 'the value is null, wanted an object'],
    ['a long value, shortened', { ...base, id: 'y'.repeat(1_000) }, `"${'y'.repeat(56)}…, wanted`],
  ])('refuses %s, naming path, value and type', (_what, data, reason) => {
    expect(() => codec.encode(data)).toThrow(expect.objectContaining({ code: 'event-invalid', message: expect.stringContaining(reason) }))
  })

  it('does not take for a field what every object inherits', () => {
    expect(codec.encode(base)).toBe('{"id":1,"name":"a","at":null}')
    const { codec: withNull } = payloadOf(z.object({ id: z.int(), toString: z.string().nullable() }))
    expect(Object.hasOwn(withNull.decode('{"id":1}'), 'toString')).toBe(true)
    expect(withNull.decode('{"id":1}').toString).toBe(null)
  })

  it('refuses in JSON columns what JSON.stringify would drop or convert', () => {
    const { codec: json } = payloadOf(z.object({ a: z.unknown() }))
    expect(json.encode({ a: { b: [1, 'x', null, { c: undefined }] } })).toBe('{"a":{"b":[1,"x",null,{}]}}')
    for (const value of [Number.NaN, 1n, () => 1, Symbol('s'), new Map(), new Date(0), [undefined], { b: '\udfff' }, { '\udfff': 1 }]) {
      expect(() => json.encode({ a: value })).toThrow('wanted JSON')
    }
    expect(json.encode({ a: nested(limits.jsonDepthMax - 1) })).toContain('[1]')
    expect(() => json.encode({ a: nested(limits.jsonDepthMax) })).toThrow('levels of nesting')
  })

  it('takes decimals as strings, numbers and bigints, when they fit exactly', () => {
    const { codec: money } = payloadOf(z.object({ a: sql.decimal(9, 2) }))
    expect(
      ['1.5', 1.5, 1.1, '0001', 12n, -0, '1e2', 0.07].map((a) => (isGood(() => money.encode({ a })) ? money.encode({ a }) : a)),
    ).toEqual(['{"a":"1.50"}', '{"a":"1.50"}', '{"a":"1.10"}', '0001', '{"a":"12.00"}', '{"a":"0.00"}', '{"a":"100.00"}', '{"a":"0.07"}'])
    for (const a of [1.005, '1.005', 1e7, Number.NaN, '', ' 1', '+1', '.5', null, true])
      expect(() => money.encode({ a })).toThrow('wanted DECIMAL(9,2)')
  })

  it('refuses an event that is too large', () => {
    expect(() => codec.encode({ ...base, name: 'x'.repeat(limits.eventBytesMax) })).toThrow(
      expect.objectContaining({ code: 'event-too-large' }),
    )
  })
})

function isGood(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch {
    return false
  }
}
