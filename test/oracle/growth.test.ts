import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Plain } from './support/plain.ts'
import { plainValues } from './support/schema.ts'
import { Subject } from './support/subject.ts'

const facts = stream('facts', { event: z.object({ k: z.int(), g: z.string(), n: z.int() }) })
const names = table('names', { key: 'k', row: z.object({ k: z.int(), name: z.string() }) })
const views = {
  groups: 'SELECT g, count(*) AS c, sum(n) AS s, min(n) AS lo, max(n) AS hi, avg(n) AS a FROM facts GROUP BY g',
  keys: 'SELECT k, max(n) AS hi FROM facts GROUP BY k',
  joined: 'SELECT name, count(*) AS c FROM facts JOIN names USING (k) GROUP BY name',
  left_over: 'SELECT count(*) AS c FROM names ANTI JOIN keys USING (k)',
  top: 'SELECT k, hi FROM keys ORDER BY hi DESC, k LIMIT 5',
  later: 'SELECT count(*) AS c FROM facts WHERE n > 1000000',
}

let subject: Subject | undefined
let plain: Plain | undefined
afterEach(async () => {
  await subject?.close()
  plain?.close()
  subject = plain = undefined
})

/**
 * Plans that DuckDB keeps freeze the statistics of the first rows: with 1 row in a table, `n > 1000000` may be folded away
 * for good (duckdb issues 23704, 24182). Every batch sends its SQL anew, so growth by orders of magnitude changes nothing.
 */
test('views stay right while tables grow from nothing to tens of thousands of rows', async () => {
  subject = await Subject.open({ streams: [facts], tables: [names], views }, { events: 65_536 })
  plain = await Plain.open([facts, names])
  for (const [name, select] of Object.entries(views)) await plain.run(`CREATE VIEW ${name} AS ${select}`)
  const appender = createAppender(subject.log, [facts, names])
  let made = 0
  for (const size of [1, 1, 10, 100, 1_000, 20_000, 3]) {
    const data = Array.from({ length: size }, (_, i) => ({
      k: ((made + i) * 7_919) % 5_003,
      g: `g${(made + i) % 11}`,
      n: (made + i) ** 2 - 5,
    }))
    const rows = data.slice(0, 50).map(({ k }) => ({ k, name: `n${k % 4}` }))
    await appender.append(
      facts,
      data.map((one) => ({ data: one })),
    )
    await appender.append(
      names,
      rows.map((one) => ({ data: one })),
    )
    await plain.insert(
      facts,
      data.map((one, i) => ({
        type: 'facts',
        key: null,
        partition: 0,
        offset: BigInt(made + i),
        timeMicros: 0n,
        values: plainValues(one),
      })),
    )
    await plain.insert(
      names,
      rows.map((one) => ({ type: 'names', key: String(one.k), partition: 0, offset: 0n, timeMicros: 0n, values: plainValues(one) })),
    )
    made += size
    await subject.drain()
    expect(Object.fromEntries(subject.failed)).toEqual({})
    for (const name of Object.keys(views))
      expect((await subject.rows(name)).rows, `${name} after ${made} events`).toEqual((await plain.answer(`SELECT * FROM ${name}`)).rows)
  }
})

test('batches of 1, 7 and 1,000, as constants and as parameters, give the same rows and the same position', async () => {
  const seen: string[] = []
  for (const events of [1, 7, 1_000]) {
    for (const literalEventsMax of [0, 1_000]) {
      subject = await Subject.open({ streams: [facts], tables: [names], views }, { events, literalEventsMax })
      const appender = createAppender(subject.log, [facts, names])
      for (let from = 0; from < 60; from += 20) {
        await appender.append(
          facts,
          Array.from({ length: 20 }, (_, i) => ({ data: { k: (from + i) % 13, g: `g${i % 3}`, n: (from - i) ** 3 } })),
        )
        await appender.append(names, [
          { data: { k: from / 20, name: 'x' } },
          { data: { k: 50, name: `y${from}` } },
          { data: null, key: String(from / 20 - 1) },
        ])
      }
      await subject.drain()
      const rows = await Promise.all(Object.keys(views).map(async (name) => (await (subject as Subject).rows(name)).rows))
      seen.push(JSON.stringify([rows, [...subject.position]], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
      await subject.close()
      subject = undefined
    }
  }
  expect(new Set(seen).size).toBe(1)
})
