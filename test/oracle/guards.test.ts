import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Subject } from './support/subject.ts'

const facts = stream('facts', { key: 'k', event: z.object({ k: z.string(), t: z.string() }) })
const visits = stream('visits', { event: z.object({ k: sql.integer(), t: sql.integer() }) })
const marks = table('marks', { key: 'id', row: z.object({ id: z.string(), k: sql.integer(), n: sql.integer() }) })
const others = stream('others', { event: z.object({ n: z.int() }) })

let subject: Subject | undefined
afterEach(async () => {
  await subject?.close()
  subject = undefined
})

test.each([undefined, 0])(
  'events whose text looks like a generated name stay as they are, constants up to %s events',
  async (literalEventsMax) => {
    const values = ['"#1"', '"#2"', 'a "#3" b', '\u00000\u0000', '$1', '__delta_0']
    const views = {
      kept: 'SELECT t, \'"#2"\' AS "#1" FROM facts WHERE k <> \'none\'',
      groups: 'SELECT t, count(*) AS c, max(k) AS hi FROM facts GROUP BY t',
      // In the events themselves JSON escapes the quotes; a key stands in a statement as it is.
      keys: 'SELECT _key AS message_key, count(*) AS c FROM facts GROUP BY message_key',
      twice: 'SELECT a.t, b.k FROM facts AS a JOIN facts AS b ON a.t = b.t',
    }
    subject = await Subject.open({ streams: [facts], views }, { events: 3, literalEventsMax })
    const appender = createAppender(subject.log, [facts])
    for (const t of values) await appender.append(facts, [{ data: { k: t, t } }, { data: { k: 'x', t } }])
    await subject.drain()
    expect(Object.fromEntries(subject.failed)).toEqual({})
    expect((await subject.rows('groups')).rows).toHaveLength(values.length)
    for (const view of Object.keys(views)) expect((await subject.verify(view)).differing, view).toBe(0)
  },
)

test('a stream that leaves the project does not make its rows of before look like those of now', async () => {
  const views = { pairs: 'SELECT a.k AS left_k, b.k AS right_k FROM facts AS a JOIN facts AS b ON a.t = b.t' }
  subject = await Subject.open({ streams: [facts, others], views })
  await createAppender(subject.log, [others]).append(
    others,
    Array.from({ length: 50 }, (_, n) => ({ data: { n } })),
  )
  await createAppender(subject.log, [facts]).append(facts, [{ data: { k: 'a', t: 'x' } }, { data: { k: 'b', t: 'x' } }])
  await subject.drain()
  await subject.restart({ streams: [facts], views })
  await createAppender(subject.log, [facts]).append(facts, [{ data: { k: 'c', t: 'x' } }])
  await subject.drain()
  expect((await subject.rows('pairs')).rows).toHaveLength(9)
  expect((await subject.verify('pairs')).differing).toBe(0)
})

test.each([undefined, 0])(
  'a batch that takes rows away is not taken for one that only adds, constants up to %s events',
  async (literalEventsMax) => {
    const views = {
      sessions: `WITH marked AS (SELECT k, t, CASE WHEN t - lag(t) OVER (PARTITION BY k ORDER BY t) <= 5 THEN 0 ELSE 1 END AS opens FROM visits),
        numbered AS (SELECT k, t, sum(opens) OVER (PARTITION BY k ORDER BY t) AS session FROM marked)
        SELECT k, session, count(*) AS n, min(t) AS begins, max(t) AS ends FROM numbered GROUP BY k, session`,
      best: 'SELECT k, max(n) AS most, min(n) AS least FROM marks GROUP BY k',
    }
    subject = await Subject.open({ streams: [visits], tables: [marks], views }, { events: 100, literalEventsMax })
    const appender = createAppender(subject.log, [visits, marks])
    const check = async () => {
      await subject?.drain()
      for (const view of Object.keys(views)) expect((await subject?.verify(view))?.differing, view).toBe(0)
    }
    // In order, in order again, one between two sessions that makes them one, and in order behind them.
    for (const times of [[1, 3, 10], [12], [7], [13, 40]]) {
      await appender.append(
        visits,
        times.flatMap((t) => [1, 2].map((k) => ({ data: { k, t } }))),
      )
      await check()
    }
    // Added, more added, the greatest made the least, another group.
    for (const [id, k, n] of [
      ['a', 1, 9],
      ['b', 1, 5],
      ['a', 1, 2],
      ['b', 2, 5],
    ] as const) {
      await appender.append(marks, [{ data: { id, k, n } }])
      await check()
    }
  },
)

test.each([undefined, 0])(
  'of a few rows the better one replaces the first of its partition, and groups over groups follow, constants up to %s events',
  async (literalEventsMax) => {
    const views = {
      latest: 'SELECT k, t FROM (SELECT k, t, row_number() OVER (PARTITION BY k ORDER BY t DESC) AS place FROM visits) WHERE place = 1',
      sums: 'SELECT k, sum(best) AS total FROM (SELECT k, t % 3 AS m, max(t) AS best FROM visits GROUP BY ALL) GROUP BY k',
    }
    subject = await Subject.open({ streams: [visits], views }, { events: 100, literalEventsMax })
    const appender = createAppender(subject.log, [visits])
    // New, better, worse, the same again, several of one partition with the best first, in the middle and last.
    for (const times of [[5], [9], [2], [9], [20, 11, 12], [13, 30, 14], [15, 16, 41]]) {
      await appender.append(
        visits,
        times.flatMap((t) => [1, 2, t].map((k) => ({ data: { k, t } }))),
      )
      await subject.drain()
      expect(Object.fromEntries(subject.failed)).toEqual({})
      for (const view of Object.keys(views)) expect((await subject.verify(view)).differing, view).toBe(0)
    }
  },
)
