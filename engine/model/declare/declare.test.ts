import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { declarationKind } from './brand.ts'
import { processor } from './processor.ts'
import { stream } from './stream.ts'
import { table } from './table.ts'
import { view } from './view.ts'

const A = z.object({ id: z.string(), n: z.int() })
const B = z.object({ id: z.string(), other: z.string() })
const shop = stream('shop', { key: 'id', events: { A, B, C: A } })
const wide = stream('wide', { key: 'id', partitions: 4, events: { A, B } })
const state = z.object({ total: z.int() })

/** Calls as JavaScript sees them: the types refuse most of these already. */
const any = (value: unknown): never => value as never
const on = { A: (row: { total: number }) => row }

const refused: readonly (readonly [what: string, declare: () => unknown, message: string])[] = [
  ['a bad name', () => stream('9lives', { event: A }), "stream '9lives': a name is a letter"],
  ['a name with a quote', () => view('a"b', { from: shop, state, initial: { total: 0 }, on }), 'a name is a letter'],
  ['no events', () => stream('s', { events: {} }), 'Declare at least one'],
  ['neither event nor events', () => stream('s', any({})), 'declare either'],
  ['event types that differ in case', () => stream('s', { events: { Aa: A, aA: A } }), 'rename one'],
  ['a reserved column', () => stream('s', { event: z.object({ _offset: z.int() }) }), "the reserved name '_offset'"],
  [
    'a schema without columns',
    () => stream('s', { event: z.object({ a: z.string().transform(Number) }) }),
    "stream 's', event type s: z.pipe at a has no column type",
  ],
  [
    'conflicting types',
    () => stream('s', { events: { A, B: z.object({ id: z.string(), n: z.string() }) } }),
    "field 'n' is BIGINT in A, and 'n' is VARCHAR in B",
  ],
  ['conflicting case', () => stream('s', { events: { A, B: z.object({ ID: z.string() }) } }), "'ID' is VARCHAR in B"],
  ['a key that some type lacks', () => stream('s', any({ key: 'other', events: { A, B } })), "its key 'other' is missing in event type A"],
  ['an optional key', () => stream('s', { key: 'id', event: z.object({ id: z.string().optional() }) }), 'is not required'],
  ['a key of DOUBLE', () => stream('s', { key: 'id', event: z.object({ id: z.number() }) }), 'is DOUBLE, which cannot be a key'],
  ['partitions', () => stream('s', { event: A, partitions: 0 }), 'partitions is 0'],
  ['a topic name', () => stream('s', { event: A, topic: '_evert' }), "topic '_evert'"],
  ['a policy', () => stream('s', any({ event: A, onBad: 'ignore' })), "onBad is 'ignore'"],
  ["a table's key", () => table('t', any({ key: 'code', row: A })), "its key 'code' is missing in the row"],
  ['a view without a stream', () => view('v', any({ from: {}, state, initial: { total: 0 }, on })), 'from is not a stream'],
  [
    'an unknown type in on',
    () => view('v', any({ from: shop, state, initial: { total: 0 }, on: { Z: () => null } })),
    "on.Z is no event type of stream 'shop'. It has A, B, C",
  ],
  ['an empty on', () => view('v', { from: shop, state, initial: { total: 0 }, on: {} }), 'on handles no event type'],
  [
    'a fold key in one type only',
    () => view('v', { from: shop, key: 'n', state, initial: { total: 0 }, on: { A: () => null, B: () => null } }),
    "its key 'n' is missing in event type B",
  ],
  [
    'a fold key that has no order',
    () => view('v', { from: wide, key: 'other', state, initial: { total: 0 }, on: { B: () => null } }),
    "processor('repartition_wide'",
  ],
  [
    'a fold without any key',
    () => view('v', { from: stream('k', { event: A }), state, initial: { total: 0 }, on: { k: () => null } }),
    'has a key. Name a field',
  ],
  [
    'initial that does not fit',
    () => view('v', any({ from: shop, state, initial: { total: 0.5 }, on })),
    'initial does not fit its state. The event does not fit its schema: total is 0.5',
  ],
  ['initial that lacks a field', () => view('v', any({ from: shop, state, initial: {}, on })), 'total is missing, wanted BIGINT'],
  [
    'the key in the state',
    () => view('v', { from: shop, state: z.object({ id: z.string() }), initial: { id: '' }, on: { A: () => null } }),
    'leave it out of the state',
  ],
  [
    'emits of an unknown type',
    () => processor('p', any({ from: shop, to: shop, emits: ['Z'], handle: { A: () => null } })),
    "emits 'Z', which is no event type",
  ],
  [
    'emits that two streams have',
    () => processor('p', { from: shop, to: [shop, wide], emits: ['B'], handle: { A: () => null } }),
    "Write 'shop.B' or 'wide.B'",
  ],
  [
    'an unknown type in handle',
    () => processor('p', any({ from: shop, to: shop, emits: ['C'], handle: { Z: () => null } })),
    "handle.Z is no event type of stream 'shop'",
  ],
  [
    'a processor that feeds itself',
    () => processor('p', { from: shop, to: shop, emits: ['A'], handle: { A: () => null } }),
    'it would feed itself for ever',
  ],
  [
    'evolve without state',
    () => processor('p', { from: shop, to: shop, emits: ['C'], handle: { A: () => null }, evolve: { A: (row) => row } }),
    'evolve and no state',
  ],
  [
    'evolve of an unknown type',
    () =>
      processor(
        'p',
        any({ from: shop, to: shop, emits: ['C'], state, initial: { total: 0 }, handle: { A: () => null }, evolve: { Z: () => null } }),
      ),
    'evolve.Z is neither',
  ],
  [
    'a processor without initial',
    () => processor('p', { from: shop, to: shop, emits: ['C'], state, handle: { A: () => null } }),
    'initial does not fit its state',
  ],
]

