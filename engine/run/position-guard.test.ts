import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { stream } from '../model/declare/stream.ts'
import { applyBatch } from './apply.ts'
import type { Batch, Source } from './batch.ts'
import { positionStatement } from './position-statement.ts'
import { initialize, insertPosition } from './registry.ts'

const counted = stream('counted', { partitions: 2, event: z.object({ n: z.int() }) })
const sources: ReadonlyMap<string, Source> = new Map([[counted.name, counted]])
let store: Store

beforeAll(async () => {
  store = await openDuckdb(':memory:')
  await initialize(store)
  await store.script([insertPosition('counted', 'id', 0), insertPosition('counted', 'id', 1)])
})

afterAll(() => store.close())

/** Applies an empty batch that says it goes from one position to another: statement by statement, or as one string. */
async function apply(from: readonly bigint[], to: readonly bigint[], literalEventsMax: number): Promise<void> {
  const batch: Batch = { chunks: new Map([[counted.name, []]]), events: 1, bytes: 0, to: new Map([['counted', to]]) }
  const also = () => [positionStatement(sources, batch, new Map([['counted', from]]), [], new Date(0))]
  await applyBatch(store, batch, { sources, members: [], at: 1n, literalEventsMax, also })
}

const position = async () =>
  (await store.transaction((tx) => tx.all('SELECT next FROM _evert.positions ORDER BY partition'))).map((row) => Number(row.next))

test.each([
  ['one partition', 0, [0n, 0n], [5n, 0n], [5, 0]],
  ['several partitions', 0, [5n, 0n], [7n, 3n], [7, 3]],
  ['one partition, as one string', 9, [7n, 3n], [8n, 3n], [8, 3]],
  ['several partitions, as one string', 9, [8n, 3n], [9n, 4n], [9, 4]],
])('a batch of %s is applied once: the same again is refused and changes nothing', async (_, literalEventsMax, from, to, wanted) => {
  await apply(from, to, literalEventsMax)
  expect(await position()).toEqual(wanted)
  await expect(apply(from, to, literalEventsMax)).rejects.toMatchObject({ code: 'position-mismatch' })
  expect(await position()).toEqual(wanted)
})

test('a partition that is not recorded at all is refused', async () => {
  const batch: Batch = { chunks: new Map([[counted.name, []]]), events: 1, bytes: 0, to: new Map([['counted', [9n, 4n, 1n]]]) }
  const also = () => [positionStatement(sources, batch, new Map([['counted', [9n, 4n, 0n]]]), [], new Date(0))]
  await expect(applyBatch(store, batch, { sources, members: [], at: 1n, literalEventsMax: 0, also })).rejects.toMatchObject({
    code: 'position-mismatch',
  })
})

const wide = stream('wide', { partitions: 9, event: z.object({ n: z.int() }) })

test.each([2, 9])('two topics of which one has %i partitions that moved stand where they should, and again is refused', async (moved) => {
  const own = await openDuckdb(':memory:')
  await initialize(own)
  const both: ReadonlyMap<string, Source> = new Map([counted, wide].map((one) => [one.name, one]))
  for (const one of both.values()) for (let i = 0; i < one.partitions; i++) await own.script([insertPosition(one.topic, 'id', i)])
  const to = new Map([
    ['counted', [4n, 0n]],
    ['wide', Array.from({ length: 9 }, (_, i) => (i < moved ? BigInt(i + 1) : 0n))],
  ])
  const from = new Map([...to].map(([topic, next]) => [topic, next.map(() => 0n)]))
  const batch: Batch = { chunks: new Map([...both.keys()].map((name) => [name, []])), events: 1, bytes: 0, to }
  const also = () => [positionStatement(both, batch, from, [], new Date(0))]
  await applyBatch(own, batch, { sources: both, members: [], at: 1n, literalEventsMax: 9, also })
  const rows = await own.transaction((tx) => tx.all('SELECT topic, next FROM _evert.positions ORDER BY topic, partition'))
  expect(rows.map(({ topic, next }) => [topic, next])).toEqual([...to].flatMap(([topic, all]) => all.map((next) => [topic, next])))
  await expect(applyBatch(own, batch, { sources: both, members: [], at: 1n, literalEventsMax: 9, also })).rejects.toMatchObject({
    code: 'position-mismatch',
  })
  await own.close()
})
