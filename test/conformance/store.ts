import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aheadDatabase, type Row, type Store } from '../../connectors/store/store.ts'

/** What a test needs of an implementation: a store in a place of its own, that can be opened again. */
export interface StoreDriver {
  readonly name: string
  /** Opens the store of this driver's place; the same place gives the same rows. */
  open(): Promise<Store>
  /** Takes the place away. */
  clean(): Promise<void>
}

/** What every store promises (`connectors/store/store.ts`), whatever it is made of. SQL is kept to what all speak. */
export function storeConformance(makeDriver: () => StoreDriver): void {
  let driver: StoreDriver
  let store: Store
  beforeEach(async () => {
    driver = makeDriver()
    store = await driver.open()
    await store.script(['CREATE TABLE facts (id BIGINT, note VARCHAR)'])
  })
  afterEach(async () => {
    await store.close()
    await driver.clean()
  })

  const all = (sql: string): Promise<readonly Row[]> => store.transaction((tx) => tx.all(sql))
  const count = async (): Promise<bigint> => (await all('SELECT count(*) AS n FROM facts'))[0]?.n as bigint

  describe('transactions', () => {
    test('all of it or nothing', async () => {
      await store.transaction(async (tx) => {
        expect(await tx.run("INSERT INTO facts VALUES (1, 'a'), (2, 'b')")).toBe(2)
        expect(await tx.all('SELECT count(*) AS n FROM facts')).toEqual([{ n: 2n }])
      })
      const failure = new Error('the caller gives up')
      await expect(
        store.transaction(async (tx) => {
          await tx.run("INSERT INTO facts VALUES (3, 'c')")
          throw failure
        }),
      ).rejects.toBe(failure)
      await expect(
        store.transaction(async (tx) => {
          await tx.run('DELETE FROM facts')
          await tx.run('SELECT no_such_thing')
        }),
      ).rejects.toThrow()
      expect(await count()).toBe(2n)
    })

    test('the answer of the work is the answer of the transaction', async () => {
      expect(await store.transaction(async () => 7)).toBe(7)
    })

    test('they queue, and one that failed does not stop the next', async () => {
      const order: string[] = []
      const slow = store.transaction(async (tx) => {
        for (let n = 0; n < 20; n++) await tx.run(`INSERT INTO facts VALUES (${n}, 'slow')`)
        order.push('slow')
      })
      const bad = store.transaction(async () => {
        order.push('bad')
        throw new Error('bad')
      })
      const script = store.script(["INSERT INTO facts VALUES (100, 'script')"]).then(() => order.push('script'))
      await Promise.all([slow, expect(bad).rejects.toThrow('bad'), script])
      expect(order).toEqual(['slow', 'bad', 'script'])
      expect(await count()).toBe(21n)
    })

    test('parameters keep their values', async () => {
      const bytes = Uint8Array.from([0, 255, 0x1e, 39])
      const [row] = await store.transaction((tx) =>
        tx.all('SELECT $1 AS b, $2 AS t, $3 AS i, $4 AS n, $5 AS o, $6 AS z', [
          bytes,
          "o'\u0000é",
          9_007_199_254_740_993n,
          1.5,
          true,
          null,
        ]),
      )
      expect(Buffer.from((row as { b: { bytes: Uint8Array } }).b.bytes)).toEqual(Buffer.from(bytes))
      expect([row?.t, row?.i, row?.n, row?.o, row?.z]).toEqual(["o'\u0000é", 9_007_199_254_740_993n, 1.5, true, null])
    })
  })

  describe('scripts', () => {
    test('are one transaction', async () => {
      await store.script(["INSERT INTO facts VALUES (1, 'a;b')", "UPDATE facts SET note = '-- no comment' WHERE id = 1"])
      await expect(
        store.script(["INSERT INTO facts VALUES (2, 'b')", 'INSERT INTO facts SELECT CAST(note AS BIGINT), note FROM facts']),
      ).rejects.toThrow()
      await expect(store.script(["INSERT INTO facts VALUES (3, 'c')", 'THIS IS NOT SQL'])).rejects.toThrow()
      expect(await all('SELECT * FROM facts')).toEqual([{ id: 1n, note: '-- no comment' }])
      await store.script(["INSERT INTO facts VALUES (4, 'd')"])
      expect(await count()).toBe(2n)
    })
  })

  describe('readers', () => {
    test('see one moment: nothing of an open transaction, nothing of a later one', async () => {
      await store.script(["INSERT INTO facts VALUES (1, 'a')"])
      const before = await store.reader()
      expect(await before.all('SELECT count(*) AS n FROM facts')).toEqual([{ n: 1n }])
      let during: readonly Row[] = []
      await store.transaction(async (tx) => {
        await tx.run("INSERT INTO facts VALUES (2, 'b')")
        const reader = await store.reader()
        during = await reader.all('SELECT count(*) AS n FROM facts')
        await reader.close()
      })
      expect(during).toEqual([{ n: 1n }])
      expect(await before.all('SELECT count(*) AS n FROM facts')).toEqual([{ n: 1n }])
      await before.close()
      await before.close() // twice is once
      const after = await store.reader()
      expect(await after.all('SELECT count(*) AS n FROM facts')).toEqual([{ n: 2n }])
      await after.close()
    })

    test('do not write', async () => {
      const reader = await store.reader()
      await expect(reader.run("INSERT INTO facts VALUES (9, 'x')")).rejects.toThrow()
      await reader.close()
      expect(await count()).toBe(0n)
    })

    test('a scratch reader’s tables are its own', async () => {
      const one = await store.reader({ scratch: true })
      const two = await store.reader({ scratch: true })
      await one.run('CREATE TEMP TABLE mine AS SELECT 1 AS a')
      await two.run('CREATE TEMP TABLE mine AS SELECT 2 AS a')
      expect(await one.all('SELECT a FROM mine')).toEqual([{ a: 1 }])
      expect(await two.all('SELECT a FROM mine')).toEqual([{ a: 2 }])
      await one.close()
      await two.close()
      await expect(all('SELECT * FROM mine')).rejects.toThrow()
    })

    test('answer with names, types and JSON values', async () => {
      const reader = await store.reader()
      const answer = await reader.query(
        "SELECT 1 AS one, CAST(9007199254740993 AS BIGINT) AS big, CAST('1.50' AS DECIMAL(9,2)) AS d, NULL AS gone, 'é' AS t, [1, 2] AS l, {'a': 1} AS s, DATE '2024-02-29' AS day, true AS b",
      )
      expect(answer.columns.map((column) => `${column.name} ${column.type}`)).toEqual([
        'one INTEGER',
        'big BIGINT',
        'd DECIMAL(9,2)',
        'gone INTEGER',
        't VARCHAR',
        'l INTEGER[]',
        's STRUCT("a" INTEGER)',
        'day DATE',
        'b BOOLEAN',
      ])
      const rows: unknown[] = []
      for await (const block of answer.rows) rows.push(...block)
      expect(rows).toEqual([[1, '9007199254740993', '1.50', null, 'é', [1, 2], { a: 1 }, '2024-02-29', true]])
      await reader.close()
    })

    test('an empty answer has its columns', async () => {
      const reader = await store.reader()
      const answer = await reader.query('SELECT id FROM facts')
      expect(answer.columns).toEqual([{ name: 'id', type: 'BIGINT' }])
      for await (const block of answer.rows) expect(block).toEqual([])
      await reader.close()
    })

    test('a query that fails says so, before or while its rows are read', async () => {
      const reader = await store.reader()
      await expect(reader.query('SELECT no_such_thing')).rejects.toMatchObject({ code: 'query-failed' })
      await reader.close()
      const other = await store.reader()
      const read = async () => {
        const answer = await other.query("SELECT CAST(CASE WHEN range = 99999 THEN 'x' ELSE '1' END AS INTEGER) AS n FROM range(100000)")
        for await (const block of answer.rows) expect(block.length).toBeGreaterThan(0)
      }
      await expect(read()).rejects.toMatchObject({ code: 'query-failed' })
      await other.close()
    })

    test('a query that runs too long is interrupted', async () => {
      const reader = await store.reader()
      const read = async () => {
        const answer = await reader.query('SELECT sum(a.range * b.range) AS n FROM range(3000000) AS a, range(3000000) AS b', {
          timeoutMs: 50,
        })
        for await (const block of answer.rows) expect(block).toHaveLength(0)
      }
      await expect(read()).rejects.toMatchObject({ code: 'query-timeout', canRetry: true })
      await reader.close()
      expect(await count()).toBe(0n)
    })

    test('a query can be aborted, before it begins and while its rows are read', async () => {
      const reader = await store.reader()
      await expect(reader.query('SELECT 1', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' })
      const abort = new AbortController()
      const answer = await reader.query('SELECT range AS n FROM range(100000000)', { signal: abort.signal })
      const read = async () => {
        for await (const block of answer.rows) if (block.length > 0) abort.abort()
      }
      await expect(read()).rejects.toMatchObject({ code: 'interrupted' })
      await reader.close()
    })

    test('a large answer streams: memory stays flat', { timeout: 60_000 }, async () => {
      const reader = await store.reader()
      const answer = await reader.query("SELECT range AS n, repeat('x', 100) AS t FROM range(3000000)")
      let rows = 0
      let most = 0
      const begin = process.memoryUsage().rss
      for await (const block of answer.rows) {
        rows += block.length
        if (rows % 20_480 === 0) most = Math.max(most, process.memoryUsage().rss)
      }
      expect(rows).toBe(3_000_000)
      expect((most - begin) / 2 ** 20).toBeLessThan(250) // the rows alone are 330 MB, as JavaScript values more
      await reader.close()
    })

    test('the store closes although a reader is open', async () => {
      const reader = await store.reader()
      await reader.all('SELECT 1 AS a')
      await store.close()
      store = await driver.open()
      expect(await count()).toBe(0n)
    })
  })

  describe('tables that are made ahead', () => {
    test('are read by a transaction that is already under way, and are gone when the store is opened again', async () => {
      const ahead = await store.ahead()
      const sums = `${aheadDatabase}.main.sums`
      await store.transaction(async (tx) => {
        await tx.run("INSERT INTO facts VALUES (1, 'a')")
        expect(await ahead.run(`CREATE TABLE ${sums} AS SELECT 7 AS id, 'x' AS note UNION ALL SELECT 8, 'y'`)).toBe(2)
        expect(await tx.run(`INSERT INTO facts SELECT * FROM ${sums}`)).toBe(2)
      })
      expect(await count()).toBe(3n)
      await store.close()
      store = await driver.open()
      expect(await count()).toBe(3n)
      await expect((await store.ahead()).all(`SELECT * FROM ${sums}`)).rejects.toThrow(/sums/)
    })

    test('see nothing of a transaction that is under way', async () => {
      const ahead = await store.ahead()
      await store.transaction(async (tx) => {
        await tx.run("INSERT INTO facts VALUES (1, 'a')")
        expect(await ahead.all('SELECT count(*) AS n FROM facts')).toEqual([{ n: 0n }])
      })
    })

    test('the store waits for what is under way when it closes', async () => {
      const ahead = await store.ahead()
      const making = ahead.run(`CREATE TABLE ${aheadDatabase}.main.many AS SELECT count(*) AS n FROM range(30000000) WHERE range % 7 = 1`)
      await store.close()
      expect(await making).toBe(1)
      expect(() => ahead.run('SELECT 1')).toThrow('The store is closed')
      store = await driver.open()
    })
  })

  test('what was committed is there when the store is opened again; a checkpoint changes nothing', async () => {
    await store.script(["INSERT INTO facts VALUES (1, 'a')"])
    const before = store.walBytes()
    expect(await store.checkpoint()).toBe(true)
    expect(store.walBytes()).toBeLessThanOrEqual(before)
    await store.script(["INSERT INTO facts VALUES (2, 'b')"])
    await store.close()
    store = await driver.open()
    expect(await all('SELECT id FROM facts ORDER BY id')).toEqual([{ id: 1n }, { id: 2n }])
  })

  test('a checkpoint beside a reader of what was there before is made or put off, and is no error', async () => {
    await store.script(["INSERT INTO facts VALUES (1, 'a')"])
    const reader = await store.reader()
    expect(await reader.all('SELECT note FROM facts')).toEqual([{ note: 'a' }])
    await store.script(["UPDATE facts SET note = 'b'"])
    await store.checkpoint()
    expect(await reader.all('SELECT note FROM facts')).toEqual([{ note: 'a' }])
    await reader.close()
    expect(await store.checkpoint()).toBe(true)
    expect(await all('SELECT note FROM facts')).toEqual([{ note: 'b' }])
  })
}
