import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Analyzer } from '../../engine/compile/analyzer.ts'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { view } from '../../engine/model/declare/view.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Plain } from './support/plain.ts'
import { plainValues } from './support/schema.ts'
import { openAnalyzer, Subject } from './support/subject.ts'

/** Every view that random trials or reading once found wrong, by name. */
const shop = stream('shop', {
  key: 'k',
  events: {
    Made: z.object({ k: z.string(), i: sql.integer().optional(), user: z.string().optional(), t: z.string().optional() }),
    Paid: z.object({ d: sql.decimal(9, 2).optional(), t: z.string().optional(), u: z.string().optional(), k: z.string() }),
  },
})
const dim = table('dim', { key: 'k', row: z.object({ k: z.string(), n: sql.integer().optional() }) })
const world = { streams: [shop], tables: [dim] }

/** `select`, and the recomputation's text where it is another one: what the compiler adds by itself. */
const found: Readonly<Record<string, readonly [select: string, plain?: string]>> = {
  'a count without GROUP BY begins at 0 and goes on': [
    'SELECT count(*) AS n, sum(i) AS s, avg(i) AS a, count(i) FILTER (WHERE i > 1) AS f FROM shop',
  ],
  'bits of a value that comes an even number of times': [
    "SELECT v, bit_xor(three) AS b FROM (SELECT k AS v, 3 AS three FROM shop EXCEPT ALL SELECT 'nobody', 3) GROUP BY v",
  ],
  'what may raise over a projection over groups': [
    'SELECT CAST(one AS HUGEINT) % 3 AS c, one, unnest(range(2)) AS step FROM (SELECT 1 AS one FROM shop HAVING count(*) < 9)',
  ],
  'an aggregate over nothing': ["SELECT count(*) AS n, max(k) AS m FROM shop WHERE k = 'nobody'"],
  'HAVING without GROUP BY': ['SELECT 1 AS one FROM shop HAVING count(*) > 2'],
  'a place column beside named columns': ['SELECT _offset AS o, k FROM shop'],
  'a place column in an aggregate': ['SELECT k, max(_offset) AS o, min(_time) AS t, max(_type) AS y FROM shop GROUP BY k'],
  'UNION ALL over a CTE that compares rows': ['WITH a AS (SELECT DISTINCT k FROM shop) SELECT k FROM a UNION ALL SELECT k FROM a'],
  'UNION ALL over a CTE of a table': ['WITH a AS (SELECT k FROM dim) SELECT k FROM a UNION ALL SELECT k FROM shop'],
  'UNION is not UNION ALL': ['SELECT k FROM shop UNION SELECT k FROM shop.Made'],
  'an aggregate hidden in a macro': ['SELECT k, weighted_avg(i, i) AS w FROM shop GROUP BY k'],
  'an aggregate hidden in a macro, without GROUP BY': ['SELECT weighted_avg(i, 2) AS w FROM shop'],
  'a column named like a function of the session': ['SELECT "user" AS who, count(*) AS n FROM shop.Made GROUP BY "user"'],
  'LIMIT inside a CTE’s reader': ['WITH a AS (SELECT k FROM shop) SELECT * FROM (SELECT * FROM a ORDER BY k LIMIT 3)'],
  'LIMIT in a correlated subquery': ['SELECT k, (SELECT n FROM dim WHERE dim.k = shop.k ORDER BY n LIMIT 1) AS n FROM shop'],
  'LIMIT in a LATERAL subquery': ['SELECT shop.k, x.n FROM shop, LATERAL (SELECT n FROM dim WHERE dim.k = shop.k ORDER BY n LIMIT 1) AS x'],
  'ORDER BY ALL LIMIT': ['SELECT k, count(*) AS n FROM shop GROUP BY ALL ORDER BY ALL LIMIT 2'],
  'a list whose order ties': ['SELECT list(i ORDER BY k) AS l FROM shop', 'SELECT list(i ORDER BY k, i ASC NULLS LAST) AS l FROM shop'],
  'a window over a subquery without a name': [
    'SELECT i, row_number() OVER (ORDER BY k) AS r FROM (SELECT k, i FROM shop)',
    'SELECT i, row_number() OVER (ORDER BY k, i ASC NULLS LAST) AS r FROM (SELECT k, i FROM shop)',
  ],
  'a window over groups': [
    'SELECT k, row_number() OVER (ORDER BY count(*) > 0) AS r FROM shop GROUP BY k',
    'SELECT k, row_number() OVER (ORDER BY count(*) > 0, k) AS r FROM shop GROUP BY k',
  ],
  'a window over one event type, whose fields come in another order than the stream’s': [
    'SELECT u, sum(d) OVER (ORDER BY t ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS w FROM shop.Paid',
    'SELECT u, sum(d) OVER (ORDER BY t, d ASC NULLS LAST, t ASC NULLS LAST, u ASC NULLS LAST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS w FROM shop.Paid',
  ],
  'windows that go on from the row before, in the order of arrival': [
    'SELECT k, _offset AS o, lag(i, 2, 7) OVER w AS two_before, row_number() OVER w AS n, sum(i) OVER w AS s, max(t) OVER w AS m FROM shop WINDOW w AS (PARTITION BY k ORDER BY _offset)',
  ],
  'windows that go on, where equals come in two batches': [
    'SELECT k, i, rank() OVER w AS r, dense_rank() OVER w AS d, sum(i) OVER w AS s, count(*) OVER w AS n FROM shop WINDOW w AS (PARTITION BY k ORDER BY i DESC NULLS FIRST)',
  ],
  'groups over windows over windows, where rows come late': [
    'SELECT k, run, count(*) AS n, max(i) AS m FROM (SELECT k, i, sum(opens) OVER (PARTITION BY k ORDER BY i) AS run FROM (SELECT k, i, CASE WHEN i - lag(i) OVER (PARTITION BY k ORDER BY i) < 2 THEN 0 ELSE 1 END AS opens FROM shop) AS marked) AS numbered GROUP BY k, run',
  ],
  'the last value of a frame that equals share': [
    'SELECT t, k, last_value(k) OVER (ORDER BY t) AS l, nth_value(k, 2) OVER (ORDER BY t) AS n, first_value(k) OVER (ORDER BY t GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS f FROM shop.Paid',
    'SELECT t, k, last_value(k ORDER BY t, k, t) OVER (ORDER BY t) AS l, nth_value(k, 2 ORDER BY t, k, t) OVER (ORDER BY t) AS n, first_value(k ORDER BY t, k, t) OVER (ORDER BY t GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS f FROM shop.Paid',
  ],
  'windows that go on in one partition of all rows': [
    'SELECT k, _offset AS o, row_number() OVER (ORDER BY _offset) AS n, count(*) OVER (ORDER BY _time, _offset) AS c FROM shop',
  ],
  '* of one event type': ['SELECT * FROM shop.Paid', 'SELECT d, t, u, k FROM shop.Paid'],
  'JOIN USING a place column': ['SELECT count(*) AS n FROM shop AS a JOIN shop AS b USING (_offset)'],
  'a column qualified by stream and type': ['SELECT shop.Made.k FROM shop.Made', 'SELECT Made.k FROM shop.Made'],
  'text that looks like the compiler’s own placeholders': [
    "SELECT '__delta_0 __state__ $& $1' AS x, k, count(*) AS n FROM shop GROUP BY ALL",
  ],
  'a DOUBLE in exponent form stays one': ['SELECT k, i * 1e10 AS x FROM shop'],
  'a group by an alias that is also a column': ['SELECT upper(k) AS k, count(*) AS n FROM shop GROUP BY k'],
  'groups without aggregates': ['SELECT k FROM shop GROUP BY k'],
  'NULL as a group': ['SELECT i, count(*) AS n FROM shop GROUP BY i'],
  'a constant': ['SELECT 1 AS x'],
  'rows of a join that tie in all that is compared, and differ in the rest': [
    'SELECT k, i, u FROM (SELECT m.k, m.i, p.u, row_number() OVER (PARTITION BY m.k ORDER BY p.d DESC, p._partition, p._offset) AS n FROM shop.Made AS m JOIN shop.Paid AS p ON m.k = p.k) WHERE n = 1',
    'SELECT k, i, u FROM (SELECT m.k, m.i, p.u, row_number() OVER (PARTITION BY m.k ORDER BY p.d DESC, p._partition, p._offset, m._partition, m._offset) AS n FROM shop.Made AS m JOIN shop.Paid AS p ON m.k = p.k) WHERE n = 1',
  ],
  'the first two rows of a join with their place among them': [
    'SELECT k, i, u, n FROM (SELECT m.k, m.i, p.u, row_number() OVER (PARTITION BY m.k ORDER BY p.u, p._offset, p._partition, m._offset DESC, m._partition) AS n FROM shop.Made AS m JOIN shop.Paid AS p ON m.k = p.k) WHERE n <= 2',
  ],
  'a whole row': ['SELECT k, Made IS NULL AS gone FROM shop.Made'],
}

