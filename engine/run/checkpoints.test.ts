import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { limits } from '../../limits.ts'
import { stream } from '../model/declare/stream.ts'
import { createAppender } from './append.ts'
import { type Checkpoint, Checkpoints } from './checkpoints.ts'
import { Loop } from './loop.ts'
import { initialize, insertPosition } from './registry.ts'

describe('when a checkpoint is made', () => {
  let wal: number
  let now: number
  let takesMs: number
  let isInTheWay: boolean
  let made: Checkpoint[]
  let checkpoints: Checkpoints
  beforeEach(() => {
    wal = 0
    now = 0
    takesMs = 40
    isInTheWay = false
    made = []
    const checkpoint = async () => {
      now += takesMs
      if (!isInTheWay) wal = 0
      return !isInTheWay
    }
    checkpoints = new Checkpoints(
      { checkpoint, walBytes: () => wal },
      (one) => made.push(one),
      () => now,
    )
  })

  test('a small log waits; one that is worth it waits for a quiet moment', async () => {
    wal = limits.walBytesQuietMin - 1
    expect(checkpoints.quietMs).toBeUndefined()
    wal = limits.walBytesQuietMin
    expect(checkpoints.quietMs).toBe(limits.checkpointQuietMs)
    await checkpoints.between()
    expect(made).toEqual([])
    await checkpoints.quiet()
    expect(made).toEqual([{ ms: 40, walBytes: limits.walBytesQuietMin, isQuiet: true }])
    expect(checkpoints.quietMs).toBeUndefined()
  })

  test('a dear one is not repeated before it is a hundredth of the time', async () => {
    takesMs = 900
    wal = limits.walBytesQuietMin
    await checkpoints.quiet()
    wal = limits.walBytesQuietMin
    expect(checkpoints.quietMs).toBe(90_000)
    now += 60_000
    expect(checkpoints.quietMs).toBe(30_000)
    now += 60_000
    expect(checkpoints.quietMs).toBe(limits.checkpointQuietMs)
  })

  test('under load it is made between batches at the limit, however long the last one took', async () => {
    takesMs = 900
    for (let i = 0; i < 2; i++) {
      wal = limits.walBytesMax
      await checkpoints.between()
    }
    expect(made.map(({ isQuiet }) => isQuiet)).toEqual([false, false])
  })

  test('where a reader is in the way it is tried again later, and not at each batch', async () => {
    isInTheWay = true
    takesMs = 0
    wal = limits.walBytesMax
    await checkpoints.between()
    isInTheWay = false
    await checkpoints.between()
    expect(made).toEqual([])
    expect(checkpoints.quietMs).toBe(limits.checkpointRetryMs)
    now += limits.checkpointRetryMs
    await checkpoints.between()
    expect(made).toHaveLength(1)
  })
})

describe('a running loop', () => {
  const facts = stream('facts', { event: z.object({ n: z.int() }) })
  let dir: string
  let store: Store
  let log: Log
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'evert-checkpoints-'))
    store = await openDuckdb(join(dir, 'views.duckdb'))
    await initialize(store)
    await store.script([insertPosition(facts.topic, 'id', 0), 'CREATE TABLE wide (n BIGINT, text VARCHAR)'])
    log = await openEmbeddedLog(join(dir, 'log'))
    await log.createTopic(facts.topic, { partitions: 1 })
  })
  afterEach(async () => {
    await log.close()
    await store.close()
    rmSync(dir, { recursive: true })
  })

  test('moves the write-ahead log into the file when no event comes, with a reader open before it as well', async () => {
    const fill = 'INSERT INTO wide SELECT range, md5(range::VARCHAR) FROM range(60000)'
    await store.script([fill])
    const reader = await store.reader()
    expect(await reader.all('SELECT count(*) AS n FROM wide')).toEqual([{ n: 60_000n }])
    await store.script(['UPDATE wide SET n = n + 1'])
    expect(store.walBytes()).toBeGreaterThan(limits.walBytesQuietMin)
    const made: Checkpoint[] = []
    const stop = new AbortController()
    const loop = new Loop({
      store,
      log,
      sources: new Map([[facts.name, facts]]),
      position: new Map([[facts.topic, [0n]]]),
      members: [],
      batch: { events: 1_000, bytes: 1 << 20 },
      onViewFailed: () => undefined,
      onCheckpoint: (one) => made.push(one),
    })
    const running = loop.run(stop.signal)
    await new Promise((resolve) => setTimeout(resolve, 3 * limits.checkpointQuietMs))
    expect(made).toEqual([]) // the reader still sees what was there before the update
    await reader.close()
    await expect.poll(() => made.length, { timeout: 5_000 }).toBe(1)
    expect(made[0]?.isQuiet).toBe(true)
    expect(store.walBytes()).toBeLessThan(limits.walBytesQuietMin)
    await createAppender(log, [facts]).append(facts, [{ data: { n: 1 } }])
    await expect.poll(() => loop.position.get(facts.topic)?.[0], { timeout: 5_000 }).toBe(1n)
    stop.abort()
    await running
  })
})
