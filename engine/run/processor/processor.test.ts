import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../../connectors/log/log.ts'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import type { Store } from '../../../connectors/store/store.ts'
import { processor } from '../../model/declare/processor.ts'
import { stream } from '../../model/declare/stream.ts'
import type { BadEventPolicy, ProcessorModel, StreamModel } from '../../model/types.ts'
import { createAppender } from '../append.ts'
import { initialize } from '../registry.ts'
import { createProcessor, type Processor } from './processor.ts'

let dir: string
let log: Log
let store: Store
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'evert-processor-'))
  log = await openEmbeddedLog(dir)
  store = await freshStore()
})
afterEach(async () => {
  await store.close()
  await log.close()
  rmSync(dir, { recursive: true })
})

async function freshStore(): Promise<Store> {
  const opened = await openDuckdb(':memory:')
  await initialize(opened)
  return opened
}

/** Calls of `handle`, of all processors of a test. */
let handled = 0

function shop(options: { onBad?: BadEventPolicy; partitions?: number; broken?: () => boolean } = {}): {
  stock: StreamModel
  validate: ProcessorModel
} {
  const stock = stream('shop', {
    key: 'sku',
    partitions: options.partitions ?? 1,
    onBad: options.onBad ?? 'dead-letter',
    events: {
      StockReceived: z.object({ sku: z.string(), quantity: z.int().min(1) }),
      OrderRequested: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int() }),
      OrderValidated: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int(), left: z.int().min(0) }),
      OrderRejected: z.object({ sku: z.string(), orderId: z.string(), why: z.string() }),
      Noted: z.object({ sku: z.string() }),
    },
  })
  const validate = processor('validate', {
    from: stock,
    to: stock,
    emits: ['OrderValidated', 'OrderRejected'],
    state: z.object({ available: z.int() }),
    initial: { available: 0 },
    handle: {
      OrderRequested: ({ sku, orderId, quantity }, { available }) => {
        handled++
        if (quantity === 13) throw new Error('unlucky')
        if (options.broken?.()) throw new Error('broken')
        if (quantity > available) return { type: 'OrderRejected', data: { sku, orderId, why: `${available} left` } }
        return { type: 'OrderValidated', data: { sku, orderId, quantity, left: available - quantity } }
      },
    },
    evolve: {
      StockReceived: (state, event) => ({ available: state.available + event.quantity }),
      OrderValidated: (state, event) => ({ available: state.available - event.quantity }),
    },
  })
  return { stock, validate }
}

interface Line {
  readonly type: string
  readonly [field: string]: unknown
}

/** Every event of a topic, partition by partition. */
async function events(topic: string): Promise<Line[]> {
  const lines: Line[] = []
  for (let partition = 0; partition < (await log.topic(topic)).partitions; partition++) {
    for (let at = 0n; ; ) {
      const chunk = await log.read(topic, partition, at, { want: { types: true } })
      if (!chunk) break
      const texts = Buffer.from(chunk.values).toString('utf8').split('\x1e')
      for (const [i, text] of texts.entries())
        lines.push({ type: chunk.types[chunk.typeIndexes?.[i] ?? 0] ?? '', ...(JSON.parse(text) as object) })
      at = chunk.next
    }
  }
  return lines
}

async function drain(processor: Processor, eventsMax?: number): Promise<void> {
  while ((await processor.step(eventsMax === undefined ? {} : { eventsMax })).events > 0);
}

const rows = (sql: string, of = store) => of.transaction((tx) => tx.all(sql))
const states = (of = store) => rows('SELECT sku, _state FROM _state."processor:validate" ORDER BY sku', of)
const received = (sku: string, quantity: number) => ({ type: 'StockReceived' as const, data: { sku, quantity } })
const requested = (sku: string, orderId: string, quantity: number) => ({
  type: 'OrderRequested' as const,
  data: { sku, orderId, quantity },
})

