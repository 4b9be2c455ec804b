import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

const plain = await (await DuckDBInstance.create(':memory:')).connect()
await plain.run(`CREATE TABLE rows (g INTEGER, n INTEGER, v INTEGER, o INTEGER)`)
// Each group has the same rows in another order; NULL stands in values and in orders.
const values = '(1, 5), (3, 5), (2, 5), (7, 1), (6, 1), (NULL, 1), (NULL, 9), (8, NULL), (9, NULL), (NULL, NULL)'
for (let group = 0; group < 20; group++)
  await plain.run(
    `INSERT INTO rows SELECT ${group}, row_number() OVER (), * FROM (SELECT * FROM (VALUES ${values}) ORDER BY hash(concat(col0, '-', col1, '-', ${group})))`,
  )

/** The aggregate as the compiler writes it, over the plain rows: its value in each group, each value once. */
async function chosen(call: string): Promise<unknown[]> {
  const { select } = await compiler.plan(`SELECT ${call.replaceAll(/\bv\b/g, 'delay').replaceAll(/\bo\b/g, 'distance')} AS m FROM flights`)
  const own = select
    .replaceAll('delay', 'v')
    .replaceAll('distance', 'o')
    .replace('SELECT ', '')
    .replace(/ AS m FROM .*/, '')
  const result = await plain.runAndReadAll(`SELECT DISTINCT m FROM (SELECT g, ${own} AS m FROM rows GROUP BY g)`)
  return (await result.getRowsJson()).map(([value]) => value)
}

describe('aggregates that choose among rows that tie', () => {
  test.each([
    ['arg_max(v, o)', 3],
    ['max_by(v, o)', 3],
    ['argmin(v, o)', 6],
    ['min_by(v, o)', 6],
    ['arg_max(DISTINCT v, o)', 3],
    ['arg_max_null(v, o)', null],
    ['arg_max_null(v, o) FILTER (WHERE o < 6)', 3],
    ['arg_min_null(v, o)', 6],
    ['arg_max_nulls_last(v, o)', null],
    ['arg_max_nulls_last(v, o) FILTER (WHERE o IS NULL AND v IS NOT NULL)', 9],
    ['arg_min_nulls_last(v, o)', 6],
    ['arg_min_nulls_last(v, o) FILTER (WHERE o IS NULL)', 8],
    ['arg_max(v, o, 4)', [3, 2, 1, 7]],
    ['arg_min(v, o, 3)', [6, 7, 1]],
    ['mode(v)', 1],
    ['mode(v) FILTER (WHERE v > 2)', 3],
    ['mode(o)', 1],
  ])('%s is %j', async (call, value) => {
    expect(await chosen(call)).toEqual([value])
  })

  test('what DuckDB shows where nothing ties is shown', async () => {
    for (const call of ['arg_max(v, n)', 'arg_min(v, n)', 'arg_max_null(v, n)', 'arg_max_nulls_last(v, n)', 'arg_min(n, v)']) {
      const own = await compiler.plan(`SELECT ${call.replace(/\bv\b/, 'delay').replace(/\bn\b/, 'distance')} AS m FROM flights`)
      const text = own.select
        .replaceAll('delay', 'v')
        .replaceAll('distance', 'n')
        .replace('SELECT ', '')
        .replace(/ AS m FROM .*/, '')
      const differing = await plain.runAndReadAll(`SELECT g FROM rows GROUP BY g HAVING ${text} IS DISTINCT FROM ${call}`)
      expect(await differing.getRowsJson(), call).toEqual([])
    }
  })

  test('they keep the type that DuckDB gives them', async () => {
    for (const [value, order] of [
      ['origin', 'fare'],
      ['fare', 'origin'],
      ['big', 'day'],
      ['tags', 'ratio'],
      ['CAST(delay AS TINYINT)', 'tags'],
    ])
      for (const name of ['arg_max', 'min_by', 'arg_min_null', 'arg_max_nulls_last']) {
        const { columns } = await compiler.plan(`SELECT ${name}(${value}, ${order}) AS m, ${value} AS v FROM flights GROUP BY ${value}`)
        expect(columns[0]?.type, `${name}(${value}, ${order})`).toBe(columns[1]?.type)
      }
  })

  test('they are merged, and a mode is computed anew where a batch touches it', async () => {
    const strategy = async (call: string) => (await compiler.plan(`SELECT origin, ${call} AS m FROM flights GROUP BY origin`)).strategy
    expect(await strategy('arg_max(delay, day)')).toBe('linear')
    expect(await strategy('arg_min_null(delay, day) FILTER (WHERE distance > 3)')).toBe('linear')
    expect(await strategy('arg_max(delay, day, 3)')).toBe('affected keys')
    expect(await strategy('mode(delay)')).toBe('affected keys')
  })
})