let analyzer: Analyzer
beforeAll(async () => {
  analyzer = await openAnalyzer()
})
afterAll(() => analyzer.close())

let subject: Subject | undefined
let plain: Plain | undefined
afterEach(async () => {
  await subject?.close()
  plain?.close()
  subject = plain = undefined
})

const events = [
  { type: 'Made', data: { k: 'a', i: 1, user: 'me', t: 'x' } },
  { type: 'Paid', data: { k: 'a', d: '1.25', t: 'x', u: 'p' } },
  { type: 'Made', data: { k: 'b', i: 5 } },
  { type: 'Made', data: { k: 'b' } },
  { type: 'Paid', data: { k: 'b', d: '1.00', t: 'x', u: 'o' } },
  { type: 'Made', data: { k: 'a', i: 1 } },
  { type: 'Paid', data: { k: 'c', d: '0.01', t: 'x', u: 'p' } },
  { type: 'Made', data: { k: 'c', i: -3 } },
] as const

test.each(
  Object.entries(found).flatMap(([name, texts]) =>
    (
      [
        [2, 0],
        [1_000, undefined],
      ] as const
    ).map(([size, literal]) => [name, size, literal, texts] as const),
  ),
)('%s, batches of %s', async (_, size, literalEventsMax, [select, plainSelect = select]) => {
  subject = await Subject.open({ ...world, views: { v: select } }, { events: size, literalEventsMax }, { analyzer, inMemory: true })
  plain = await Plain.open([shop, dim])
  await plain.run(`CREATE VIEW v AS ${plainSelect}`)
  const appender = createAppender(subject.log, [shop, dim])
  await appender.append(dim, [{ data: { k: 'a', n: 4 } }, { data: { k: 'b', n: 2 } }])
  const answer = await appender.append(shop, [...events])
  if (!answer.ok) throw new Error('a conflict without an expectation')
  await plain.insert(
    dim,
    [
      { k: 'a', n: '4' },
      { k: 'b', n: '2' },
    ].map((values, i) => ({ type: 'dim', key: values.k, partition: 0, offset: BigInt(i), timeMicros: 0n, values })),
  )
  await plain.insert(
    shop,
    events.map(({ type, data }, i) => ({
      type,
      key: data.k,
      partition: 0,
      offset: BigInt(i),
      timeMicros: answer.timeMicros,
      values: plainValues(data),
    })),
  )
  await subject.drain()
  expect(Object.fromEntries(subject.failed)).toEqual({})
  expect((await subject.rows('v')).rows).toEqual((await plain.answer('SELECT * FROM v')).rows)
  expect(await subject.verify('v')).toMatchObject({ differing: 0 })
})

