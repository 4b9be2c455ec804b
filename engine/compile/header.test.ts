import { expect, test } from 'vitest'
import { readHeader } from './header.ts'

test('reads name, options and SELECT, whatever the case, the comments and the quotes', () => {
  const text =
    "-- a comment\n/* and\nanother */ create or replace materialized view \"Daily\" with (stores = 'duckdb, o''clock') as\n  SELECT 1 AS a;\n;\n"
  const header = readHeader('a.sql', text)
  expect(header).toMatchObject({ name: 'Daily', select: 'SELECT 1 AS a' })
  expect([...header.options]).toEqual([['stores', "duckdb, o'clock"]])
  expect(text.slice(header.selectAt)).toMatch(/^SELECT 1/)
})

test('a header without options, and AS before a bracket', () => {
  expect(readHeader('a.sql', 'CREATE MATERIALIZED VIEW a AS(SELECT 1 AS a)').select).toBe('(SELECT 1 AS a)')
  expect(readHeader('a.sql', 'CREATE MATERIALIZED VIEW a AS WITH x AS (SELECT 1 AS a) SELECT a FROM x').select).toMatch(/^WITH x/)
})

test.each([
  ['SELECT 1', 1, 'CREATE MATERIALIZED VIEW'],
  ['\n\nCREATE VIEW a AS SELECT 1', 3, 'MATERIALIZED VIEW'],
  ['CREATE MATERIALIZED TABLE a AS SELECT 1', 1, 'VIEW'],
  ['CREATE MATERIALIZED VIEW a\nSELECT 1', 2, 'AS'],
  ['CREATE MATERIALIZED VIEW a AS ', 1, 'a SELECT after AS'],
  ['CREATE MATERIALIZED VIEW a AS ;', 1, 'a SELECT after AS'],
  ['CREATE MATERIALIZED VIEW 1a AS SELECT 1', 1, "the view's name"],
  ['CREATE MATERIALIZED VIEW _a AS SELECT 1', 1, 'a letter'],
  ['CREATE MATERIALIZED VIEW "flights+" AS SELECT 1', 1, 'a letter'],
  ['CREATE MATERIALIZED VIEW "shop.New" AS SELECT 1', 1, 'a letter'],
  [
    "CREATE MATERIALIZED VIEW a WITH (floats = 'exact') AS SELECT 1",
    1,
    'an option that is known (stores, retention, event_time, plan) instead of floats',
  ],
  ['CREATE MATERIALIZED VIEW a WITH (stores = duckdb) AS SELECT 1', 1, 'a quoted value for stores'],
  ["CREATE MATERIALIZED VIEW a WITH (stores = 'x' AS SELECT 1", 1, ') after the options'],
  ['', 1, 'CREATE MATERIALIZED VIEW'],
  ['/* not closed', 1, 'CREATE MATERIALIZED VIEW'],
])('%j is refused at line %i', (text, line, wanted) => {
  expect(() => readHeader('sql/views/a.sql', text)).toThrow(`sql/views/a.sql:${line}: expected `)
  expect(() => readHeader('sql/views/a.sql', text)).toThrow(wanted)
})
