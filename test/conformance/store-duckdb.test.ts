import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { storeError } from '../../connectors/store/duckdb/errors.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import { EvertError } from '../../errors.ts'
import { nextLine, spawnTs } from '../support/child.ts'
import { type StoreDriver, storeConformance } from './store.ts'

function driver(): StoreDriver {
  const dir = mkdtempSync(join(tmpdir(), 'evert-store-'))
  return {
    name: 'duckdb',
    open: () => openDuckdb(join(dir, 'views.duckdb'), { threads: 2, memoryLimit: '512MB' }),
    clean: async () => rmSync(dir, { recursive: true, force: true }),
  }
}

describe('DuckDB', () => storeConformance(driver))

describe('DuckDB’s threads', () => {
  const setting = "SELECT current_setting('threads')::INTEGER AS n"

  test('few rows are worked on by the thread that sends the statement, many and questions by all', async () => {
    const store = await openDuckdb(':memory:', { threads: 3 })
    const threads = async () => (await store.transaction((tx) => tx.all(setting)))[0]?.n
    expect(await threads()).toBe(3)
    store.expect('few')
    expect(await threads()).toBe(1)
    await store.script(['CREATE TABLE t AS SELECT 1 AS a'])
    const [one, two] = [await store.reader({ scratch: true }), await store.reader({ scratch: true })]
    expect(await one.all(setting)).toEqual([{ n: 3 }])
    expect(await threads()).toBe(3)
    await one.close()
    await one.close()
    expect(await threads()).toBe(3)
    await two.close()
    expect(await threads()).toBe(1)
    store.expect('many')
    await store.script(['INSERT INTO t VALUES (2)'])
    expect(await threads()).toBe(3)
    await store.close()
  })

  test('they change while others work', async () => {
    const store = await openDuckdb(':memory:', { threads: 2 })
    const count = 'SELECT count(*) AS n, count(DISTINCT i % 1000) AS d FROM range(400000) AS r(i)'
    const ahead = await store.ahead()
    const work = async (rows: () => Promise<readonly unknown[]>) => {
      for (let i = 0; i < 20; i++) expect(await rows()).toEqual([{ n: 400_000n, d: 1000n }])
    }
    const ask = async () => {
      const reader = await store.reader({ scratch: true })
      const rows = await reader.all(count)
      await reader.close()
      return rows
    }
    let isOver = false
    const turn = async () => {
      for (let i = 0; !isOver; i++) {
        store.expect(i % 2 === 0 ? 'few' : 'many')
        await store.script(['SELECT 1'])
      }
    }
    const turning = turn()
    await Promise.all([work(() => ahead.all(count)), work(ask)])
    isOver = true
    await turning
    await store.close()
  })

  test('nothing else can be set', async () => {
    const store = await openDuckdb(':memory:')
    for (const name of ['memory_limit', 'allowed_configs', 'enable_external_access', 'TimeZone'])
      await expect(store.transaction((tx) => tx.run(`SET GLOBAL ${name} = '1'`))).rejects.toThrow(/configuration/)
    await store.close()
  })
})

