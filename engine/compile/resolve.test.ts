import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

const hostile: readonly string[] = [
  "SELECT * FROM 'file.parquet'",
  "SELECT * FROM '/etc/passwd'",
  'SELECT * FROM "https://example.com/x.csv"',
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM read_csv_auto('x.csv')",
  "SELECT * FROM read_parquet('x.parquet')",
  "SELECT * FROM read_json('x.json')",
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM read_blob('/etc/passwd')",
  "SELECT * FROM glob('/*')",
  "SELECT * FROM parquet_metadata('x.parquet')",
  "SELECT * FROM sniff_csv('x.csv')",
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM query_table('flights')",
  "SELECT (FROM query('SELECT 1'))",
  "SELECT origin FROM flights WHERE origin IN (SELECT content FROM read_text('/etc/passwd'))",
  "WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a",
  'SELECT * FROM flights, LATERAL (SELECT * FROM glob(origin))',
  "SELECT * FROM flights UNION ALL SELECT * FROM 'x.parquet'",
  "SELECT (SELECT max(content) FROM read_text('/etc/passwd')) AS x",
  "SELECT list_transform([1], x -> (SELECT count(*) FROM glob('/*')))",
  "SELECT * FROM flights ORDER BY (SELECT count(*) FROM glob('/*'))",
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM pg_catalog.pg_tables',
  'SELECT * FROM sqlite_master',
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_tables()',
  'SELECT * FROM duckdb_secrets()',
  "SELECT * FROM pragma_table_info('flights')",
  'SELECT * FROM _evert.positions',
  'SELECT * FROM _evert.dead_letters',
  'SELECT * FROM _state."v@1"',
  'SELECT * FROM _rel.flights',
  'SELECT * FROM "_rel"."flights+"',
  'SELECT * FROM "flights+"',
  'SELECT * FROM temp.x',
  'SELECT * FROM temp.main.flights',
  'SELECT * FROM memory.main.flights',
  'SELECT * FROM system.information_schema.tables',
  "SELECT getenv('HOME')",
  "SELECT main.getenv('HOME')",
  "SELECT system.main.getenv('HOME')",
  "SELECT current_setting('temp_directory')",
  "SELECT getvariable('x')",
  "SELECT nextval('s')",
  'SELECT sleep_ms(100000)',
  'SELECT pg_sleep(100000)',
  'SELECT pg_get_viewdef(1)',
  "SELECT get_block_size('views')",
  "SELECT write_log('x')",
  'SELECT current_query()',
  "ATTACH '/tmp/x.db'",
  "COPY flights TO 'x.csv'",
  "COPY (SELECT 1) TO 'x.csv'",
  'PRAGMA database_list',
  "SET memory_limit = '1MB'",
  'RESET ALL',
  'INSTALL httpfs',
  'LOAD httpfs',
  'CALL pragma_version()',
  "EXPORT DATABASE 'x'",
  'CREATE TABLE x AS SELECT 1',
  'DROP TABLE flights',
  'INSERT INTO flights SELECT * FROM flights',
  'DELETE FROM flights',
  'UPDATE flights SET origin = NULL',
  'SELECT 1; SELECT 2',
  'SELECT 1; DROP TABLE flights',
  "SELECT origin FROM flights; COPY flights TO 'x.csv'",
  'DESCRIBE flights',
  'SHOW TABLES',
  'FROM (DESCRIBE flights)',
  'FROM (SHOW TABLES)',
  'SUMMARIZE flights',
  'VACUUM',
  'CHECKPOINT',
  'USE memory',
  'BEGIN TRANSACTION',
  'EXPLAIN ANALYZE SELECT 1',
  'PREPARE x AS SELECT 1',
  'EXECUTE x',
  "SELECT * FROM json_execute_serialized_sql('{}')",
  'WITH a AS (SELECT 1 AS n) SELECT * FROM b',
  'SELECT * FROM (WITH a AS (SELECT 1 AS n) SELECT * FROM a), a',
  'WITH a AS (SELECT * FROM b), b AS (SELECT 1 AS n) SELECT * FROM a',
]

test.each(hostile)('refused: %s', async (sql) => {
  expect(await compiler.refusedQuery(sql)).toBeTypeOf('string')
})

