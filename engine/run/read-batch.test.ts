import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { stream } from '../model/declare/stream.ts'
import { createAppender } from './append.ts'
import type { Position } from './batch.ts'
import { readBatch } from './read-batch.ts'

const busy = stream('busy', { partitions: 2, key: 'k', event: z.object({ k: z.string() }) })
const quiet = stream('quiet', { event: z.object({ n: z.int() }) })
let dir: string
let log: Log

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evert-read-'))
  log = await openEmbeddedLog(dir)
  const appender = createAppender(log, [busy, quiet])
  await appender.append(
    busy,
    Array.from({ length: 4_000 }, (_, i) => ({ data: { k: `k${i}` } })),
  )
  await appender.append(quiet, [{ data: { n: 1 } }])
})

afterAll(async () => {
  await log.close()
  await rm(dir, { recursive: true, force: true })
})

const zero: Position = new Map([
  ['busy', [0n, 0n]],
  ['quiet', [0n]],
])
const read = (from: Position, events: number) => readBatch(log, [busy, quiet], from, { events, bytes: 1 << 20 }, () => ({}))

test.each([1, 2, 10, 1_000])(
  'batches of %i: a quiet stream behind a backlog is read within as many batches as there are partitions',
  async (events) => {
    let position = zero
    let batches = 0
    for (; position.get('quiet')?.[0] === 0n; batches++) {
      const batch = await read(position, events)
      expect(batch?.events).toBeLessThanOrEqual(events)
      position = batch?.to ?? position
    }
    expect(batches).toBeLessThanOrEqual(3)
  },
)

test('everything is read once, whatever the size of a batch, and a batch is full while there is enough', async () => {
  for (const events of [7, 333, 100_000]) {
    let position = zero
    let total = 0
    for (let batch = await read(position, events); batch; batch = await read(position, events)) {
      total += batch.events
      position = batch.to
      if (total < 3_500) expect(batch.events).toBe(Math.min(events, 4_001))
    }
    expect(total).toBe(4_001)
    expect(position.get('quiet')).toEqual([1n])
  }
})