test('a set operation under a limit', async () => {
  for (const operation of ['UNION ALL', 'UNION', 'EXCEPT', 'INTERSECT ALL', 'UNION ALL BY NAME']) {
    const { select } = await compiler.plan(
      `SELECT origin, day FROM flights ${operation} SELECT destination AS origin, day FROM flights ORDER BY origin LIMIT 1`,
    )
    expect(select).toMatch(/ORDER BY origin, 1 ASC NULLS LAST, 2 ASC NULLS LAST LIMIT 1$/)
  }
  const nested = 'SELECT origin FROM flights UNION ALL (SELECT iata FROM airports UNION SELECT state FROM airports) ORDER BY origin LIMIT 1'
  expect((await compiler.plan(nested)).select).toMatch(/ORDER BY origin, 1 ASC NULLS LAST LIMIT 1$/)
})

test('any row is enough for EXISTS', async () => {
  const asked = async (limit: string) =>
    (await compiler.plan(`SELECT origin FROM flights AS f WHERE EXISTS (SELECT 1 FROM airports AS a WHERE a.iata = f.origin${limit})`))
      .select
  expect(await asked(' LIMIT 1')).toBe(await asked(''))
  expect(await asked(' ORDER BY a.state LIMIT 1')).toContain('LIMIT 1')
})

