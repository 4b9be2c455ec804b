import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

/** Text, the clause that the message must name, a word of its remedy. */
const refused: readonly (readonly [string, string, string])[] = [
  ['SELECT now() AS t FROM flights', 'now()', '_time'],
  ['SELECT today() AS t FROM flights', 'today()', '_time'],
  ['SELECT origin FROM flights WHERE day > current_date', 'current_date', '_time'],
  ['SELECT origin, current_timestamp AS t FROM flights', 'current_timestamp', '_time'],
  ['SELECT origin, localtimestamp AS t FROM flights', 'localtimestamp', '_time'],
  ['SELECT age(day) AS t FROM flights', 'age() with one argument', 'both'],
  ['SELECT origin FROM flights WHERE day > ago(INTERVAL 1 DAY)', 'ago()', '_time'],
  ['SELECT current_user AS u, origin FROM flights', 'current_user', 'Leave it out'],
  ['SELECT origin, current_schema() AS u FROM flights', 'current_schema()', 'Leave it out'],
  ['SELECT random() AS r FROM flights', 'random()', 'before the append'],
  ['SELECT uuid() AS r FROM flights', 'uuid()', 'before the append'],
  ['SELECT list(origin) AS l FROM flights', 'list() without ORDER BY', 'ORDER BY'],
  ["SELECT string_agg(origin, ',') AS l FROM flights", 'string_agg() without ORDER BY', 'ORDER BY'],
  ['SELECT any_value(origin) AS l FROM flights', 'any_value() without ORDER BY', 'min()'],
  ['SELECT first(origin) AS l FROM flights', 'first() without ORDER BY', 'ORDER BY'],
  ['SELECT ARRAY(SELECT origin FROM flights) AS l', 'array_agg() without ORDER BY', 'ORDER BY'],
  ['SELECT json_group_array(origin) AS l FROM flights', 'json_group_array()', 'ORDER BY'],
  ['SELECT json_group_object(origin, day) AS l FROM flights', 'json_group_object()', 'ORDER BY'],
  ['SELECT arg_max(origin, distance ORDER BY day) AS l FROM flights', 'arg_max() with ORDER BY', 'first(value'],
  ['SELECT min_by(origin, distance ORDER BY day) OVER (PARTITION BY origin) AS l FROM flights', 'min_by() with ORDER BY', 'Leave'],
  ['SELECT approx_count_distinct(origin) AS l FROM flights', 'approx_count_distinct()', 'count(DISTINCT'],
  ['SELECT approx_quantile(delay, 0.5) AS l FROM flights', 'approx_quantile()', 'quantile_cont'],
  ['SELECT origin FROM flights WHERE EXISTS (SELECT 1 FROM airports LIMIT 0)', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['SELECT origin FROM flights WHERE EXISTS (SELECT 1 FROM airports LIMIT 1 OFFSET 2)', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['SELECT origin FROM flights WHERE origin IN (SELECT iata FROM airports LIMIT 1)', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['SELECT origin FROM flights LIMIT 3', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['SELECT origin FROM flights OFFSET 3', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['SELECT * FROM (SELECT origin FROM flights LIMIT 3)', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['WITH a AS (SELECT origin FROM flights LIMIT 3) SELECT * FROM a', 'LIMIT without ORDER BY', 'ORDER BY'],
  ['SELECT DISTINCT ON (origin) origin, day FROM flights', 'DISTINCT ON without ORDER BY', 'ORDER BY'],
  ['SELECT origin FROM flights TABLESAMPLE 10%', 'TABLESAMPLE', 'hash'],
  ['SELECT origin FROM flights USING SAMPLE 10%', 'TABLESAMPLE', 'hash'],
  ['SELECT flights.origin FROM flights POSITIONAL JOIN airports', 'POSITIONAL JOIN', 'key'],
  ['SELECT f.origin, a.state FROM flights AS f ASOF RIGHT JOIN airports AS a ON f.origin >= a.iata', 'ASOF JOIN', 'ASOF LEFT JOIN'],
  ['SELECT f.origin FROM flights AS f ASOF SEMI JOIN airports AS a ON f.origin >= a.iata', 'ASOF JOIN', 'EXISTS'],
  [
    'SELECT f.origin FROM flights AS f ASOF JOIN (airports AS a JOIN daily AS d ON a.iata = d.origin) ON f.origin >= a.iata',
    'ASOF JOIN',
    'Name it',
  ],
  [
    'SELECT f.day FROM flights AS f JOIN shop AS s ON f.origin = s.sku ASOF JOIN (SELECT day FROM flights) AS a USING (day)',
    'ASOF JOIN',
    'Write ON',
  ],
  ['SELECT max(origin COLLATE NOCASE) AS m FROM flights', 'COLLATE', 'lower(x)'],
  ['SELECT origin COLLATE NOCASE AS o FROM flights', 'COLLATE', 'lower(x)'],
  ['SELECT count(*) AS n FROM flights GROUP BY origin COLLATE NOACCENT', 'COLLATE', 'strip_accents'],
  ['SELECT DISTINCT lower(origin) COLLATE NOACCENT AS o FROM flights', 'COLLATE', 'strip_accents'],
  ['SELECT rank() OVER (ORDER BY origin COLLATE NOCASE) AS n FROM flights', 'COLLATE', 'lower(x)'],
  ['SELECT origin FROM flights ORDER BY origin COLLATE NOCASE', 'COLLATE', 'lower(x)'],
  ['SELECT row_number() OVER () AS n FROM flights', 'row_number() OVER without ORDER BY', 'ORDER BY'],
  ['SELECT lag(day) OVER (PARTITION BY origin) AS n FROM flights', 'lag() OVER without ORDER BY', 'ORDER BY'],
  ['SELECT sum(delay) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM flights', 'ROWS without ORDER BY', 'ORDER BY'],
  ['SELECT list(origin) OVER (ORDER BY day) AS n FROM flights', 'list() OVER without an ORDER BY of its own', 'ORDER BY'],
  ['SELECT any_value(origin) OVER (PARTITION BY day) AS n FROM flights', 'any_value() OVER without', 'ORDER BY'],
  // The look-alike of one SELECT does not excuse the clock in another.
  ['SELECT day AS current_date FROM flights UNION ALL SELECT current_date FROM airports', 'current_date', '_time'],
  ['SELECT day AS current_date FROM (SELECT current_date AS day FROM airports)', 'current_date', '_time'],
]

describe('text that is not a function of the events is refused, with its clause and the remedy', () => {
  test.each(refused)('%s', async (select, clause, remedy) => {
    const message = await compiler.refusal(select)
    expect(message).toMatch(/^sql\/views\/v\.sql:2:\d+: /)
    expect(message).toContain(clause)
    expect(message).toContain(remedy)
  })
})

const legal: readonly string[] = [
  'SELECT "user" AS who FROM shop.Requested',
  'SELECT user FROM shop.Requested',
  'SELECT origin AS today, count(*) AS n FROM flights GROUP BY today',
  'SELECT day AS current_date, count(*) AS n FROM flights GROUP BY current_date',
  'SELECT x.current_date AS d FROM (SELECT day AS current_date FROM flights) AS x WHERE current_date IS NOT NULL',
  "SELECT 'now()' AS now FROM flights",
  'SELECT age(day, day) AS a FROM flights',
  'SELECT list(origin ORDER BY origin) AS l FROM flights',
  'SELECT list(origin ORDER BY day DESC) AS l FROM flights',
  'SELECT list(DISTINCT origin ORDER BY origin) AS l FROM flights',
  "SELECT string_agg(origin, ',' ORDER BY day) AS l FROM flights",
  'SELECT first(origin ORDER BY day) AS l FROM flights',
  'SELECT ARRAY(SELECT origin FROM flights ORDER BY origin) IS NULL AS l',
  'SELECT max({o: distance, v: origin}).v AS furthest FROM flights',
  'SELECT arg_max(origin, distance) AS f, min_by(origin, day, 3) AS s, arg_min_nulls_last(origin, delay) AS n FROM flights',
  'SELECT arg_max_null(delay, day) OVER (PARTITION BY origin) AS f, mode(delay) OVER (PARTITION BY origin) AS m FROM flights',
  'SELECT mode(origin) AS m FROM flights',
  'SELECT rank() OVER (PARTITION BY origin) AS r, cume_dist() OVER () AS c FROM flights',
  'SELECT origin FROM flights ORDER BY day LIMIT 3',
  'SELECT origin FROM flights WHERE EXISTS (SELECT 1 FROM airports WHERE iata = origin LIMIT 1)',
  'SELECT origin FROM flights WHERE NOT EXISTS (SELECT 1 FROM airports WHERE EXISTS (FROM daily LIMIT 3) LIMIT 1)',
  'SELECT DISTINCT ON (origin) origin, day FROM flights ORDER BY origin, day',
  'SELECT DISTINCT origin FROM flights',
  'SELECT row_number() OVER (ORDER BY day) AS n FROM flights',
  'SELECT sum(delay) OVER (PARTITION BY origin) AS n FROM flights',
  'SELECT sum(delay) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS n FROM flights',
  'SELECT list(origin ORDER BY origin) OVER (PARTITION BY day) AS n FROM flights',
  'SELECT f.origin, r.state FROM flights AS f JOIN LATERAL (SELECT state FROM airports WHERE iata <= f.origin ORDER BY iata DESC LIMIT 1) AS r ON true',
  'SELECT f.origin, r.state FROM flights AS f LEFT JOIN LATERAL (SELECT iata, state FROM airports AS a WHERE a.iata <= f.origin ORDER BY a.iata DESC LIMIT 1) AS r ON true',
  'SELECT f.origin, a.state FROM flights AS f ASOF JOIN airports AS a ON f.origin >= a.iata',
  'SELECT f.origin, a.delay FROM flights AS f ASOF LEFT JOIN flights AS a ON f.origin = a.origin AND f.day > a.day',
  'SELECT * FROM (SELECT origin, day FROM flights) AS f ASOF JOIN (SELECT origin, day, delay FROM flights) AS a USING (origin, day)',
  'SELECT max(lower(origin)) AS m, min(strip_accents(lower(origin))) AS n FROM flights',
  'SELECT origin FROM flights WHERE hash(origin) % 100 < 10',
  'SELECT quantile_cont(delay, 0.5) AS q, median(delay) AS m FROM flights',
]

test.each(legal)('passes: %s', async (select) => {
  expect(await compiler.refusal(select)).toBeUndefined()
})

test('every function that DuckDB itself calls volatile is refused', async () => {
  const scalars = [...compiler.analyzer.functions.volatile]
  expect(scalars).toEqual(expect.arrayContaining(['random', 'uuid', 'nextval', 'current_query']))
  for (const name of scalars)
    expect(await compiler.refusal(`SELECT ${name}() AS x FROM flights`), name).toMatch(
      /refused|gives another value|looks at the session|No function matches|depends on/,
    )
})

test('an ad-hoc query, which is asked once, may compare by a collation and join ASOF', async () => {
  expect(await compiler.refusedQuery('SELECT max(origin COLLATE NOCASE) AS m FROM flights')).toBeUndefined()
  expect(await compiler.refusedQuery('SELECT f.origin FROM flights AS f ASOF JOIN airports AS a ON f.origin >= a.iata')).toBeUndefined()
})
