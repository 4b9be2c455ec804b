import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { Subject } from '../../test/oracle/support/subject.ts'
import { stream } from '../model/declare/stream.ts'
import { table } from '../model/declare/table.ts'
import type { Source } from './batch.ts'
import { checkChunk } from './check.ts'

const dim = table('dim', { key: 'k', row: z.object({ k: z.string(), n: z.int() }) })
const facts = stream('facts', { key: 'k', event: z.object({ k: z.string(), n: z.int() }) })
const rows = ['{"k":"a","n":1}', '{"k":"b","n":2}', '{"k":"a","n":3}', '', '{"k":"b","n":4}']
const keys = [null, 'b', 'a', null, null]
const reason = expect.stringMatching(/^a table's row needs a key/)

/** Messages as another writer leaves them; `marked` claims the schema as `append` does. */
async function write(log: Log, source: Source, marked: boolean, of: readonly (string | null)[] | undefined): Promise<void> {
  const answer = await log.append([
    {
      topic: source.topic,
      partition: 0,
      count: rows.length,
      values: Buffer.from(rows.join('\u001e')),
      nulls: [3],
      types: [source.name],
      ...(of ? { keys: of } : {}),
      ...(marked ? { schema: source.fingerprint } : {}),
    },
  ])
  expect(answer.ok).toBe(true)
}

describe.each([true, false])('messages without a key (marked: %s)', (marked) => {
  let dir: string
  let log: Log
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'evert-check-'))
    log = await openEmbeddedLog(dir)
    for (const source of [dim, facts]) await log.createTopic(source.topic, { partitions: 1 })
  })
  afterEach(async () => {
    await log.close()
    rmSync(dir, { recursive: true, force: true })
  })

  test.each([
    ['some', dim, keys, [0, 3, 4]],
    ['all', dim, undefined, [0, 1, 2, 3, 4]],
    ['none', dim, ['a', 'b', 'a', 'a', 'b'], []],
    ['in a stream, which needs none', facts, keys, [3]],
  ] as const)('%s are bad', async (_, source, of, bad) => {
    await write(log, source, marked, of)
    const chunk = await log.read(source.topic, 0, 0n, { want: { keys: true, times: true, types: true } })
    if (!chunk) throw new Error('nothing was written')
    const checked = checkChunk(source, chunk)
    expect(checked.bad.map(({ index }) => index)).toEqual(bad)
    if (source === dim) for (const one of checked.bad) expect(one.reason).toEqual(reason)
    const left = Buffer.from(checked.values).toString().split('\u001e')
    expect(left.flatMap((value, index) => (value === '' ? [index] : []))).toEqual(bad)
  })

  test.each([0, 1_000])('are dead letters of a table, whose rows do not pile up (constants up to %s)', async (literalEventsMax) => {
    const views = { total: 'SELECT count(*) AS c, sum(n) AS s FROM dim' }
    const subject = await Subject.open({ tables: [dim], views }, { events: 2, literalEventsMax })
    try {
      for (const _ of [1, 2]) await write(subject.log, dim, marked, keys)
      await subject.drain()
      expect((await subject.rows('dim')).rows).toEqual(['["a","3"]', '["b","2"]'])
      expect((await subject.rows('total')).rows).toEqual(['["2","5"]'])
      for (const name of ['dim', 'total']) expect(await subject.verify(name)).toMatchObject({ differing: 0 })
      const dead = await subject.store.transaction((tx) => tx.all('SELECT "offset" AS o, reason FROM _evert.dead_letters ORDER BY ALL'))
      expect(dead.map((row) => Number(row.o))).toEqual([0, 3, 4, 5, 8, 9])
      for (const row of dead) expect(row.reason).toEqual(reason)
    } finally {
      await subject.close()
    }
  })
})
