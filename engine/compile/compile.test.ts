import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import type { Strategy } from './rules/rule.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

describe('the strategy, and why', () => {
  const cases: readonly (readonly [string, Strategy, RegExp])[] = [
    ['SELECT origin, upper(destination) AS d FROM flights WHERE delay > 5', 'linear', /adds its own rows/],
    ['SELECT * FROM shop.Requested', 'linear', /adds its own rows/],
    ['SELECT origin, unnest(tags) AS tag FROM flights', 'linear', /adds its own rows/],
    ['SELECT origin FROM flights UNION ALL SELECT sku FROM shop', 'linear', /adds its own rows/],
    [
      'WITH a AS (SELECT origin FROM flights WHERE delay > 5) SELECT origin FROM a UNION ALL SELECT origin FROM a',
      'linear',
      /adds its own rows/,
    ],
    ['SELECT origin FROM (SELECT origin FROM flights WHERE delay > 5) AS late', 'linear', /adds its own rows/],
    ['SELECT origin FROM flights ORDER BY day', 'linear', /adds its own rows/],
    [
      'SELECT origin, count(*) AS n, sum(delay) AS s, avg(fare) AS a, min(day) AS d FROM flights GROUP BY origin',
      'linear',
      /grouped by itself and merged/,
    ],
    ['SELECT origin, count(*) AS n FROM flights GROUP BY ALL HAVING count(*) > 5', 'linear', /grouped by itself and merged/],
    ['SELECT count(*) AS n FROM flights', 'linear', /grouped by itself and merged/],
    ['WITH a AS (SELECT origin AS o FROM flights) SELECT o, count(*) AS n FROM a GROUP BY o', 'linear', /grouped by itself and merged/],
    ['SELECT origin, count(DISTINCT day) AS n FROM flights GROUP BY origin', 'linear', /grouped by itself and merged/],
    ['SELECT origin, median(delay) AS n FROM flights GROUP BY origin', 'affected keys', /median\(…\).*the groups that a batch touches/],
    [
      'SELECT origin, sum(ratio) AS n FROM flights GROUP BY origin',
      'affected keys',
      /sum\(…\).*computed anew for the groups that a batch touches/,
    ],
    ['SELECT origin, max(ratio) AS n FROM flights GROUP BY origin', 'linear', /grouped by itself and merged/],
    ['SELECT origin, sum(big) AS n FROM flights GROUP BY origin', 'linear', /grouped by itself and merged/],
    ['SELECT weighted_avg(delay, distance) AS w FROM flights', 'full', /weighted_avg\(…\).*computed anew for each batch/],
    [
      'SELECT origin, max(delay, 3) AS n FROM flights GROUP BY origin',
      'affected keys',
      /max\(…\).*computed anew for the groups that a batch touches/,
    ],
    [
      'SELECT origin, list(delay ORDER BY day) AS n FROM flights GROUP BY origin',
      'affected keys',
      /list\(…\).*computed anew for the groups that a batch touches/,
    ],
    ['SELECT origin, count(*) AS n FROM flights GROUP BY ROLLUP (origin)', 'linear', /adds its own rows/],
    ["SELECT min(COLUMNS(['origin', 'day'])) FROM flights", 'full', /\* inside of an expression/],
    ["SELECT origin, max(COLUMNS('^d.*')) FROM flights GROUP BY origin", 'full', /\* inside of an expression/],
    [
      'SELECT delay, list_transform([1], lambda delay: delay + 1) AS l, count(*) AS n FROM flights GROUP BY delay',
      'linear',
      /grouped by itself and merged/,
    ],
    [
      'SELECT delay, [delay + 1 for delay in [1]] AS l, count(*) AS n FROM flights GROUP BY delay',
      'linear',
      /grouped by itself and merged/,
    ],
    [
      'SELECT origin, max(list_sum(list_transform(tags, t -> 1))) AS n FROM flights GROUP BY origin',
      'linear',
      /grouped by itself and merged/,
    ],
    ["SELECT to_json({a: day}) -> 'a' AS j, count(*) AS n FROM flights GROUP BY j", 'linear', /grouped by itself and merged/],
    ['SELECT count(*) AS n FROM flights WHERE len(list_filter(tags, lambda t: t > origin)) > 0', 'linear', /grouped by itself and merged/],
    ['SELECT delay * 2 AS d, count(*) AS n, max(fare) AS m FROM flights WHERE d > 4 GROUP BY d', 'linear', /grouped by itself and merged/],
    [
      "SELECT delay AS t, count(*) AS n FROM flights WHERE len(list_filter(tags, lambda t: t > 'a')) > t GROUP BY t",
      'linear',
      /grouped by itself and merged/,
    ],
    ['SELECT DISTINCT origin FROM flights', 'linear', /DISTINCT of rows that are only added/],
    ['SELECT origin FROM flights UNION SELECT sku FROM shop', 'linear', /DISTINCT of rows that are only added/],
    ['SELECT origin FROM flights EXCEPT SELECT sku FROM shop', 'linear', /EXCEPT/],
    ['WITH a AS (SELECT DISTINCT origin FROM flights) SELECT origin FROM a UNION ALL SELECT origin FROM a', 'linear', /adds its own rows/],
    ['SELECT origin FROM flights ORDER BY day LIMIT 3', 'linear', /ORDER BY with LIMIT/],
    ['SELECT origin, rank() OVER (ORDER BY day) AS r FROM flights', 'full', /a window without PARTITION BY/],
    [
      'SELECT origin FROM flights QUALIFY row_number() OVER (PARTITION BY origin ORDER BY day) = 1',
      'linear',
      /the first rows of each partition/,
    ],
    ['SELECT origin FROM flights WHERE origin IN (SELECT iata FROM airports)', 'affected keys', /EXISTS or IN: a row that comes/],
    ['SELECT f.origin FROM flights AS f JOIN airports AS a ON f.origin = a.iata', 'linear', /an inner join/],
    ['SELECT iata FROM airports', 'linear', /adds its own rows/],
    ['SELECT origin, sum(flights) AS n FROM daily GROUP BY origin', 'linear', /grouped by itself and merged/],
    ['SELECT origin FROM flights UNION ALL BY NAME SELECT sku FROM shop', 'linear', /adds its own rows/],
    ['SELECT origin FROM flights UNION BY NAME SELECT sku FROM shop', 'linear', /DISTINCT of rows that are only added/],
    ['SELECT * FROM flights UNPIVOT (v FOR k IN (delay, distance))', 'linear', /adds its own rows/],
    ['SELECT k, sum(v) AS s FROM flights UNPIVOT (v FOR k IN (delay, distance)) GROUP BY k', 'linear', /grouped by itself and merged/],
    [
      "SELECT * FROM (SELECT origin, delay FROM flights) PIVOT (sum(delay) FOR origin IN ('A', 'B'))",
      'linear',
      /aggregates without GROUP BY/,
    ],
    ['SELECT 1 AS one', 'linear', /adds its own rows/],
    ['WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n', 'linear', /adds its own rows/],
  ]
  test.each(cases)('%s: %s', async (select, strategy, reason) => {
    const plan = await compiler.plan(select)
    expect(plan.strategy).toBe(strategy)
    expect(plan.reason).toMatch(reason)
  })

  test('a full view over a stream keeps its history and advises', async () => {
    const plan = await compiler.plan("SELECT min(COLUMNS(['origin', 'day'])) FROM flights")
    expect(plan.history).toEqual(['flights'])
    expect(plan.advice).toContain('GROUP BY')
    expect((await compiler.plan('SELECT DISTINCT iata FROM airports')).history).toEqual([])
  })

  test('a linear view decodes the columns that it names, and place columns when it names them', async () => {
    const needs = async (select: string) => [...((await compiler.plan(select)).needs.get('flights') ?? ['all'])].sort()
    expect(await needs('SELECT upper(origin) AS o FROM flights WHERE delay > 1')).toEqual(['delay', 'origin'])
    expect(await needs('SELECT count(*) AS n FROM flights')).toEqual([])
    expect(await needs('SELECT origin, _offset AS o FROM flights')).toEqual(['_offset', 'origin'])
    expect(await needs('SELECT * FROM flights')).toEqual(['all'])
    expect(await needs('SELECT #1 AS a FROM flights')).toEqual(['all'])
    expect(await needs('SELECT f AS row_of FROM flights AS f')).toEqual(['all'])
    expect(await needs('SELECT a FROM flights AS f(a)')).toEqual(['all'])
  })
})