describe('a processor', () => {
  test('answers each request once, and sees its own outputs at once', async () => {
    const { stock, validate } = shop()
    await createAppender(log, [stock]).append('shop', [
      received('cup', 5),
      requested('cup', 'o1', 3),
      requested('cup', 'o2', 3),
      { type: 'Noted', data: { sku: 'cup' } },
      requested('cup', 'o3', 2),
    ])
    const running = await createProcessor(validate, 'code', { log, store })
    expect(await running.step()).toEqual({ events: 5, outputs: 3 })
    expect((await events('shop')).slice(5)).toEqual([
      { type: 'OrderValidated', sku: 'cup', orderId: 'o1', quantity: 3, left: 2 },
      { type: 'OrderRejected', sku: 'cup', orderId: 'o2', why: '2 left' },
      { type: 'OrderValidated', sku: 'cup', orderId: 'o3', quantity: 2, left: 0 },
    ])
    await drain(running)
    expect((await events('shop')).length).toBe(8)
    expect(running.position).toEqual([8n])
    expect(running.counts).toEqual({ read: 8, applied: 8, dead: 0, skipped: 0 })
    expect(await states()).toEqual([{ sku: 'cup', _state: '{"available":0}' }])
    await running.close()
  })

  test('a lost store is rebuilt from the log, and handle never runs for it', async () => {
    const { stock, validate } = shop()
    const appender = createAppender(log, [stock])
    await appender.append('shop', [received('cup', 9), received('pot', 2)])
    const running = await createProcessor(validate, 'code', { log, store })
    for (let order = 0; order < 6; order++) {
      await appender.append('shop', [requested(order % 2 === 0 ? 'cup' : 'pot', `o${order}`, order === 4 ? 13 : 2)])
      await drain(running, 2)
    }
    await running.close()
    const before = {
      states: await states(),
      log: await events('shop'),
      dead: await rows('SELECT * FROM _evert.dead_letters'),
      counts: running.counts,
    }
    expect(before.counts.dead).toBe(1)
    const again = await freshStore()
    handled = 0
    const rebuilt = await createProcessor(validate, 'code', { log, store: again })
    await drain(rebuilt, 3)
    expect(handled).toBe(0)
    expect(await states(again)).toEqual(before.states)
    expect(await rows('SELECT * FROM _evert.dead_letters', again)).toEqual(before.dead)
    expect(rebuilt.counts).toEqual(before.counts)
    expect(await rows('SELECT "read", applied, dead, skipped FROM _evert.counts', again)).toEqual(
      await rows('SELECT "read", applied, dead, skipped FROM _evert.counts'),
    )
    expect(await events('shop')).toEqual(before.log)
    await again.close()
  })

  test('a state that is behind the log catches up, and goes on', async () => {
    const { stock, validate } = shop()
    const appender = createAppender(log, [stock])
    await appender.append('shop', [received('cup', 5), requested('cup', 'o1', 3), requested('cup', 'o2', 13)])
    // The store fails after the log has committed, as a crash between the two would have it.
    let isFailing = true
    const failing: Store = {
      ...store,
      script: (statements) =>
        isFailing && statements.some((sql) => sql.includes('sequence = 1'))
          ? Promise.reject(new Error('power cut'))
          : store.script(statements),
    }
    const running = await createProcessor(validate, 'code', { log, store: failing })
    await expect(running.step()).rejects.toThrow('power cut')
    expect(await states()).toEqual([])
    expect((await events('shop')).length).toBe(4)
    isFailing = false
    handled = 0
    expect(await running.step()).toEqual({ events: 3, outputs: 0 })
    expect(handled).toBe(0)
    await appender.append('shop', [requested('cup', 'o3', 2)])
    await drain(running)
    expect((await events('shop')).slice(3).map(({ type, orderId }) => `${type} ${orderId}`)).toEqual([
      'OrderValidated o1',
      'OrderRequested o3',
      'OrderValidated o3',
    ])
    expect(await rows('SELECT consumer, "offset", type, reason FROM _evert.dead_letters')).toEqual([
      { consumer: 'validate', offset: 2n, type: 'OrderRequested', reason: 'the handler of OrderRequested failed: unlucky' },
    ])
    expect(running.counts).toEqual({ read: 6, applied: 5, dead: 1, skipped: 0 })
  })

  test('a changed definition rebuilds the state from the log, without handle', async () => {
    const { stock, validate } = shop()
    await createAppender(log, [stock]).append('shop', [received('cup', 5), requested('cup', 'o1', 3), requested('cup', 'o2', 13)])
    await drain(await createProcessor(validate, 'code', { log, store }))
    const doubled: ProcessorModel = {
      ...validate,
      evolve: {
        ...validate.evolve,
        StockReceived: (state, event) => ({ available: (state.available as number) + 2 * (event.quantity as number) }),
      },
    }
    handled = 0
    const running = await createProcessor(doubled, 'other code', { log, store })
    await drain(running)
    expect(handled).toBe(0)
    expect(await states()).toEqual([{ sku: 'cup', _state: '{"available":7}' }])
    expect(running.counts).toEqual({ read: 4, applied: 3, dead: 1, skipped: 0 })
    expect((await rows('FROM _evert.dead_letters')).length).toBe(1)
  })

  test('skip: counted, no dead letter, the same after a rebuild', async () => {
    const { stock, validate } = shop({ onBad: 'skip' })
    await createAppender(log, [stock]).append('shop', [received('cup', 5), requested('cup', 'o1', 13), requested('cup', 'o2', 1)])
    const running = await createProcessor(validate, 'code', { log, store })
    await drain(running)
    expect(running.counts).toEqual({ read: 4, applied: 3, dead: 0, skipped: 1 })
    expect(await rows('FROM _evert.dead_letters')).toEqual([])
    const again = await freshStore()
    const rebuilt = await createProcessor(validate, 'code', { log, store: again })
    await drain(rebuilt)
    expect(rebuilt.counts).toEqual(running.counts)
    await again.close()
  })

  test('halt: what came before is committed, then the place is named, until the handler is mended', async () => {
    let broken = false
    const { stock, validate } = shop({ onBad: 'halt', broken: () => broken })
    const appender = createAppender(log, [stock])
    await appender.append('shop', [received('cup', 5), received('cup', 1)])
    const running = await createProcessor(validate, 'code', { log, store })
    broken = true
    await appender.append('shop', [requested('cup', 'o1', 1)])
    expect(await running.step()).toEqual({ events: 2, outputs: 0 })
    await expect(running.step()).rejects.toMatchObject({ code: 'event-refused', message: expect.stringContaining('shop/0@2') })
    await expect(running.step()).rejects.toMatchObject({ code: 'event-refused' })
    expect(running.position).toEqual([2n])
    broken = false
    await drain(running)
    expect((await events('shop')).map((event) => event.type)).toEqual([
      'StockReceived',
      'StockReceived',
      'OrderRequested',
      'OrderValidated',
    ])
  })

  test('an output that does not fit, is not declared or comes late refuses its input', async () => {
    const { stock, validate } = shop()
    const returns: [RegExp, () => unknown][] = [
      [/left/, () => ({ type: 'OrderValidated', data: { sku: 'cup', orderId: 'o', quantity: 1, left: -1 } })],
      [/"StockReceived" is none that validate emits/, () => ({ type: 'StockReceived', data: { sku: 'cup', quantity: 1 } })],
      [/"text" is none/, () => ['text']],
      [/async/, () => Promise.reject(new Error('late'))],
    ]
    const appender = createAppender(log, [stock])
    for (const [i, [, returned]] of returns.entries()) {
      await appender.append('shop', [requested('cup', `o${i}`, 0)])
      const running = await createProcessor({ ...validate, handle: { OrderRequested: returned as never } }, 'code', { log, store })
      await drain(running)
    }
    const dead = await rows('SELECT reason FROM _evert.dead_letters ORDER BY "offset"')
    expect(dead.length).toBe(returns.length)
    for (const [i, [reason]] of returns.entries()) expect(dead[i]?.reason).toMatch(reason)
    expect((await events('shop')).length).toBe(returns.length)
  })

  test('an output that evolve does not take leaves the state as it was before the input', async () => {
    const { stock, validate } = shop()
    const fragile: ProcessorModel = {
      ...validate,
      handle: { StockReceived: () => ({ type: 'OrderValidated', data: { sku: 'cup', orderId: 'o', quantity: 1, left: 0 } }) },
      evolve: {
        ...validate.evolve,
        OrderValidated: (state) => {
          if (state.available === 5) throw new Error('five')
          return { available: (state.available as number) + 100 }
        },
      },
    }
    await createAppender(log, [stock]).append('shop', [received('cup', 5), received('cup', 1)])
    await drain(await createProcessor(fragile, 'code', { log, store }))
    expect(await states()).toEqual([{ sku: 'cup', _state: '{"available":101}' }])
    expect((await events('shop')).map((event) => event.type)).toEqual(['StockReceived', 'StockReceived', 'OrderValidated'])
    expect(await rows('SELECT "offset", reason FROM _evert.dead_letters')).toEqual([
      { offset: 0n, reason: 'the handler of StockReceived failed: five' },
    ])
  })

  test('handle cannot change what evolve sees', async () => {
    const dated = stream('dated', { key: 'k', event: z.object({ k: z.string(), at: z.date(), tags: z.array(z.string()) }) })
    const out = stream('out', { event: z.object({ k: z.string() }) })
    const model = processor('dating', {
      from: dated,
      to: out,
      emits: ['out'],
      state: z.object({ at: z.date(), count: z.int() }),
      initial: { at: new Date(0), count: 0 },
      handle: {
        dated: (event, state) => {
          event.at.setTime(1)
          state.at.setTime(1)
          return null
        },
      },
      evolve: { dated: (state, event) => ({ at: new Date(state.at.getTime() + event.at.getTime()), count: state.count + 1 }) },
    })
    const appender = createAppender(log, [dated])
    for (let i = 0; i < 2; i++) await appender.append('dated', [{ data: { k: 'a', at: new Date(5000), tags: [] } }])
    await drain(await createProcessor(model, 'code', { log, store }))
    expect(await rows('SELECT _state FROM _state."processor:dating"')).toEqual([{ _state: '{"at":"1970-01-01T00:00:10.000Z","count":2}' }])
  })

  test('reads one stream and appends to others; without a state', async () => {
    const clicks = stream('clicks', { partitions: 3, event: z.object({ user: z.string(), page: z.string() }) })
    const byPage = stream('by_page', { key: 'page', partitions: 2, event: z.object({ page: z.string(), user: z.string() }) })
    const byUser = stream('by_user', { key: 'user', event: z.object({ page: z.string(), user: z.string() }) })
    const model = processor('repartition', {
      from: clicks,
      to: [byPage, byUser],
      emits: ['by_page', 'by_user'],
      handle: {
        clicks: (event) => [
          { type: 'by_page' as const, data: event },
          { type: 'by_user' as const, data: event },
        ],
      },
    })
    const appender = createAppender(log, [clicks])
    for (let i = 0; i < 9; i++)
      await appender.append('clicks', [{ data: { user: `u${i % 3}`, page: `p${i % 4}` } }, { data: { user: 'u', page: `p${i}` } }])
    const running = await createProcessor(model, 'code', { log, store })
    await drain(running, 5)
    expect(running.counts).toEqual({ read: 18, applied: 18, dead: 0, skipped: 0 })
    for (const topic of ['by_page', 'by_user']) {
      const text = (line: Line) => `${line.user} ${line.page}`
      expect((await events(topic)).map(text).sort()).toEqual((await events('clicks')).map(text).sort())
    }
  })

  test('a state of another log is refused', async () => {
    const { validate } = shop()
    await createProcessor(validate, 'code', { log, store })
    const elsewhere = mkdtempSync(join(tmpdir(), 'evert-processor-'))
    const other = await openEmbeddedLog(elsewhere)
    await expect(createProcessor(validate, 'code', { log: other, store })).rejects.toMatchObject({ code: 'position-mismatch' })
    await other.close()
    rmSync(elsewhere, { recursive: true })
  })

  test('whatever the steps, the store lost at any time: one outcome a request, the state of a recomputation', async () => {
    const request = fc.record({ sku: fc.constantFrom('a', 'b', 'c'), quantity: fc.constantFrom(1, 2, 5, 13), receive: fc.boolean() })
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 6 }),
        async (requests, eventsMax, loseEvery) => {
          const { stock: named, validate: model } = shop({ partitions: 2 })
          const topic = `shop${round++}`
          const stock: StreamModel = { ...named, topic }
          const validate: ProcessorModel = { ...model, name: `validate${round}`, from: stock, to: [stock] }
          const appender = createAppender(log, [stock])
          let own = await freshStore()
          let running = await createProcessor(validate, 'code', { log, store: own, cacheKeysMax: 1 })
          for (const [i, { sku, quantity, receive }] of requests.entries()) {
            await appender.append('shop', [receive ? received(sku, quantity) : requested(sku, `o${i}`, quantity)])
            await running.step({ eventsMax })
            if (i % loseEvery !== 0) continue
            await running.close()
            await own.close()
            own = await freshStore()
            running = await createProcessor(validate, 'code', { log, store: own, cacheKeysMax: 1 })
          }
          await drain(running, eventsMax)
          const all = await events(topic)
          const wanted = requests.flatMap(({ receive, quantity }, i) => (receive || quantity === 13 ? [] : [`o${i}`]))
          expect(
            all
              .filter((event) => event.type === 'OrderValidated' || event.type === 'OrderRejected')
              .map((event) => String(event.orderId))
              .sort(),
          ).toEqual(wanted.sort())
          const stocks = new Map<string, number>()
          for (const event of all) {
            const change =
              event.type === 'StockReceived'
                ? (event.quantity as number)
                : event.type === 'OrderValidated'
                  ? -(event.quantity as number)
                  : undefined
            if (change !== undefined) stocks.set(String(event.sku), (stocks.get(String(event.sku)) ?? 0) + change)
          }
          expect([...stocks.values()].every((available) => available >= 0)).toBe(true)
          const kept = await own.transaction((tx) => tx.all(`SELECT sku, _state FROM _state."processor:validate${round}" ORDER BY sku`))
          expect(kept).toEqual([...stocks].sort().map(([sku, available]) => ({ sku, _state: `{"available":${available}}` })))
          const dead = requests.filter(({ receive, quantity }) => !receive && quantity === 13).length
          expect(running.counts).toEqual({ read: all.length, applied: all.length - dead, dead, skipped: 0 })
          await own.close()
        },
      ),
      { numRuns: 12 },
    )
  })
})
