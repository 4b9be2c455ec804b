import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import { ident } from '../../../connectors/store/quote.ts'
import type { Parameter, Row, Store } from '../../../connectors/store/store.ts'
import { chunkOf, type Event } from '../../../test/support/chunk-of.ts'
import { stream } from '../../model/declare/stream.ts'
import { view } from '../../model/declare/view.ts'
import { sql } from '../../model/schema/sql.ts'
import type { FoldModel } from '../../model/types.ts'
import { runAll } from '../as-steps.ts'
import type { Batch } from '../batch.ts'
import { BatchChanges } from '../changes.ts'
import type { Derivation, Statement } from '../derivation.ts'
import { literalBinder, parameterBinder } from '../source.ts'
import { deriveFold } from './derive-fold.ts'

let store: Store
let made = 0
beforeAll(async () => {
  store = await openDuckdb(':memory:', { threads: 1 })
  await store.script(['CREATE SCHEMA _state', 'CREATE SCHEMA _rel'])
})
afterAll(() => store.close())

const carts = stream('carts', {
  key: 'cart',
  events: {
    Put: z.object({ cart: z.string(), item: z.string(), n: z.int() }),
    Seen: z.object({ cart: z.string() }),
    Dropped: z.object({ cart: z.string() }),
  },
})
const contents = view('contents', {
  from: carts,
  state: z.object({
    items: z.record(z.string(), z.int()),
    sum: z.int(),
    cost: sql.decimal(18, 2),
    hash: sql.blob(),
    at: z.date().optional(),
  }),
  initial: { items: {}, sum: 0, cost: '0.00', hash: Uint8Array.of() },
  on: {
    Put: (state, event) => ({
      items: { ...state.items, [event.item]: event.n },
      sum: Object.values({ ...state.items, [event.item]: event.n }).reduce((a, b) => a + b, 0),
      cost: `${event.n}.50`,
      hash: Uint8Array.of(event.n),
      ...(event.n === 0 ? { at: new Date(event.n) } : {}),
    }),
    Seen: (state) => ({ ...state }),
    Dropped: () => null,
  },
})