describe('a view whose SELECT raises', () => {
  const views = { good: 'SELECT k, count(*) AS n FROM shop GROUP BY k', above: 'SELECT count(*) AS n FROM broken' }

  test.each([
    ['in a projection', 'SELECT CAST(t AS INTEGER) AS x FROM shop'],
    ['in an output over aggregates', 'SELECT k, CAST(max(t) AS INTEGER) AS x FROM shop GROUP BY k'],
    ['in a full recomputation', 'SELECT DISTINCT CAST(t AS INTEGER) AS x FROM shop'],
    ['by a sum beyond 64 bits', 'SELECT sum(CAST(9223372036854775807 AS BIGINT)) AS x FROM shop'],
    ['by an overflow between two columns', 'SELECT k, CAST(max(i) AS TINYINT) - CAST(127 AS TINYINT) AS x FROM shop GROUP BY k'],
    [
      'with words of the store in its message',
      "SELECT CAST('FATAL Error: No space left, Out of Memory, INTERRUPT' || t AS INTEGER) AS x FROM shop",
    ],
  ])('%s is not served, nor what reads it; the others go on', async (_, broken) => {
    for (const literalEventsMax of [undefined, 0]) {
      subject = await Subject.open({ ...world, views: { broken, ...views } }, { events: 3, literalEventsMax })
      const appender = createAppender(subject.log, [shop])
      await appender.append(shop, [...events])
      await subject.drain()
      expect([...subject.failed.keys()].sort()).toEqual(['above', 'broken'])
      expect(subject.failed.get('above')).toContain('it reads broken')
      await expect(subject.rows('broken')).rejects.toMatchObject({ code: 'query-failed' })
      await expect(subject.rows('above')).rejects.toMatchObject({ code: 'query-failed' })
      expect((await subject.rows('good')).rows).toEqual(['["a","3"]', '["b","3"]', '["c","2"]'])
      await subject.restart()
      await appender.append(shop, []).catch((error: Error) => expect(error).toBeInstanceOf(Error)) // the old log is closed
      await createAppender(subject.log, [shop]).append(shop, [events[0]])
      await subject.drain()
      expect((await subject.rows('good')).rows[0]).toBe('["a","4"]')
      expect(subject.live).not.toContain('broken')
      await subject.close()
    }
    subject = undefined
  })
})