describe('DuckDB’s file', () => {
  let dir: string
  let file: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'evert-duckdb-'))
    file = join(dir, 'deep', 'views.duckdb')
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  async function fill(): Promise<void> {
    const store = await openDuckdb(file)
    await store.script(['CREATE TABLE t AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(50000)'])
    await store.checkpoint()
    await store.close()
  }

  test('is locked by its process, whose id the error names; the lock goes with the process', async () => {
    mkdirSync(join(dir, 'deep'))
    const child = await spawnTs('test/conformance/store-duckdb-child.ts', [file])
    expect(await nextLine(child)).toBe('open')
    await expect(openDuckdb(file)).rejects.toMatchObject({ code: 'store-locked', canRetry: true, details: { pid: child.process.pid } })
    await child.kill()
    const store = await openDuckdb(file)
    expect(await store.transaction((tx) => tx.all('SELECT a FROM held'))).toEqual([{ a: 1 }]) // from its write-ahead log
    await store.close()
  })

  test.each([
    ['garbage', () => writeFileSync(file, Buffer.alloc(20_000, 'garbage'))],
    ['an empty header', () => writeFileSync(file, Buffer.concat([Buffer.alloc(12_288), readFileSync(file).subarray(12_288)]))],
    ['a cut file', () => truncateSync(file, 100_000)], // within its first block, wherever DuckDB has put its catalog
    [
      'a flipped byte in the main header',
      () =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, at) => (at === 40 ? byte ^ 0xff : byte)),
        ),
    ],
  ])('that is damaged (%s) is set aside, and a new one begun', async (_, damage) => {
    await fill()
    damage()
    const aside: string[] = []
    const store = await openDuckdb(file, { onSetAside: (kept) => aside.push(kept) })
    await expect(store.transaction((tx) => tx.all('SELECT * FROM t'))).rejects.toThrow()
    await store.script(['CREATE TABLE t (a INTEGER)'])
    await store.close()
    expect(aside).toHaveLength(1)
    expect(readdirSync(join(dir, 'deep')).filter((name) => name.includes('unreadable'))).toHaveLength(1)
  })

  test('that is damaged is refused and left as it is, where setting aside is not wanted', async () => {
    await fill()
    writeFileSync(`${file}.damaged`, 'a block with a wrong checksum')
    const refused = { code: 'store-unreadable', message: expect.stringContaining('evert run') }
    await expect(openDuckdb(file, { unreadable: 'refuse' })).rejects.toMatchObject(refused)
    rmSync(`${file}.damaged`)
    await (await openDuckdb(file, { unreadable: 'refuse' })).close()
    writeFileSync(file, Buffer.alloc(20_000, 'garbage'))
    await expect(openDuckdb(file, { unreadable: 'refuse' })).rejects.toMatchObject(refused)
    expect(readdirSync(join(dir, 'deep'))).toEqual(['views.duckdb'])
  })

  test('whose path is a directory is an error, and is not moved', async () => {
    mkdirSync(file, { recursive: true })
    await expect(openDuckdb(file)).rejects.toMatchObject({ code: 'store-unreadable' })
    expect(readdirSync(join(dir, 'deep'))).toEqual(['views.duckdb'])
  })

  test('is not touched by the temporary tables of readers', async () => {
    await fill()
    const store = await openDuckdb(file)
    const before = statSync(file).size
    const reader = await store.reader({ scratch: true })
    await reader.run('CREATE TEMP TABLE big AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(200000)')
    expect(await reader.all('SELECT count(*) AS n FROM big')).toEqual([{ n: 200_000n }])
    await reader.close()
    await store.checkpoint()
    expect(statSync(file).size).toBe(before)
    await store.close()
  })

  test('every connection is in UTC, and nothing outside of the file can be reached or changed', async () => {
    const store = await openDuckdb(file)
    const reader = await store.reader()
    const scratch = await store.reader({ scratch: true })
    for (const ask of [reader, scratch])
      expect(
        await ask.all("SELECT current_setting('TimeZone') AS z, CAST(TIMESTAMPTZ '2024-06-01 00:30:00+02' AS DATE)::VARCHAR AS d"),
      ).toEqual([{ z: 'UTC', d: '2024-05-31' }])
    expect(await store.transaction((tx) => tx.all("SELECT current_setting('TimeZone') AS z"))).toEqual([{ z: 'UTC' }])
    const outside = [
      `COPY (SELECT 1) TO '${join(dir, 'x.csv')}'`,
      `ATTACH '${join(dir, 'x.duckdb')}' AS x`,
      `SELECT * FROM read_text('${file}')`,
      `SELECT * FROM read_csv('${file}')`,
      `SELECT * FROM glob('${dir}/*')`,
      `EXPORT DATABASE '${join(dir, 'x')}'`,
      'INSTALL httpfs',
      "LOAD '/nowhere/x.duckdb_extension'",
      'SET enable_external_access = true',
      "SET memory_limit = '1MB'",
      "SET GLOBAL TimeZone = 'Europe/Berlin'",
      'RESET TimeZone',
    ]
    for (const sql of outside) await expect(scratch.run(sql), sql).rejects.toThrow()
    await scratch.close()
    await reader.close()
    await store.close()
    expect(readdirSync(dir)).toEqual(['deep'])
  })
})

test('errors that quote an event are not taken for the store’s own', () => {
  const damage: string[] = []
  const typed = (message: string) => storeError(new Error(message), (one) => damage.push(one))
  expect(typed("Conversion Error: Could not convert string 'FATAL Error: No space left, corrupt' to INT32")).not.toBeInstanceOf(EvertError)
  expect(typed('TransactionContext Error: Failed to commit: Could not write file "x": No space left on device')).toMatchObject({
    code: 'store-full',
  })
  expect(typed('FATAL Error: Failed: database has been invalidated because of a previous fatal error')).toMatchObject({
    code: 'store-failed',
  })
  expect(damage).toEqual([])
})
