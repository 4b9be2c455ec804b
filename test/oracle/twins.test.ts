import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Analyzer } from '../../engine/compile/analyzer.ts'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { createAppender } from '../../engine/run/append.ts'
import { openAnalyzer, Subject } from './support/subject.ts'

/**
 * Events that are equal in every field, seen by windows that order rows differently: which answer of the one stands beside which of the
 * other must not depend on how the events came in batches, nor on how DuckDB sorts (`engine/compile/ties-windows.ts`).
 */
const twins = stream('twins', { key: 'k', event: z.object({ k: z.string(), u: z.string(), n: z.int() }) })
const names = table('names', { key: 'k', row: z.object({ k: z.string(), name: z.string() }) })
const views: Readonly<Record<string, string>> = {
  events: 'SELECT u, lead(u, 2) OVER (PARTITION BY u ORDER BY n) AS later, row_number() OVER (ORDER BY n) AS place FROM twins',
  frames:
    'SELECT n, sum(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS upward, sum(n) OVER (ORDER BY u DESC, n DESC ROWS UNBOUNDED PRECEDING) AS downward FROM twins',
  shown: 'SELECT k, u, n FROM twins',
  over: 'SELECT u, n, ntile(3) OVER (ORDER BY n DESC) AS third, lag(n) OVER (PARTITION BY u ORDER BY n) AS before FROM shown',
  star: 'SELECT *, row_number() OVER (ORDER BY n) AS up, row_number() OVER (ORDER BY n DESC) AS down FROM shown',
  union:
    'SELECT r.*, row_number() OVER (ORDER BY n) AS up, row_number() OVER (ORDER BY u, n DESC) AS down FROM (SELECT u, n FROM twins UNION ALL SELECT u, n FROM twins) AS r',
  joined:
    'SELECT s.u, name, row_number() OVER (ORDER BY s.n) AS up, lag(s.n, 3) OVER (ORDER BY name, s.n DESC) AS before FROM shown AS s JOIN names USING (k)',
  qualified: 'SELECT u, n, row_number() OVER (ORDER BY n) AS up FROM shown QUALIFY row_number() OVER (PARTITION BY u ORDER BY n DESC) <= 7',
  cte: 'WITH r AS (SELECT u, n FROM shown) SELECT u, first_value(n) OVER (ORDER BY n ROWS 2 PRECEDING) AS one, row_number() OVER (ORDER BY u) AS other FROM r',
}

let analyzer: Analyzer
beforeAll(async () => {
  analyzer = await openAnalyzer()
})
afterAll(() => analyzer.close())

let subject: Subject | undefined
afterEach(async () => {
  await subject?.close()
  subject = undefined
})

const events = Array.from({ length: 40 }, (_, i) => ({
  data: { k: i % 5 < 4 ? 'a' : 'b', u: i % 7 < 5 ? 'x' : 'y', n: i % 11 < 8 ? 1 : 2 },
}))

async function rowsOf(size: number, literalEventsMax: number | undefined): Promise<Record<string, unknown>> {
  subject = await Subject.open(
    { streams: [twins], tables: [names], views },
    { events: size, literalEventsMax },
    { analyzer, inMemory: true },
  )
  const appender = createAppender(subject.log, [twins, names])
  await appender.append(names, [{ data: { k: 'a', name: 'ada' } }, { data: { k: 'b', name: 'bob' } }])
  for (let at = 0; at < events.length; at += size) {
    await appender.append(twins, events.slice(at, at + size))
    await subject.drain()
  }
  expect(Object.fromEntries(subject.failed)).toEqual({})
  const rows: Record<string, unknown> = {}
  for (const name of Object.keys(views)) {
    rows[name] = (await subject.rows(name)).rows
    expect(await subject.verify(name), name).toMatchObject({ differing: 0 })
  }
  await subject.close()
  subject = undefined
  return rows
}

test('windows that order equal rows differently answer the same, however the events come', async () => {
  const once = await rowsOf(events.length, undefined)
  expect((once.star as string[]).length).toBe(40)
  expect(JSON.parse((once.star as string[])[0] ?? '')).toHaveLength(5)
  for (const size of [7, 15]) for (const literal of [undefined, 0]) expect(await rowsOf(size, literal), `${size}`).toEqual(once)
})

test.each([
  [
    'a row as a whole',
    'SELECT s AS whole, row_number() OVER (ORDER BY n) AS up, row_number() OVER (ORDER BY n DESC) AS down FROM shown AS s',
  ],
  ['COLUMNS', "SELECT COLUMNS('u'), row_number() OVER (ORDER BY n) AS up, row_number() OVER (ORDER BY n DESC) AS down FROM shown"],
  [
    'a column by its number',
    'SELECT #1 AS one, row_number() OVER (ORDER BY n) AS up, row_number() OVER (ORDER BY n DESC) AS down FROM shown',
  ],
])('%s would show how equal rows are told apart: it is refused, with a remedy', async (_, wrong) => {
  const opened = Subject.open({ streams: [twins], tables: [names], views: { shown: views.shown ?? '', wrong } }, undefined, { analyzer })
  await expect(opened).rejects.toMatchObject({
    code: 'sql-invalid',
    message: expect.stringMatching(/order its rows differently.*WITH r AS/),
  })
})
