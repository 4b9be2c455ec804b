import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import type { Parameter, Store } from '../../../connectors/store/store.ts'
import { chunkOf, type Event } from '../../../test/support/chunk-of.ts'
import { stream } from '../../model/declare/stream.ts'
import { view } from '../../model/declare/view.ts'
import { sql } from '../../model/schema/sql.ts'
import type { FoldModel } from '../../model/types.ts'
import { runAll } from '../as-steps.ts'
import type { Batch, CheckedChunk } from '../batch.ts'
import { BatchChanges } from '../changes.ts'
import type { Derivation, Prepared, Rejected } from '../derivation.ts'
import { literalBinder, parameterBinder } from '../source.ts'
import { deriveFold } from './derive-fold.ts'
import { refold } from './refold.ts'

let store: Store
let tables = 0
beforeAll(async () => {
  store = await openDuckdb(':memory:')
  await store.script(['CREATE SCHEMA _state', 'CREATE SCHEMA _rel'])
})
afterAll(() => store.close())

const orders = stream('orders', {
  key: 'orderId',
  partitions: 2,
  events: {
    Requested: z.object({ orderId: z.string(), total: z.int(), note: z.string().optional() }),
    Paid: z.object({ orderId: z.string(), amount: z.int() }),
    Removed: z.object({ orderId: z.string() }),
    Other: z.object({ orderId: z.string() }),
  },
})
const status = view('order_status', {
  from: orders,
  state: z.object({ status: z.string(), total: z.int(), paid: z.int(), notes: z.array(z.string()) }),
  initial: { status: 'new', total: 0, paid: 0, notes: [] },
  on: {
    Requested: (state, event) => ({
      ...state,
      status: 'requested',
      total: state.total + event.total,
      notes: event.note === undefined ? state.notes : [...state.notes, event.note],
    }),
    Paid: (state, event) => {
      if (event.amount < 0) throw new Error(`a payment of ${event.amount}`)
      return state.paid + event.amount > state.total ? undefined : { ...state, paid: state.paid + event.amount }
    },
    Removed: () => null,
  },
})

