import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Chunk, Log } from '../../connectors/log/log.ts'
import { partitionOf } from '../../connectors/log/partition.ts'
import { stream } from '../model/declare/stream.ts'
import { table } from '../model/declare/table.ts'
import { sql } from '../model/schema/sql.ts'
import { type Appender, createAppender, type EventInput } from './append.ts'

const shop = stream('shop', {
  key: 'sku',
  partitions: 4,
  versions: true,
  events: {
    StockReceived: z.object({ sku: z.string(), quantity: z.int() }),
    OrderRequested: z.object({ sku: z.string(), orderId: z.string() }),
  },
})
const clicks = stream('clicks', { partitions: 3, event: z.object({ page: z.string() }) })
const numbers = stream('numbers', { key: 'id', event: z.object({ id: z.int() }) })
const products = table('products', { key: 'sku', row: z.object({ sku: z.string(), name: z.string() }) })
const want = { keys: true, types: true, times: true }

describe('createAppender', () => {
  let dir: string
  let log: Log
  let appender: Appender

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'evert-append-'))
    log = await openEmbeddedLog(dir)
    appender = createAppender(log, [shop, clicks, numbers, products])
  })
  afterAll(async () => {
    await log.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('creates the topic, keys and marks the events, and tells their places in the order given', async () => {
    const skus = ['cup', 'plate', 'bowl', 'cup', 'spoon']
    const appended = await appender.append(shop, [
      ...skus.map((sku, quantity) => ({ type: 'StockReceived', data: { sku, quantity } }) as const),
      { type: 'OrderRequested', data: { sku: 'cup', orderId: 'o1' } },
    ])
    expect(await log.topic('shop')).toMatchObject({ partitions: 4, versions: true })
    const places = appended.places()
    expect(places.map(({ partition }) => partition)).toEqual([...skus, 'cup'].map((sku) => partitionOf(sku, 4)))
    for (const [index, { partition, offset }] of places.entries()) {
      const chunk = (await log.read('shop', partition, offset, { want, maxEvents: 1 })) as Chunk
      expect(chunk.keys).toEqual([[...skus, 'cup'][index]])
      expect(chunk.types[chunk.typeIndexes?.[0] ?? 0]).toBe(index === 5 ? 'OrderRequested' : 'StockReceived')
      expect(chunk.schema).toBe(shop.fingerprint)
      expect(JSON.parse(Buffer.from(chunk.values).toString())).toEqual(
        index === 5 ? { sku: 'cup', orderId: 'o1' } : { sku: skus[index], quantity: index },
      )
    }
  })

  it('events without a key stay together, another partition each call', async () => {
    const partitions: (number | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      const places = (await appender.append('clicks', [{ data: { page: 'a' } }, { data: { page: 'b' } }])).places()
      expect(new Set(places.map(({ partition }) => partition)).size).toBe(1)
      partitions.push(places[0]?.partition)
    }
    expect(partitions).toEqual([0, 1, 2, 0, 1, 2])
  })

  it('a table takes rows and tombstones', async () => {
    await appender.append(products, [
      { data: { sku: 'cup', name: 'Cup' } },
      { data: null, key: 'cup' },
      { data: { sku: 'ключ', name: 'Key' } },
    ])
    expect(await log.read('products', 0, 0n, { want })).toMatchObject({
      count: 3,
      nulls: [1],
      keys: ['cup', 'cup', 'ключ'],
      types: ['products'],
    })
    await expect(appender.append(products, [{ data: null }])).rejects.toMatchObject({ code: 'event-invalid', details: { index: 0 } })
  })

  it('refuses by index, and writes nothing of the call', async () => {
    const before = await log.ends(['shop'])
    const good = { type: 'StockReceived', data: { sku: 'cup', quantity: 1 } }
    const refused = [
      { type: 'StockReceived', data: { sku: 'cup', quantity: 1.7 } },
      { type: 'Stock', data: {} },
      { data: { sku: 'cup', quantity: 1 } },
      { type: 'StockReceived', data: null },
      { ...good, key: 'plate' },
    ]
    for (const bad of refused)
      await expect(appender.append('shop', [good, good, bad])).rejects.toMatchObject({ code: 'event-invalid', details: { index: 2 } })
    await expect(appender.append('shop', [{ type: 'StockReceived', data: { sku: 'cup', quantity: 1.7 } }])).rejects.toThrow(
      /Event 0 \(StockReceived\).*quantity is 1\.7/,
    )
    await expect(appender.append('nowhere', [])).rejects.toMatchObject({ code: 'topic-unknown' })
    expect(await log.ends(['shop'])).toEqual(before)
  })

  it('hands the expected version and the producer on', async () => {
    const events = [{ type: 'OrderRequested', data: { sku: 'fork', orderId: 'o' } }] as const
    expect(await appender.append(shop, events, { expected: { key: 'fork', version: 0 } })).toMatchObject({ ok: true })
    const lost = await appender.append(shop, events, { expected: { key: 'fork', version: 0 } })
    expect(lost).toMatchObject({ ok: false, conflict: { key: 'fork', expected: 0, actual: 1 } })
    expect(lost.places()).toEqual([])
    const first = await appender.append(shop, events, { producer: 'tests', sequence: 1 })
    const again = await appender.append(shop, events, { producer: 'tests', sequence: 1 })
    expect(again).toMatchObject({ ok: true, duplicate: true })
    expect(again.places()).toEqual(first.places())
    expect(await log.version('shop', 'fork')).toBe(2)
  })

  it('one entity has one key, however its payload was written', async () => {
    const amounts = stream('amounts', { key: 'amount', event: z.object({ amount: sql.decimal(18, 2) }) })
    const own = createAppender(log, [amounts])
    for (const amount of ['1.5', '1.50'] as const) await own.append('amounts', [{ data: { amount } }])
    await own.append('amounts', [{ data: { amount: 1.5 } }])
    expect((await log.read('amounts', 0, 0n, { want }))?.keys).toEqual(['1.50', '1.50', '1.50'])
    await appender.append(numbers, [{ data: { id: -0 } }, { data: { id: 12 } }])
    expect((await log.read('numbers', 0, 0n, { want }))?.keys).toEqual(['0', '12'])
  })

  it('knows the payloads of a declared stream', () => {
    expectTypeOf<EventInput<typeof shop>>().toExtend<{ readonly type: 'StockReceived' | 'OrderRequested' }>()
    expectTypeOf<EventInput<typeof clicks>['data']>().toEqualTypeOf<{ page: string }>()
    expectTypeOf<EventInput<typeof products>['data']>().toEqualTypeOf<{ sku: string; name: string } | null>()
    // @ts-expect-error a payload of another type
    const wrong: EventInput<typeof shop> = { type: 'OrderRequested', data: { sku: 'cup', quantity: 1 } }
    // @ts-expect-error several types, and none is named
    const unnamed: EventInput<typeof shop> = { data: { sku: 'cup', quantity: 1 } }
    expect([wrong, unnamed]).toHaveLength(2)
  })
})