describe('types are DuckDB’s', () => {
  test.each([
    ['sum(delay)', 'HUGEINT'],
    ['sum(distance)', 'HUGEINT'],
    ['sum(fare)', 'DECIMAL(38,2)'],
    ['avg(delay)', 'DOUBLE'],
    ['avg(fare)', 'DOUBLE'],
    ['count(*)', 'BIGINT'],
    ['min(day)', 'DATE'],
    ['max(fare)', 'DECIMAL(9,2)'],
    ['sum(delay) + 1', 'HUGEINT'],
    ['sum(delay) / count(*)', 'DOUBLE'],
    ['max(tags)', 'VARCHAR[]'],
    ['min({a: origin, b: day})', 'STRUCT(a VARCHAR, b DATE)'],
  ])('%s is %s', async (expression, type) => {
    const plan = await compiler.plan(`SELECT origin, ${expression} AS x FROM flights GROUP BY origin`)
    expect(plan.columns).toEqual([
      { name: 'origin', type: 'VARCHAR' },
      { name: 'x', type },
    ])
  })
})

describe('refused columns', () => {
  test.each([
    ['SELECT origin, origin FROM flights', 'two columns are named origin'],
    ['SELECT origin AS a, day AS A FROM flights', 'two columns are named A'],
    ['SELECT origin AS _x FROM flights', 'begins with _'],
    ['SELECT _time FROM flights', 'begins with _'],
    ['SELECT row(1, 2) AS x FROM flights', 'CAST the one'],
    ['SELECT f.*, a.* FROM flights AS f JOIN (SELECT origin FROM flights) AS a ON true', 'two columns are named origin'],
  ])('%s', async (select, message) => {
    expect(await compiler.refusal(select)).toContain(message)
  })
})