describe('declarations', () => {
  it.each(refused)('refuse %s, naming place and remedy', (_what, declare, message) => {
    expect(declare).toThrow(expect.objectContaining({ code: 'declaration-invalid', message: expect.stringContaining(message) }))
    expect(declare).toThrow(/declare\.test\.ts:\d+: /)
  })

  it('give checked plain objects', () => {
    expect(shop).toMatchObject({
      kind: 'stream',
      topic: 'shop',
      partitions: 1,
      history: false,
      onBad: 'dead-letter',
      versions: false,
      key: 'id',
    })
    expect(shop.columns.map((field) => [field.name, field.required])).toEqual([
      ['id', true],
      ['n', false],
      ['other', false],
    ])
    expect(shop.origin).toEqual({ file: expect.stringContaining('declare.test.ts'), line: 11 })
    const fold = view('v', { from: wide, state, initial: { total: 0 }, on })
    expect(fold).toMatchObject({ kind: 'fold', key: 'id', keyField: { name: 'id' } })
    expect(processor('p', { from: shop, to: [shop, wide], emits: ['C', 'wide.B'], handle: { A: () => null } })).toMatchObject({
      emits: ['shop.C', 'wide.B'],
      key: undefined,
      state: undefined,
      initial: {},
    })
    expect([shop, fold, table('t', { key: 'id', row: A }), {}, null].map(declarationKind)).toEqual([
      'stream',
      'fold',
      'table',
      undefined,
      undefined,
    ])
  })

  it('have a fingerprint of what stored bytes mean', () => {
    expect(shop.fingerprint).toMatch(/^[0-9a-f]{16}$/)
    // Known by heart: another value would check every stored batch again.
    expect(stream('s', { event: z.object({ id: z.string(), n: z.int() }) }).fingerprint).toBe('6d641adcb1b37439')
    const fingerprint = (event: z.ZodType<Record<string, unknown>>, rest: object = {}): string =>
      stream('s', { event, ...rest }).fingerprint
    const base = fingerprint(A)
    expect(fingerprint(z.object({ n: z.int(), id: z.string() }), { key: 'id', onBad: 'halt', history: true })).toBe(base)
    expect(fingerprint(z.object({ id: z.string(), n: z.int32() }))).not.toBe(base)
    expect(fingerprint(z.object({ id: z.string(), n: z.int().optional() }))).not.toBe(base)
    expect(fingerprint(z.object({ id: z.string(), n: z.int(), m: z.int() }))).not.toBe(base)
  })
})