const harmless: readonly string[] = [
  'SELECT * FROM flights',
  'SELECT * FROM main.flights',
  'SELECT * FROM FLIGHTS',
  'SELECT * FROM shop.Requested',
  'SELECT * FROM shop."requested"',
  'SELECT shop.Requested.sku FROM shop.Requested',
  'SELECT * FROM airports JOIN daily ON daily.origin = airports.iata',
  'SELECT * FROM range(5)',
  'SELECT unnest([1, 2])',
  'SELECT * FROM unnest([1, 2])',
  'SELECT * FROM (VALUES (1), (2)) AS v(n)',
  'SELECT \'read_text\' AS x, "read_text" FROM (SELECT 1 AS "read_text")',
  'WITH a AS (SELECT 1 AS n) SELECT * FROM a',
  'WITH flights AS (SELECT origin FROM flights) SELECT * FROM flights',
  'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n',
  'SELECT (SELECT max(flights) FROM daily WHERE daily.origin = f.origin) FROM flights AS f',
  'FROM flights SELECT origin',
  'SELECT * FROM flights AS _evert',
]

test.each(harmless)('legal: %s', async (sql) => {
  expect(await compiler.refusedQuery(sql)).toBeUndefined()
})

describe('names', () => {
  const reads = async (select: string) =>
    (await compiler.plan(select)).reads.map((read) => `${read.relation.name}${read.placed ? '+' : ''}`)

  test('a CTE hides a relation of its name, but not inside itself', async () => {
    expect(await reads('WITH flights AS (SELECT origin FROM daily) SELECT origin FROM flights')).toEqual(['daily'])
    expect(await reads('WITH flights AS (SELECT origin FROM flights WHERE delay > 0) SELECT origin FROM flights')).toEqual(['flights'])
    expect(await reads('WITH a AS (SELECT origin FROM flights), flights AS (SELECT iata FROM airports) SELECT * FROM flights, a')).toEqual([
      'flights',
      'airports',
    ])
    expect(
      await reads(
        'SELECT * FROM (WITH flights AS (SELECT origin FROM daily) SELECT origin FROM flights) AS x JOIN airports ON x.origin = airports.iata',
      ),
    ).toEqual(['daily', 'airports'])
    expect(
      await reads('SELECT origin FROM main.flights WHERE origin IN (WITH flights AS (SELECT iata FROM airports) SELECT iata FROM flights)'),
    ).toEqual(['flights', 'airports'])
  })

  test('place columns are had by name and are not in *', async () => {
    expect((await compiler.plan('SELECT *, _offset AS place FROM shop.Validated')).columns.map((column) => column.name)).toEqual([
      'sku',
      'place',
    ])
    expect((await compiler.plan('SELECT COLUMNS(*) FROM shop.Validated WHERE _offset > 3')).columns.map((column) => column.name)).toEqual([
      'sku',
    ])
    expect(
      (await compiler.plan('SELECT a.*, b.quantity FROM shop.Validated AS a JOIN shop.Requested AS b USING (_partition)')).columns.map(
        (column) => column.name,
      ),
    ).toEqual(['sku', 'quantity'])
    expect((await compiler.plan('SELECT * FROM (SELECT _offset AS o, sku FROM shop)')).columns.map((column) => column.name)).toEqual([
      'o',
      'sku',
    ])
    expect(await reads('SELECT sku FROM shop')).toEqual(['shop'])
    expect(await reads('SELECT sku FROM shop WHERE _OFFSET > 0')).toEqual(['shop+'])
    expect(await compiler.refusal('SELECT _offset FROM shop')).toContain('begins with _')
    expect(await compiler.refusal('SELECT iata, _offset AS o FROM airports')).toContain('_offset')
  })

  test('NATURAL JOIN does not silently join by place columns', async () => {
    expect(await compiler.refusal('SELECT count(*) AS n FROM shop.Requested NATURAL JOIN shop.Validated')).toBeUndefined()
    expect(await compiler.refusal('SELECT count(*) AS n FROM shop.Requested NATURAL JOIN shop.Validated WHERE _offset > 0')).toContain(
      'USING',
    )
  })

  test('rowid is not there', async () => {
    expect(await compiler.refusal('SELECT rowid AS r FROM flights')).toContain('rowid')
    expect(await compiler.refusal('SELECT rowid AS r FROM airports')).toContain('rowid')
  })

  test('an unknown name tells those that are known', async () => {
    expect(await compiler.refusal('SELECT * FROM flight')).toMatch(/named flight\. Known: flights, /)
    expect(await compiler.refusal('SELECT * FROM airports AT (VERSION => 5)')).toContain('Leave AT out')
  })
})