test('a view whose event is named as itself, and views whose CTEs are named as each other, are no circle', async () => {
  subject = await Subject.open({
    ...world,
    views: { Made: 'SELECT k FROM shop.Made', a: 'WITH b AS (SELECT k FROM shop) SELECT k FROM b', b: 'SELECT k FROM a' },
  })
  expect(subject.live).toEqual(expect.arrayContaining(['Made', 'a', 'b']))
  await expect(Subject.open({ ...world, views: { a: 'SELECT k FROM b', b: 'SELECT k FROM c', c: 'SELECT k FROM a' } })).rejects.toThrow(
    /circle: a → b → c → a/,
  )
  await expect(Subject.open({ ...world, views: { a: 'SELECT k FROM a' } })).rejects.toThrow(/circle: a → a/)
})

test('a fold beside the views, and a view that reads it', async () => {
  const totals = view('totals', {
    from: shop,
    state: z.object({ n: z.int() }),
    initial: { n: 0 },
    on: { Made: (state) => ({ n: state.n + 1 }) },
  })
  subject = await Subject.open({ ...world, folds: [totals], views: { many: 'SELECT k FROM totals WHERE n > 1' } }, { events: 3 })
  await createAppender(subject.log, [shop]).append(shop, [...events])
  await subject.drain()
  expect((await subject.rows('totals')).rows).toEqual(['["a","2"]', '["b","2"]', '["c","1"]'])
  expect((await subject.rows('many')).rows).toEqual(['["a"]', '["b"]'])
  expect(await subject.verify('totals')).toMatchObject({ differing: 0 })
})

