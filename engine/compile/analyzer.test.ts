import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Row, Store } from '../../connectors/store/store.ts'
import { aggregateMacros, createAnalyzer } from './analyzer.ts'

let store: Store
beforeAll(async () => {
  store = await openDuckdb(':memory:', { threads: 1 })
})
afterAll(() => store.close())

const ask = (sql: string): Promise<readonly Row[]> => store.transaction((tx) => tx.all(sql))

/** Macros would hide an aggregate from the rules: DuckDB shows their name in the tree, not what they stand for. */
test('the list of macros that aggregate is what DuckDB defines', async () => {
  const aggregates = new Set(
    (await ask("SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type = 'aggregate'")).map((row) =>
      String(row.name),
    ),
  )
  const macros = (
    await ask("SELECT function_name AS name, macro_definition AS text FROM duckdb_functions() WHERE function_type = 'macro'")
  ).map((row) => ({ name: String(row.name), text: String(row.text).replaceAll(/'[^']*'/g, '') }))
  const known = new Set(aggregates)
  const found = new Set<string>()
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const { name, text } of macros) {
      const calls = [...text.matchAll(/(\w+)"?\(/g)].map((match) => match[1] ?? '')
      if (calls.some((call) => known.has(call))) found.add(name)
    }
    for (const name of found) known.add(name)
  }
  expect([...found].sort()).toEqual([...aggregateMacros].sort())
})

test('macros that read the clock or the session are known to the determinism rules', async () => {
  const clocks = await ask(
    "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type = 'macro' AND regexp_matches(macro_definition, 'current_timestamp|current_date|now\\(|random\\(|sleep')",
  )
  expect(clocks.map((row) => row.name).sort()).toEqual(['ago', 'pg_conf_load_time', 'pg_postmaster_start_time', 'pg_sleep'])
})

test('a text is one SELECT', async () => {
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  await expect(analyzer.parse('SELECT 1; SELECT 2')).rejects.toThrow(/one SELECT, found 2/)
  await expect(analyzer.parse('CREATE TABLE x (a INT)')).rejects.toThrow(/Only a SELECT/)
  await expect(analyzer.parse('PIVOT (SELECT 1 AS a) ON a USING sum(a)')).rejects.toThrow(/Only a SELECT|FILTER/)
  await expect(analyzer.parse('SELECT 1 +')).rejects.toMatchObject({ code: 'sql-invalid' })
  await expect(analyzer.parse('')).rejects.toMatchObject({ code: 'sql-invalid' })
  await analyzer.close()
})

test('numbers go through the tree undamaged', async () => {
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  const text =
    'SELECT 9007199254740993, 170141183460469231731687303715884105727, 1e10, 0.1234567890123456789, -9223372036854775808, 1.5e-7, 2e300'
  const [before] = await ask(text)
  const [after] = await ask(await analyzer.print(await analyzer.parse(text)))
  expect(Object.values(after ?? {}).map(String)).toEqual(Object.values(before ?? {}).map(String))
  const types = async (sql: string) => (await analyzer.describe(sql)).map((column) => column.type)
  expect(await types(await analyzer.print(await analyzer.parse(text)))).toEqual(await types(text))
  await analyzer.close()
})

test('a plan that cannot be tried does not stand in the way of the next', async () => {
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  try {
    const create = (table: string) => [`CREATE TABLE ${table} (n INTEGER)`]
    await expect(analyzer.tryState(create, (table) => `SELECT other FROM ${table}`)).rejects.toThrow('other')
    expect(await analyzer.tryState(create, (table) => `SELECT n FROM ${table}`)).toEqual([{ name: 'n', type: 'INTEGER' }])
  } finally {
    await analyzer.close()
  }
})