/** A fold as the loop keeps it, whose change somebody reads, with the sum of what it handed on. */
async function openFold(model: FoldModel, literal: boolean, cacheKeysMax: number) {
  const fold = deriveFold(model, 'code', { cacheKeysMax })
  const table = `_state.${ident(`${fold.name}@${made++}`)}`
  const handed = `_state.${ident(`handed@${made}`)}`
  await store.script([...fold.create(table), ...fold.expose(table)])
  await store.script([`CREATE TABLE ${handed} AS SELECT *, CAST(0 AS BIGINT) AS _w FROM _rel.${ident(fold.id)}`])
  const reader = { derivation: { reads: [fold.id] } as Partial<Derivation> as Derivation }
  const all = (text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]> =>
    store.transaction((tx) => tx.all(text, parameters))
  let next = 0n
  const apply = async (events: readonly Event[], options: { rollback?: boolean } = {}) => {
    const chunks = [chunkOf(model.from, 0, next, events)]
    const batch: Batch = { chunks: new Map([[model.from.name, chunks]]), events: 0, bytes: 0, to: new Map() }
    const changes = new BatchChanges([reader])
    const deltas = (parameters: Parameter[]) => ({ from: () => '', binder: literal ? literalBinder : parameterBinder(parameters) })
    const before = { run: () => Promise.reject(new Error('it only reads')), all }
    const answer = await fold.prepare(batch, table, { deltas, before, literal, changes, isFirst: false, at: 1n })
    if (options.rollback === true) {
      answer.settled?.(false)
      return undefined
    }
    const change = await store.transaction(async (tx) => {
      await runAll(tx, answer)
      if (!changes.has(fold.id)) return []
      await tx.run(`INSERT INTO ${handed} SELECT * FROM ${changes.table(fold.id)}`)
      return tx.all(`SELECT * FROM ${changes.table(fold.id)} ORDER BY ALL`)
    })
    answer.settled?.(true)
    next += BigInt(events.length)
    return change
  }
  const close = () => store.script([...fold.conceal(), `DROP TABLE ${table}`, `DROP TABLE ${handed}`])
  const rows = () => all(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM _rel.${ident(fold.id)} ORDER BY ALL`)
  const sum = () =>
    all(
      `SELECT * EXCLUDE (_n) FROM (SELECT CAST(COLUMNS(* EXCLUDE _w) AS VARCHAR), unnest(range(_w)) AS _n FROM (SELECT * EXCLUDE _w, CAST(sum(_w) AS BIGINT) AS _w FROM ${handed} GROUP BY ALL)) ORDER BY ALL`,
    )
  const types = () => all(`SELECT column_name AS name, column_type AS type FROM (DESCRIBE temp.${ident(`change of ${fold.id}`)})`)
  return { fold, table, apply, rows, sum, types, close, places: () => all(`SELECT _offset FROM ${table} ORDER BY 1`) }
}

const put = (cart: string, item: string, n: number): Event => ({ type: 'Put', data: { cart, item, n } })
const seen = (cart: string): Event => ({ type: 'Seen', data: { cart } })
const dropped = (cart: string): Event => ({ type: 'Dropped', data: { cart } })

describe('the change of a fold', () => {
  test.each([false, true])('is old and new rows, as readers see them (constants: %s)', async (literal) => {
    const opened = await openFold(contents, literal, 100)
    const weights = async (events: readonly Event[]) => (await opened.apply(events))?.map(({ cart, sum, _w }) => [cart, sum, _w])
    expect(await weights([put('a', 'x', 1), put('b', 'x', 2), put('a', 'y', 2)])).toEqual([
      ['a', 3n, 1n],
      ['b', 2n, 1n],
    ])
    expect([...(await opened.types())]).toEqual([...opened.fold.columns, { name: '_w', type: 'BIGINT' }])
    expect(await weights([dropped('b'), put('a', 'y', 0)])).toEqual([
      ['a', 1n, 1n],
      ['a', 3n, -1n],
      ['b', 2n, -1n],
    ])
    expect(await weights([put('c', 'x', 1), dropped('c'), dropped('unknown')])).toEqual([])
    await opened.close()
  })

  test('a state that an event leaves as it is changes nothing but its place', async () => {
    const opened = await openFold(contents, false, 0)
    await opened.apply([put('a', 'x', 1)])
    expect(await opened.apply([seen('a')])).toEqual([])
    expect(await opened.places()).toEqual([{ _offset: 1n }])
    await opened.close()
  })

  test('nobody reads it: it is not computed', async () => {
    const fold = deriveFold(contents, 'code')
    const batch: Batch = { chunks: new Map([['carts', [chunkOf(carts, 0, 0n, [put('a', 'x', 1)])]]]), events: 1, bytes: 1, to: new Map() }
    const before = { run: () => Promise.reject(new Error('it only reads')), all: async () => [] }
    const deltas = () => ({ from: () => '', binder: literalBinder })
    const context = { deltas, before, literal: true, changes: new BatchChanges([]), isFirst: false, at: 1n }
    const { statements } = await fold.prepare(batch, '_state.t', context)
    expect((statements as readonly Statement[]).map(({ sql }) => sql.slice(0, 6))).toEqual(['INSERT'])
  })

  test.each([
    [false, 100],
    [true, 100],
    [false, 1],
  ])('whatever comes, the sum of the changes is the rows (constants: %s, states in memory: %i)', async (literal, cacheKeysMax) => {
    const cart = fc.constantFrom('a', 'b', 'c', "o'neil", '')
    const event = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(cart, fc.constantFrom('x', 'y'), fc.integer({ min: 0, max: 2 })).map((args) => put(...args)) },
      { weight: 1, arbitrary: cart.map(seen) },
      { weight: 2, arbitrary: cart.map(dropped) },
    )
    const batch = fc.record({ events: fc.array(event, { minLength: 1, maxLength: 8 }), rollback: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 6 }), async (batches) => {
        const opened = await openFold(contents, literal, cacheKeysMax)
        for (const { events, rollback } of batches) {
          if (rollback) await opened.apply(events, { rollback })
          await opened.apply(events)
          expect(await opened.sum()).toEqual(await opened.rows())
        }
        await opened.close()
      }),
      { numRuns: 15 },
    )
  })

  test.each([false, true])('many keys at once (constants: %s)', async (literal) => {
    const opened = await openFold(contents, literal, 10)
    const carts = Array.from({ length: 120 }, (_, i) => `c${i}`)
    expect(await opened.apply(carts.map((cart) => put(cart, 'x', 1)))).toHaveLength(120)
    expect(await opened.apply(carts.slice(0, 60).map(dropped))).toHaveLength(60)
    expect(await opened.sum()).toEqual(await opened.rows())
    await opened.close()
  })
})