test('a view that joins later is built beside the others and stands at their position', async () => {
  subject = await Subject.open({ ...world, views: { one: 'SELECT count(*) AS n FROM shop' } }, { events: 2 })
  await createAppender(subject.log, [shop]).append(shop, [...events])
  await subject.drain()
  await subject.restart({
    ...world,
    views: {
      one: 'SELECT count(*) AS n FROM shop',
      two: 'SELECT k, count(*) AS n FROM shop GROUP BY k',
      three: 'SELECT DISTINCT k FROM shop',
      four: 'SELECT count(*) AS n FROM two',
      five: 'SELECT 1 AS x',
    },
  })
  expect(subject.live).toEqual(['dim', 'one', 'five'])
  await createAppender(subject.log, [shop]).append(shop, [events[0]])
  await subject.drain()
  expect(subject.live).toEqual(expect.arrayContaining(['one', 'two', 'three', 'four', 'five']))
  expect((await subject.rows('one')).rows).toEqual(['["9"]'])
  expect((await subject.rows('two')).rows).toEqual(['["a","4"]', '["b","3"]', '["c","2"]'])
  expect((await subject.rows('four')).rows).toEqual(['["3"]'])
  expect((await subject.rows('three')).rows).toHaveLength(3)
})

test('a crash between the start and the first computation leaves no view empty', async () => {
  subject = await Subject.open({ ...world, views: { x: 'SELECT 1 AS x', n: 'SELECT count(*) AS n FROM dim' } })
  // As if the process had ended right after `start` had made the tables.
  const ids = subject.definitions.derivations.filter(({ name }) => /^[xn]$/.test(name)).map(({ id }) => id)
  await subject.store.script([
    `UPDATE _evert.meta SET value = '${JSON.stringify(ids)}' WHERE key = 'fresh'`,
    ...(await subject.store.transaction((tx) => tx.all('SELECT "table" AS t FROM _evert.versions')))
      .filter((row) => /^[xn]@/.test(String(row.t)))
      .map((row) => `DELETE FROM _state."${row.t}"`),
  ])
  await subject.restart()
  expect((await subject.rows('x')).rows).toEqual(['[1]'])
  expect((await subject.rows('n')).rows).toEqual(['["0"]'])
})

test('a view that is tried stands before one that asks what came late', async () => {
  const kinds = table('kinds', { key: 'code', row: z.object({ code: z.int(), k: z.string().optional() }) })
  subject = await Subject.open(
    {
      tables: [kinds],
      views: {
        tried: 'SELECT k, CAST(max(code) AS TINYINT) AS m FROM kinds GROUP BY k',
        marked: 'SELECT k, code, sum(code) OVER (PARTITION BY k ORDER BY code) AS s FROM kinds',
      },
    },
    { events: 3 },
  )
  const appender = createAppender(subject.log, [kinds])
  await appender.append(kinds, [{ data: { code: 7 } }, { data: { code: 2 } }, { data: { code: 1, k: 'a' } }])
  await subject.drain()
  await appender.append(kinds, [{ data: { code: 7, k: 'a' } }])
  await subject.drain()
  expect((await subject.rows('marked')).rows).toEqual(['["a","1","1"]', '["a","7","8"]', '[null,"2","2"]'])
  expect(await subject.verify('marked')).toMatchObject({ differing: 0 })
})

test('of the right rows of an ASOF join that tie, verify takes the one that the view takes', async () => {
  subject = await Subject.open({
    ...world,
    views: { last: 'SELECT d.k, s.i, s.k AS whose FROM dim AS d ASOF JOIN shop.Made AS s ON d.n > s.i' },
  })
  await createAppender(subject.log, [dim]).append(dim, [{ data: { k: 'd', n: 2 } }])
  const made = ['b', 'e', 'a', 'c'].map((k) => ({ type: 'Made' as const, data: { k, i: 1, user: k, t: k } }))
  await createAppender(subject.log, [shop]).append(shop, made)
  await subject.drain()
  expect((await subject.rows('last')).rows).toEqual(['["d",1,"e"]'])
  expect(await subject.verify('last')).toMatchObject({ differing: 0, rows: 1 })
})