describe('errors show the place', () => {
  test.each([
    ['SELECT origin,\n  delay +\nFROM flights', 4, 1, 'FROM'],
    ["SELECT 'äöü €', origin,,day\nFROM flights", 2, 24, ','],
    ["SELECT '😀', origin,,day\nFROM flights", 2, 21, ','],
    ['SELECT origin\nFROM flights\nWHERE dellay > 5', 4, 7, 'dellay'],
    ['SELECT no_such_function(origin) AS x FROM flights', 2, 8, 'no_such_function'],
    ['SELECT sum(origin) AS x FROM flights', 2, 8, 'sum'],
    ['SELECT origin, count(*) AS n\nFROM flights\nGROUP BY day', 2, 8, 'origin'],
    ['SELECT flights.nope AS x FROM flights', 2, 16, 'nope'],
    ['SELECT origin\nFROM flight', 3, 6, 'flight'],
    ["SELECT 'äöü €😀', origin FROM flight", 2, 31, 'flight'],
    ['WITH a AS (\n  SELECT * FROM other.main.x\n) SELECT * FROM a', 3, 17, 'other'],
    ["SELECT origin,\n  getenv('HOME') AS h FROM flights", 3, 3, 'getenv'],
    ["SELECT *\nFROM read_csv('x.csv')", 3, 6, 'read_csv'],
    ['SELECT origin\nFROM flights\nWHERE day > current_date', 4, 13, 'current_date'],
    ['SELECT origin,\n  now() AS t FROM flights', 3, 3, 'now'],
    ['SELECT origin FROM flights\nUNION ALL\nSELECT lower(origin) COLLATE NOCASE FROM flights', 4, 8, 'lower'],
    ['SELECT f.origin FROM flights AS f\nASOF RIGHT JOIN airports AS a ON f.origin >= a.iata', 3, 1, 'ASOF'],
    ['WITH a AS (SELECT day FROM flights)\nSELECT day FROM a LIMIT 3', 3, 8, 'day'],
    ['SELECT * FROM flights,\n  (SELECT * FROM airports WHERE iata = origin ORDER BY iata LIMIT 1) AS a', 3, 11, '\\*'],
  ])('%j', async (select, line, column, word) => {
    const message = (await compiler.refusal(select)) ?? ''
    expect(message).toMatch(/^sql\/views\/v\.sql:\d+:\d+: /)
    const lines = message.split('\n')
    const caret = (lines.at(-1) ?? '').indexOf('^')
    expect([message.split(':')[1], message.split(':')[2]].map(Number)).toEqual([line, column])
    expect((lines.at(-2) ?? '').slice(caret)).toMatch(new RegExp(`^${word}`))
    expect(message).not.toContain('_rel')
    expect(message).not.toContain('LINE')
  })
})

describe('the fingerprint', () => {
  const of = async (select: string) => (await compiler.plan(select)).fingerprint
  const base = 'SELECT origin, count(*) AS n FROM flights WHERE delay > 5 GROUP BY origin'

  test.each([
    'select origin, COUNT( * ) as n\n\n  from flights\twhere delay > 5 group by origin;',
    '-- a comment\nSELECT origin, /* another */ count(*) AS n FROM flights WHERE (delay > 5) GROUP BY origin',
    'SELECT "origin", count(*) "n" FROM flights WHERE delay > 5 GROUP BY "origin"',
    'SELECT origin, count(*) AS n FROM main.flights WHERE delay > 5 GROUP BY origin',
  ])('is the same for %j', async (select) => {
    expect(await of(select)).toBe(await of(base))
  })

  test.each([
    'SELECT origin, count(*) AS n FROM flights WHERE delay > 6 GROUP BY origin',
    'SELECT origin, count(*) AS n FROM flights WHERE delay >= 5 GROUP BY origin',
    'SELECT origin, count(delay) AS n FROM flights WHERE delay > 5 GROUP BY origin',
    'SELECT origin, count(*) AS m FROM flights WHERE delay > 5 GROUP BY origin',
    'SELECT count(*) AS n, origin FROM flights WHERE delay > 5 GROUP BY origin',
    'SELECT origin, count(*) AS n FROM flights.flights WHERE delay > 5 GROUP BY origin',
    "SELECT origin, count(*) AS n FROM flights WHERE delay > 5 AND origin <> 'x' GROUP BY origin",
  ])('is another one for %j', async (select) => {
    expect(await of(select)).not.toBe(await of(base))
  })
})
