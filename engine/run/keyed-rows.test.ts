import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SEPARATOR } from '../../connectors/log/log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import { ident } from '../../connectors/store/quote.ts'
import type { Row, Store } from '../../connectors/store/store.ts'
import { table } from '../model/declare/table.ts'
import { sql } from '../model/schema/sql.ts'
import { runAll } from './as-steps.ts'
import type { Batch, CheckedChunk } from './batch.ts'
import { BatchChanges } from './changes.ts'
import { batchDeltas } from './deltas.ts'
import type { Derivation } from './derivation.ts'
import { deriveTable } from './derive-stream.ts'

let store: Store
let made = 0
beforeAll(async () => {
  store = await openDuckdb(':memory:', { threads: 1 })
  await store.script(['CREATE SCHEMA _state'])
})
afterAll(() => store.close())

// Messages are keyed by the log, so the row's own field may repeat and two keys may have equal rows.
const items = table('items', {
  key: 'id',
  row: z.object({ id: z.int(), price: z.number().optional(), cost: sql.decimal(18, 2).optional(), parts: z.array(z.number()).optional() }),
})
const rowsOf = [
  '{"id":1}',
  '{"id":1,"price":0}',
  '{"id":1,"price":-0.0}',
  '{"id":2,"cost":"1.50","parts":[0,1]}',
  '{"id":2,"parts":[-0.0,1]}',
]

interface Change {
  readonly key: string
  readonly partition: number
  /** A tombstone: undefined. */
  readonly row: string | undefined
}

/** One table as the loop keeps it; `changes` are read or not. */
async function openTable(isRead: boolean, literal: boolean) {
  const derivation = deriveTable(items)
  const state = `_state.${ident(`items@${made++}`)}`
  await store.script(derivation.create(state))
  const columns = derivation.columns.map(({ name }) => ident(name)).join(', ')
  const handed = `_state.${ident(`handed@${made}`)}`
  await store.script([`CREATE TABLE ${handed} AS SELECT ${columns}, CAST(0 AS BIGINT) AS _w FROM ${state} WHERE FALSE`])
  const reader = { derivation: { reads: isRead ? ['items'] : [] } as Partial<Derivation> as Derivation }
  let next = 0n
  const apply = async (batchOf: readonly Change[]) => {
    const chunks = [0, 1].flatMap((partition): CheckedChunk[] => {
      const own = batchOf.filter((change) => change.partition === partition)
      const values = Buffer.from(own.map(({ row }) => row ?? 'null').join(String.fromCharCode(SEPARATOR)))
      const chunk = { topic: 'items', topicId: 't', partition, first: next, next: next + BigInt(own.length), count: own.length, values }
      return own.length === 0
        ? []
        : [{ chunk: { ...chunk, times: 0n, types: ['items'], keys: own.map(({ key }) => key) }, values, bad: [] }]
    })
    next += BigInt(batchOf.length)
    const batch: Batch = { chunks: new Map([['items', chunks]]), events: batchOf.length, bytes: 0, to: new Map() }
    const changes = new BatchChanges([reader])
    const { context } = batchDeltas(new Map([['items', items]]), batch, { readers: [derivation], literal, changes })
    const before = { run: () => Promise.reject(new Error('it only prepares')), all: () => Promise.reject(new Error('it reads nothing')) }
    const answer = await derivation.prepare(batch, state, { ...context, before, changes, isFirst: false, at: 1n })
    return store.transaction(async (tx) => {
      await runAll(tx, answer)
      if (!changes.has('items')) return []
      await tx.run(`INSERT INTO ${handed} SELECT * FROM ${changes.table('items')}`)
      return tx.all(`SELECT * FROM ${changes.table('items')} ORDER BY ALL`)
    })
  }
  const all = (text: string): Promise<readonly Row[]> => store.transaction((tx) => tx.all(text))
  return {
    apply,
    kept: () => all(`SELECT _key, CAST(COLUMNS(* EXCLUDE _key) AS VARCHAR) FROM ${state} ORDER BY _key`),
    rows: () => all(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT ${columns} FROM ${state}) ORDER BY ALL`),
    sum: () =>
      all(
        `SELECT ${columns} FROM (SELECT CAST(COLUMNS(* EXCLUDE _w) AS VARCHAR), unnest(range(_w)) FROM (SELECT ${columns}, CAST(sum(_w) AS BIGINT) AS _w FROM ${handed} GROUP BY ALL)) ORDER BY ALL`,
      ),
    rowids: () => all(`SELECT rowid FROM ${state} ORDER BY 1`),
    types: () => all(`SELECT column_name AS name, column_type AS type FROM (DESCRIBE temp.${ident('change of items')})`),
    columns: derivation.columns,
  }
}

const one = (key: string, row?: string): Change => ({ key, partition: 0, row })

describe('the change of a keyed table', () => {
  test.each([false, true])('is old and new row of what differs (constants: %s)', async (literal) => {
    const opened = await openTable(true, literal)
    const row = (id: bigint, price: number | null, _w: bigint) => ({ id, price, cost: null, parts: null, _w })
    expect(await opened.apply([one('a', rowsOf[0]), one('b', rowsOf[1]), one('a', rowsOf[1])])).toEqual([row(1n, 0, 2n)])
    expect([...(await opened.types())]).toEqual([...opened.columns, { name: '_w', type: 'BIGINT' }])
    expect(await opened.apply([one('a'), one('b', rowsOf[0])])).toEqual([row(1n, 0, -2n), row(1n, null, 1n)])
    expect(await opened.apply([one('unknown')])).toEqual([])
    const before = await opened.rowids()
    expect(await opened.apply([one('c', rowsOf[1]), one('c'), one('b', rowsOf[0])])).toEqual([])
    expect(await opened.rowids()).toEqual(before)
  })

  test('keys that swap their rows change the table and nothing else', async () => {
    const opened = await openTable(true, false)
    await opened.apply([one('a', rowsOf[0]), one('b', rowsOf[1])])
    expect(await opened.apply([one('a', rowsOf[1]), one('b', rowsOf[0])])).toEqual([])
    expect((await opened.kept()).map(({ _key, price }) => [_key, price])).toEqual([
      ['a', '0.0'],
      ['b', null],
    ])
  })

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('whatever comes, the last value of each key stands (read: %s, constants: %s)', async (isRead, literal) => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', "o'neil", ''),
      partition: fc.integer({ min: 0, max: 1 }),
      row: fc.option(fc.constantFrom(...rowsOf), { nil: undefined, freq: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 12 }), { maxLength: 8 }), async (batches) => {
        const opened = await openTable(isRead, literal)
        const reference = await openTable(false, !literal)
        const last = new Map<string, string>()
        for (const batch of batches) {
          await opened.apply(batch)
          // The higher partition counts as later: a key's events are in one, and some order has to be.
          for (const { key, row } of [...batch].sort((a, b) => a.partition - b.partition))
            if (row === undefined) last.delete(key)
            else last.set(key, row)
          if (isRead) expect(withoutSigns(await opened.sum())).toEqual(withoutSigns(await opened.rows()))
        }
        if (last.size > 0) await reference.apply([...last].map(([key, row]) => one(key, row)))
        expect(await opened.kept()).toEqual(await reference.kept())
      }),
      { numRuns: 15 },
    )
  })
})

/** To DuckDB, -0.0 is 0.0 when it groups: a change does not tell them apart. The table does. */
function withoutSigns(rows: readonly Row[]): string[] {
  return rows.map((row) => JSON.stringify(row).replaceAll('-0.0', '0.0')).sort()
}
