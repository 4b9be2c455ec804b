import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { payloadOf } from '../../model/schema/payload.ts'
import { sql } from '../../model/schema/sql.ts'
import { stateForm } from './state-form.ts'

const plain = payloadOf(z.object({ n: z.int(), x: z.number(), s: z.string(), b: z.boolean(), big: sql.bigint() }))
const rich = payloadOf(
  z.object({
    amount: sql.decimal(18, 2),
    at: z.date(),
    hash: sql.blob(),
    tags: z.array(z.string()),
    inner: z.object({ n: z.int(), note: z.string().nullable() }),
    byName: z.record(z.string(), z.number()),
    maybe: z.string().optional(),
    any: sql.json(),
  }),
)

const plainState = fc.record({
  n: fc.maxSafeInteger(),
  x: fc.double({ noNaN: true, noDefaultInfinity: true }),
  s: fc.string({ unit: 'binary' }),
  b: fc.boolean(),
  big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
})
const richState = fc.record(
  {
    amount: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constant('12.3')),
    at: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    hash: fc.uint8Array({ maxLength: 4 }),
    tags: fc.array(fc.string(), { maxLength: 2 }),
    inner: fc.record({ n: fc.oneof(fc.integer(), fc.constant(-0)), note: fc.oneof(fc.string(), fc.constant(null)) }),
    byName: fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    maybe: fc.string(),
    any: fc.jsonValue(),
  },
  { requiredKeys: ['amount', 'at', 'hash', 'tags', 'inner', 'byName', 'any'] },
)

test.each([
  ['plain', plain, plainState],
  ['rich', rich, richState],
] as const)('a returned state is what its text decodes to: %s', (_name, { fields, codec }, states) => {
  const form = stateForm(fields, codec)
  fc.assert(
    fc.property(states as fc.Arbitrary<object>, (state) => {
      const known = form.of({ ...state, unknown: 1 })
      expect(known.state).toStrictEqual(form.read(known.json).state)
      expect(Object.keys(known.state)).toEqual(Object.keys(form.read(known.json).state))
      expect(form.readAll([known.json, known.json]).map((one) => one.state)).toStrictEqual([known.state, known.state])
      // Once more through the handler's hands changes nothing.
      expect(form.of(form.input(known)).json).toBe(known.json)
    }),
    { numRuns: 150 },
  )
})

test('a state of class, with getters or inherited fields is taken by its own values', () => {
  const form = stateForm(plain.fields, plain.codec)
  const values = { n: 1, x: -0, s: 's', b: true, big: 1n }
  const negative = form.of(values)
  expect(Object.is(negative.state.x, -0)).toBe(true)
  expect(() => form.of(Object.create(values) as object)).toThrow(/n/)
  let reads = 0
  const known = form.of(Object.defineProperty({ ...values }, 'n', { enumerable: true, get: () => reads++ }))
  expect(known.state.n).toBe(JSON.parse(known.json).n)
})

test('what a handler is given cannot be changed, or is its own', () => {
  const form = stateForm(plain.fields, plain.codec)
  const given = form.input(form.of({ n: 1, x: 1, s: 's', b: true, big: 1n }))
  expect(() => {
    given.n = 2
  }).toThrow(TypeError)
  const deep = stateForm(rich.fields, rich.codec)
  const known = deep.of({
    amount: '1',
    at: new Date(0),
    hash: Uint8Array.of(1),
    tags: ['a'],
    inner: { n: 1, note: null },
    byName: {},
    any: [{}],
  })
  const first = deep.input(known) as { at: Date; hash: Uint8Array }
  first.at.setTime(5)
  first.hash[0] = 9
  const second = deep.input(known) as { at: Date; hash: Uint8Array }
  expect([second.at.getTime(), second.hash[0]]).toEqual([0, 1])
})
