import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { stream } from '../model/declare/stream.ts'
import { createAppender } from './append.ts'
import { type Batch, type Position, positionSum } from './batch.ts'
import { Lookahead } from './lookahead.ts'
import { Measurements } from './measurements.ts'
import type { Member } from './member.ts'

const facts = stream('facts', { key: 'k', event: z.object({ k: z.string() }) })
const zero: Position = new Map([['facts', [0n]]])
/** It reads the keys; nobody else does. */
const keyed = [
  { table: 't', derivation: { name: 'v', kind: 'part', streams: new Map([['facts', { placed: true }]]) } },
] as unknown as Member[]

let dir: string
let log: Log
let store: Store
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evert-lookahead-'))
  log = await openEmbeddedLog(dir)
  store = await openDuckdb(':memory:', { threads: 1 })
  const data = Array.from({ length: 50 }, (_, i) => ({ data: { k: `k${i}` } }))
  await createAppender(log, [facts]).append(facts, data)
})
afterAll(async () => {
  await store.close()
  await log.close()
  await rm(dir, { recursive: true, force: true })
})

function look(members: () => readonly Member[], literalEventsMax: number): Lookahead {
  const sources = new Map([['facts', facts]])
  const batch = { events: 10, bytes: 1 << 20 }
  const measurements = new Measurements()
  return new Lookahead({ store, log, sources, batch, literalEventsMax, measurements, members, hasFresh: () => false, at: positionSum })
}

const hasKeys = (batch: Batch | undefined) => [...(batch?.chunks.values() ?? [])].flat().every(({ chunk }) => chunk.keys !== undefined)

test.each([10, 0])('each batch comes once and in order, constants up to %i events', async (literalEventsMax) => {
  const lookahead = look(() => [], literalEventsMax)
  const sums: bigint[] = []
  let position = zero
  for (let { batch } = await lookahead.take(position); batch; { batch } = await lookahead.take(position)) {
    lookahead.begin(batch)
    lookahead.begin(batch)
    position = batch.to
    sums.push(positionSum(position))
  }
  expect(sums).toEqual([10n, 20n, 30n, 40n, 50n])
  await lookahead.settle()
})

test('what was read for others, or from elsewhere, is read again', async () => {
  let members: readonly Member[] = []
  const lookahead = look(() => members, 10)
  const { batch: first } = await lookahead.take(zero)
  expect(hasKeys(first)).toBe(false)
  lookahead.begin(first as Batch)
  members = keyed
  const { batch: second } = await lookahead.take(first?.to as Position)
  expect(hasKeys(second)).toBe(true)
  lookahead.begin(second as Batch)
  const { batch: again } = await lookahead.take(zero)
  expect(again?.to).toEqual(first?.to)
  await lookahead.settle()
})