describe('rows that tie for a window', () => {
  const order = async (text: string) => {
    const { select } = await compiler.plan(text)
    return [...select.matchAll(/OVER \((?:PARTITION BY \w+ )?(?:ORDER BY )?([^)]*?)(?: ROWS[^)]*)?\)/g)].map(([, by]) => by)
  }
  const tail = (...names: string[]) => names.map((name) => `, ${name} ASC NULLS LAST`).join('')

  test('stand in the order of the columns that the SELECT looks at', async () => {
    expect(await order('SELECT delay, row_number() OVER (PARTITION BY origin ORDER BY day) AS n FROM flights WHERE distance > 3')).toEqual([
      `"day"${tail('flights.origin', 'flights."day"', 'flights.delay')}`,
    ])
    expect(await order('SELECT lag(delay) OVER (ORDER BY day) AS n FROM flights AS f QUALIFY f.DISTANCE > n')).toEqual([
      `"day"${tail('f."day"', 'f.delay', 'f.distance')}`,
    ])
    expect(
      await order('SELECT f.day, lag(state) OVER (ORDER BY f.day) AS n FROM flights AS f JOIN airports AS a ON f.origin = a.iata'),
    ).toEqual([`f."day"${tail('f."day"', 'a.state')}`])
    expect(await order('SELECT _offset AS o, lag(delay) OVER (ORDER BY day) AS n FROM flights')).toEqual([
      `"day"${tail('flights."day"', 'flights.delay', 'flights._offset')}`,
    ])
    expect(await order('SELECT row_number() OVER (ORDER BY 1) AS n FROM flights')).toEqual(['1'])
  })

  test('stand as they do in the log where the SELECT names partition and offset', async () => {
    expect(await order('SELECT delay, lag(fare) OVER (PARTITION BY origin ORDER BY day, _partition, _offset) AS n FROM flights')).toEqual([
      `"day", _partition, _offset${tail('flights._partition', 'flights._offset')}`,
    ])
    expect(
      await order(
        'SELECT f.delay, a.state, row_number() OVER (ORDER BY g._offset, g._partition) AS n FROM flights AS f, flights AS g, airports AS a',
      ),
    ).toEqual([`g._offset, g._partition${tail('f._partition', 'f._offset', 'g._partition', 'g._offset', 'a.state')}`])
  })

  test('stand as they do in the log where windows order them differently: equal ones are told apart', async () => {
    expect(await order('SELECT lag(delay) OVER (ORDER BY day) AS a, row_number() OVER (ORDER BY fare) AS b FROM flights')).toEqual([
      `"day"${tail('flights._partition', 'flights._offset')}`,
      `fare${tail('flights._partition', 'flights._offset')}`,
    ])
    // One order, ranks and sums that equals share: nothing has to be told apart.
    expect(await order('SELECT lag(delay) OVER (ORDER BY day) AS a, row_number() OVER (ORDER BY day) AS b FROM flights')).toEqual(
      Array.from({ length: 2 }, () => `"day"${tail('flights."day"', 'flights.delay')}`),
    )
    expect(await order('SELECT row_number() OVER (ORDER BY day) AS a, rank() OVER (ORDER BY fare) AS b FROM flights')).toEqual([
      `"day"${tail('flights."day"', 'flights.fare')}`,
      'fare',
    ])
  })

  test('share what is picked of a frame that they share: it is picked by their order, and the frame stays', async () => {
    const windows = async (call: string, frame = '') =>
      /last_value.*\)|first_value.*\)|nth_value.*\)/.exec(
        (await compiler.plan(`SELECT day, ${call} OVER (PARTITION BY origin ORDER BY day${frame}) AS l FROM flights`)).select.replace(
          / AS l .*/,
          '',
        ),
      )?.[0]
    const by = `"day"${tail('flights.origin', 'flights."day"', 'flights.delay')}`
    expect(await windows('last_value(delay)')).toBe(`last_value(delay ORDER BY ${by}) OVER (PARTITION BY origin ORDER BY "day")`)
    expect(await windows('nth_value(delay, 2)')).toBe(`nth_value(delay, 2 ORDER BY ${by}) OVER (PARTITION BY origin ORDER BY "day")`)
    expect(await windows('last_value(delay ORDER BY fare)')).toBe(
      `last_value(delay ORDER BY fare${tail('delay')}) OVER (PARTITION BY origin ORDER BY "day")`,
    )
    // The first of all is the same whoever shares it; frames that count rows have their own end.
    expect(await windows('first_value(delay)')).toBe(`first_value(delay) OVER (PARTITION BY origin ORDER BY ${by})`)
    expect(await windows('last_value(delay)', ' ROWS UNBOUNDED PRECEDING')).toContain(`OVER (PARTITION BY origin ORDER BY ${by} ROWS`)
  })

  test('of other relations the equal ones are numbered, which nobody sees', async () => {
    const { select } = await compiler.plan(
      'SELECT *, lag(state) OVER (ORDER BY iata) AS a, row_number() OVER (ORDER BY state) AS b FROM airports',
    )
    expect(select).toMatch(
      /^SELECT \* EXCLUDE \(_evert_twin_1\), .* FROM \(SELECT \*, row_number\(\) OVER \(PARTITION BY airports\) AS _evert_twin_1 FROM /,
    )
    expect(select).toContain('ORDER BY iata, airports ASC NULLS LAST)')
  })

  test('what a subquery looks at counts as well', async () => {
    expect(
      await order(
        'SELECT (SELECT max(state) FROM airports AS a WHERE a.iata = origin) AS s, row_number() OVER (ORDER BY day) AS n FROM flights',
      ),
    ).toEqual([`"day"${tail('flights.origin', 'flights."day"')}`])
  })

  test('are told apart by the whole row where names do not tell', async () => {
    for (const shown of ['*', 'f.*', "COLUMNS(c -> c LIKE 'd%')", 'f IS NULL AS f', '* EXCLUDE (day)', 'hash(f) AS h'])
      expect(await order(`SELECT ${shown}, row_number() OVER (ORDER BY f.day) AS n FROM flights AS f`), shown).toEqual([
        `f."day"${tail('f')}`,
      ])
    expect(await order('SELECT a, row_number() OVER (ORDER BY a) AS n FROM (SELECT day AS a, delay FROM flights) AS f')).toEqual([
      `a${tail('f')}`,
    ])
    expect(await order('SELECT a, row_number() OVER (ORDER BY a) AS n FROM flights AS f(a, b)')).toEqual([`a${tail('f')}`])
    expect(await order('WITH f AS (SELECT day FROM flights) SELECT day, row_number() OVER (ORDER BY day) AS n FROM f')).toEqual([
      `"day"${tail('f')}`,
    ])
  })

  test('nothing is seen of what a semi join only looks into', async () => {
    expect(await order('SELECT day, row_number() OVER (ORDER BY day) AS n FROM flights SEMI JOIN airports ON origin = iata')).toEqual([
      `"day"${tail('flights."day"')}`,
    ])
  })
})