/** A loop that does what the real one does with one derivation. */
async function fakeLoop(fold: Derivation) {
  const table = `_state."${fold.name}@${tables++}"`
  await store.script([...fold.create(table), ...fold.expose(table), ...fold.publish()])
  const apply = async (
    chunks: readonly CheckedChunk[],
    options: { literal?: boolean; rollback?: boolean } = {},
  ): Promise<readonly Rejected[]> => {
    const literal = options.literal ?? false
    const batch: Batch = { chunks: new Map([[chunks[0]?.chunk.topic ?? '', chunks]]), events: 0, bytes: 0, to: new Map() }
    const before = {
      run: () => Promise.reject(new Error('prepare only reads')),
      all: (sql: string, parameters?: readonly Parameter[]) => store.transaction((tx) => tx.all(sql, parameters)),
    }
    const deltas = (parameters: Parameter[]) => ({ from: () => '', binder: literal ? literalBinder : parameterBinder(parameters) })
    const answer: Prepared = await fold.prepare(batch, table, {
      deltas,
      before,
      literal,
      changes: new BatchChanges([]),
      isFirst: false,
      at: 1n,
    })
    const run = store.transaction(async (tx) => {
      await runAll(tx, answer)
      if (options.rollback) throw new Error('power cut')
    })
    const committed = await run.then(
      () => true,
      (error: Error) => {
        if (error.message !== 'power cut') throw error
        return false
      },
    )
    answer.settled?.(committed)
    return answer.rejected ?? []
  }
  const rows = (sql = `SELECT * FROM main."${fold.name}" ORDER BY 1`) => store.transaction((tx) => tx.all(sql))
  return { table, apply, rows }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

describe('a fold', () => {
  test('keeps a row per key, with its columns, and rejects one event alone', async () => {
    const loop = await fakeLoop(deriveFold(status, 'code'))
    const requested = (orderId: string, total: number): Event => ({ type: 'Requested', data: { orderId, total, note: 'n' } })
    const rejected = await loop.apply([
      chunkOf(orders, 0, 0n, [
        requested('a', 5),
        { type: 'Paid', data: { orderId: 'a', amount: -1 } },
        { type: 'Paid', data: { orderId: 'a', amount: 5 } },
        requested('b', 1),
        { type: 'Other', data: { orderId: 'a' } },
      ]),
    ])
    expect(rejected.map(({ index, reason }) => ({ index, reason }))).toEqual([
      { index: 1, reason: 'the handler of Paid failed: a payment of -1' },
    ])
    expect(await loop.rows('SELECT orderId, status, total, paid, notes::VARCHAR AS notes FROM main.order_status ORDER BY 1')).toEqual([
      { orderId: 'a', status: 'requested', total: 5n, paid: 5n, notes: '[n]' },
      { orderId: 'b', status: 'requested', total: 1n, paid: 0n, notes: '[n]' },
    ])
    expect(await loop.rows(`SELECT _partition, _offset FROM ${loop.table} ORDER BY orderId`)).toEqual([
      { _partition: 0, _offset: 2n },
      { _partition: 0, _offset: 3n },
    ])
    await loop.apply([chunkOf(orders, 0, 5n, [{ type: 'Removed', data: { orderId: 'a' } }])])
    expect((await loop.rows()).map((row) => row.orderId)).toEqual(['b'])
  })

  test('a bad value beside good ones changes nothing', async () => {
    const loop = await fakeLoop(deriveFold(status, 'code'))
    const chunk = chunkOf(orders, 0, 0n, [
      { type: 'Requested', data: {}, raw: '{"orderId":"a","total":1}' },
      { type: 'Requested', data: {}, raw: '{"orderId":"a","total":1.5}' },
      { type: 'Requested', data: {}, raw: '{"orderId":"a","total":2}' },
    ])
    expect(chunk.bad.map((bad) => bad.index)).toEqual([1])
    await loop.apply([chunk])
    expect((await loop.rows()).map((row) => row.total)).toEqual([3n])
  })

  test('a key in a second partition is rejected, naming both', async () => {
    const loop = await fakeLoop(deriveFold(status, 'code'))
    const one = (): Event[] => [{ type: 'Requested', data: { orderId: 'a', total: 1 } }]
    await loop.apply([chunkOf(orders, 0, 0n, one())])
    const rejected = await loop.apply([chunkOf(orders, 1, 0n, one())])
    expect(rejected[0]?.reason).toMatch(/"a" is in partition 1 and was in partition 0/)
    expect((await loop.rows()).map((row) => row.total)).toEqual([1n])
  })

  test('a handler that changes its input, is async or gives what does not fit rejects its event', async () => {
    const hostile = (act: (state: { n: number; at: { x: number }[] }, event: { k: string }) => unknown): FoldModel =>
      view('hostile', {
        from: things,
        state: z.object({ n: z.int(), at: z.array(z.object({ x: z.int() })) }),
        initial: { n: 0, at: [{ x: 1 }] },
        on: { things: act as never },
      })
    const things = stream('things', { key: 'k', event: z.object({ k: z.string() }) })
    const events: Event[] = [{ type: 'things', data: { k: 'a' } }]
    const cases: [RegExp, Parameters<typeof hostile>[0]][] = [
      [/read only|not extensible/, (state) => ((state.n as number) += 1)],
      [/read only|not extensible/, (state) => state.at.push({ x: 2 })],
      [/async/, async () => Promise.reject(new Error('later'))],
      [/n/, () => ({ n: 1.5, at: [] })],
      [
        /text/,
        () => {
          throw 'text'
        },
      ],
    ]
    for (const [reason, act] of cases) {
      const loop = await fakeLoop(deriveFold(hostile(act), 'code'))
      const rejected = await loop.apply([chunkOf(things, 0, 0n, events)])
      expect(rejected.map((one) => one.reason).join()).toMatch(reason)
      expect(await loop.rows()).toEqual([])
      // The same with a row: it stays as it is.
      let calls = 0
      const later = await fakeLoop(
        deriveFold(
          hostile((state, event) => (calls++ === 0 ? { n: 7, at: [] } : act(state, event))),
          'code',
        ),
      )
      expect((await later.apply([chunkOf(things, 0, 0n, [...events, ...events])])).map((one) => one.index)).toEqual([1])
      expect(await later.rows('SELECT k, n FROM main.hostile')).toEqual([{ k: 'a', n: 7n }])
    }
  })

  test('a Date in the state is each handler’s own copy', async () => {
    const ticks = stream('ticks', { key: 'k', event: z.object({ k: z.string() }) })
    const leaky = view('leaky', {
      from: ticks,
      state: z.object({ at: z.date(), n: z.int() }),
      initial: { at: new Date(0), n: 0 },
      on: {
        ticks: (state) => {
          const before = state.at.getTime()
          state.at.setTime(before + 1000)
          if (before !== 0) throw new Error(`leaked ${before}`)
          return { at: new Date(before), n: state.n + 1 }
        },
      },
    })
    const loop = await fakeLoop(deriveFold(leaky, 'code'))
    const events: Event[] = [0, 1, 2].map(() => ({ type: 'ticks', data: { k: 'a' } }))
    expect(await loop.apply([chunkOf(ticks, 0, 0n, events)])).toEqual([])
    expect((await loop.rows()).map((row) => row.n)).toEqual([3n])
  })

  test.each([false, true])('state of every type has real columns, and comes back as it went (constants: %s)', async (literal) => {
    const ledger = stream('ledger', { event: z.object({ account: sql.bigint(), amount: sql.decimal(18, 2) }) })
    const rich = view('rich', {
      from: ledger,
      key: 'account',
      state: z.object({
        total: sql.decimal(38, 2),
        hash: sql.blob(),
        at: z.date(),
        legs: z.array(z.object({ n: z.int(), amount: sql.decimal(18, 2) })),
        byDay: z.record(z.string(), z.int()),
        note: z.string().optional(),
        any: sql.json(),
      }),
      initial: { total: '0.00', hash: Uint8Array.of(), at: new Date(0), legs: [], byDay: {}, any: null },
      on: {
        ledger: (state, event) => ({
          total: event.amount,
          hash: Uint8Array.of(...state.hash, 0, 39, 255),
          at: new Date(state.at.getTime() + 1),
          legs: [...state.legs, { n: state.legs.length, amount: event.amount }],
          byDay: { ...state.byDay, [`d"${state.legs.length}`]: 1 },
          any: [state.any, "o'neil \u001e"],
        }),
      },
    })
    const loop = await fakeLoop(deriveFold(rich, 'code', { cacheKeysMax: 0 }))
    const account = 2n ** 63n - 1n
    for (let offset = 0n; offset < 2n; offset++) {
      await loop.apply([chunkOf(ledger, 0, offset, [{ type: 'ledger', data: { account, amount: '1234567890123456.78' } }])], { literal })
    }
    expect(await loop.rows('SELECT account, CAST(COLUMNS(* EXCLUDE account) AS VARCHAR) FROM main.rich')).toEqual([
      {
        account,
        total: '1234567890123456.78',
        hash: '\\x00\\x27\\xFF\\x00\\x27\\xFF',
        at: '1970-01-01 00:00:00.002+00',
        legs: "[{'n': 0, 'amount': 1234567890123456.78}, {'n': 1, 'amount': 1234567890123456.78}]",
        byDay: `{'d"0'=1, 'd"1'=1}`,
        note: null,
        any: expect.stringContaining("o'neil"),
      },
    ])
  })

  test.each([false, true])('many keys in a batch, none of them kept in memory (constants: %s)', async (literal) => {
    const loop = await fakeLoop(deriveFold(status, 'code', { cacheKeysMax: 2 }))
    const requests = (total: number): Event[] =>
      Array.from({ length: 200 }, (_, i) => ({ type: 'Requested', data: { orderId: `o${i}`, total } }))
    const removals: Event[] = Array.from({ length: 90 }, (_, i) => ({ type: 'Removed', data: { orderId: `o${i}` } }))
    for (const [i, events] of [requests(1), requests(2), removals].entries()) {
      await loop.apply([chunkOf(orders, 0, BigInt(i * 200), events)], { literal })
    }
    expect(await loop.rows('SELECT total, count(*)::INTEGER AS n FROM main.order_status GROUP BY ALL')).toEqual([{ total: 3n, n: 110 }])
  })

  test.each([1, 7, 1000])('whatever the batches (%i), roll-backs and cache: the rows of a plain fold', async (size) => {
    const event = fc.oneof(
      fc.record({
        type: fc.constant('Requested'),
        data: fc.record({
          orderId: fc.constantFrom('a', 'b', 'c', 'ü"\\', ''),
          total: fc.integer({ min: 0, max: 9 }),
          note: fc.option(fc.string({ unit: 'binary', maxLength: 3 }), { nil: undefined }),
        }),
      }),
      fc.record({
        type: fc.constant('Paid'),
        data: fc.record({ orderId: fc.constantFrom('a', 'b', 'c', 'd'), amount: fc.integer({ min: -1, max: 5 }) }),
      }),
      fc.record({ type: fc.constantFrom('Removed', 'Other'), data: fc.record({ orderId: fc.constantFrom('a', 'b', 'c', 'd') }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), fc.boolean(), fc.integer({ min: 1, max: 4 }), async (events, literal, cut) => {
        const loop = await fakeLoop(deriveFold(status, 'code', { cacheKeysMax: 2 }))
        const chunks: CheckedChunk[] = []
        for (let from = 0; from < events.length; from += size)
          chunks.push(chunkOf(orders, 0, BigInt(from), events.slice(from, from + size) as Event[]))
        const rejected: string[] = []
        for (const [i, chunk] of chunks.entries()) {
          if (i % cut === 0) await loop.apply([chunk], { literal, rollback: true })
          for (const one of await loop.apply([chunk], { literal })) rejected.push(`${one.chunk.first + BigInt(one.index)}`)
        }
        const plain = plainFold(events as Event[])
        expect(await loop.rows(`SELECT orderId, _state FROM ${loop.table} ORDER BY 1`)).toEqual(plain.rows)
        expect(await loop.rows(`SELECT orderId, status, total, paid, notes FROM ${loop.table} ORDER BY 1`)).toEqual(await loop.rows())
        expect(rejected).toEqual(plain.rejected)
        const again: { orderId: string; _state: string }[] = []
        for await (const { key, state } of refold(status, each(chunks))) again.push({ orderId: key, _state: state })
        expect(again.sort(byKey)).toEqual(plain.rows)
        await store.script([`DROP VIEW main.order_status`, `DROP VIEW _rel.order_status`, `DROP TABLE ${loop.table}`])
      }),
      { numRuns: size === 1 ? 20 : 30 },
    )
  })
})

function byKey(a: { orderId: string }, b: { orderId: string }): number {
  return Buffer.compare(Buffer.from(a.orderId), Buffer.from(b.orderId))
}

/** The fold as one would write it by hand, with nothing of the engine. */
function plainFold(events: readonly Event[]): { rows: { orderId: string; _state: string }[]; rejected: string[] } {
  const states = new Map<string, { status: string; total: number; paid: number; notes: string[] }>()
  const rejected: string[] = []
  for (const [offset, { type, data }] of events.entries()) {
    const key = data.orderId as string
    const state = states.get(key) ?? { status: 'new', total: 0, paid: 0, notes: [] }
    if (type === 'Requested')
      states.set(key, {
        ...state,
        status: 'requested',
        total: state.total + (data.total as number),
        notes: data.note === undefined ? state.notes : [...state.notes, data.note as string],
      })
    if (type === 'Removed') states.delete(key)
    if (type !== 'Paid') continue
    const amount = data.amount as number
    if (amount < 0) rejected.push(String(offset))
    else if (state.paid + amount <= state.total) states.set(key, { ...state, paid: state.paid + amount })
  }
  const rows = [...states].map(([orderId, state]) => ({ orderId, _state: JSON.stringify(state) })).sort(byKey)
  return { rows, rejected }
}
