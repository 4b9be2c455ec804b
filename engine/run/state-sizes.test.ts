import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { type StateSize, stateSizes } from './state-sizes.ts'

let folder: string
let store: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evert-bytes-'))
  store = await openDuckdb(join(folder, 'views.duckdb'))
  await store.script(['CREATE SCHEMA _state', 'CREATE SCHEMA "sides of totals@1"', 'CREATE TABLE _state."totals@1" (n BIGINT, t VARCHAR)'])
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

async function sizes(): Promise<ReadonlyMap<string, StateSize>> {
  const reader = await store.reader()
  try {
    return await stateSizes(reader)
  } finally {
    await reader.close()
  }
}

test('an empty table has no bytes', async () => {
  expect(await sizes()).toEqual(new Map([['totals@1', { rows: 0, bytes: 0 }]]))
})

test('rows that are not in the file yet count by their types, then by what the file holds of them', async () => {
  await store.script([`INSERT INTO _state."totals@1" SELECT i, 'abc' FROM range(1000) AS r(i)`])
  const before = (await sizes()).get('totals@1')
  expect(before).toEqual({ rows: 1_000, bytes: 1_000 * (8 + 16) + 2 * 125 })
  await store.script([`INSERT INTO _state."totals@1" SELECT i, md5(i::VARCHAR) FROM range(200000) AS r(i)`])
  await store.checkpoint()
  const after = (await sizes()).get('totals@1')
  expect(after?.rows).toBe(201_000)
  // 32 hexadecimal digits are 16 bytes of chance: no file holds them in less.
  expect(after?.bytes).toBeGreaterThan(200_000 * 16)
  expect(after?.bytes).toBeLessThan(200_000 * 64)
})

test('tables beside the main one count with it, each in whole blocks, and no block counts twice', async () => {
  await store.script([
    'CREATE TABLE "sides of totals@1"."distinct 0" AS SELECT range AS n FROM range(10)',
    `INSERT INTO _state."totals@1" SELECT i, 'abc' FROM range(1000) AS r(i)`,
    'CREATE TABLE _state."other@1" AS SELECT range AS n FROM range(10)',
  ])
  await store.checkpoint()
  const found = await sizes()
  expect(found.get('totals@1')).toEqual({ rows: 1_010, bytes: 2 * (256 << 10) })
  expect(found.get('other@1')).toEqual({ rows: 10, bytes: 256 << 10 })
})
