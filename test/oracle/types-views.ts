import { z } from 'zod'
import { sql } from '../../engine/model/schema/sql.ts'

/** A column of one type. */
export interface TypedColumn {
  readonly name: string
  readonly schema: () => z.ZodType
  /** As `append` takes them, and as text that DuckDB casts to the type. */
  readonly values: readonly (readonly [unknown, string])[]
  /** What the views see, of the column `v`. */
  readonly expr?: string
  /** Sums and averages of it too; its values add up to no more than its kept sum holds. */
  readonly isNumber?: boolean
  /** In the full campaigns only: much as another type is. */
  readonly isLong?: boolean
}

const same = (...values: readonly (string | number | bigint | boolean)[]) => values.map((value) => [value, String(value)] as const)
const floats = same('NaN', 'Infinity', '-Infinity', '-0.0', '0.0', '1.5', '5e-324', '1.7976931348623157e308')
/** Around the hour that Berlin skips and the hour that it has twice; 02:30 of one day is another moment in each zone. */
const moments = [
  '2024-03-31T00:59:59.999999Z',
  '2024-03-31T01:00:00Z',
  '2024-03-31T03:00:00+02:00',
  '2024-10-27T00:30:00Z',
  '2024-10-27T02:30:00+01:00',
  '1969-12-31T23:59:59.999999Z',
]

export const columnsOfTypes: readonly TypedColumn[] = [
  { name: 'BIGINT', schema: () => sql.bigint(), values: same(9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, 0n, -1n) },
  { name: 'HUGEINT', schema: () => sql.hugeint(), values: same(2n ** 127n - 1n, -(2n ** 127n) + 1n, 2n ** 64n, 0n) },
  { name: 'UBIGINT', isLong: true, schema: () => sql.ubigint(), values: same(18_446_744_073_709_551_615n, 0n, 2n ** 63n) },
  { name: 'INTEGER', schema: () => sql.integer(), values: same(2_147_483_647, -2_147_483_648, 0), isNumber: true },
  { name: 'TINYINT', isLong: true, schema: () => sql.tinyint(), values: same(127, -128, 0), isNumber: true },
  {
    name: 'DECIMAL(18,4)',
    isLong: true,
    schema: () => sql.decimal(18, 4),
    values: same('99999999999999.9999', '-99999999999999.9999', '0.0000'),
  },
  { name: 'DECIMAL(9,4)', schema: () => sql.decimal(9, 4), values: same('99999.9999', '-99999.9999', '0.0001'), isNumber: true },
  {
    name: 'DECIMAL(38,10)',
    schema: () => sql.decimal(38, 10),
    values: same('9999999999999999999999999999.9999999999', '-0.0000000001', '0.0000000000'),
  },
  { name: 'small DECIMAL(38,10)', schema: () => sql.decimal(38, 10), values: same('12.0000000001', '-0.0000000001'), isNumber: true },
  { name: 'DOUBLE', schema: () => z.string(), values: floats, expr: 'CAST(v AS DOUBLE)' },
  { name: 'FLOAT', isLong: true, schema: () => z.string(), values: floats.slice(0, 6), expr: 'CAST(v AS FLOAT)' },
  { name: 'DOUBLE of JSON', isLong: true, schema: () => z.number(), values: [[-0, '-0.0'], ...same(0, 1e308, 0.25)] },
  { name: 'VARCHAR', schema: () => z.string(), values: same('', ' ', 'é', 'e\u0301', '😀', 'ß', 'SS', '\u0000', "o'neil", 'null') },
  { name: 'BOOLEAN', isLong: true, schema: () => z.boolean(), values: same(true, false) },
  { name: 'DATE', schema: () => sql.date(), values: same('2024-02-29', '0001-01-01', '9999-12-31', '1970-01-01') },
  { name: 'TIME', isLong: true, schema: () => sql.time(), values: same('00:00:00', '23:59:59.999999', '12:00:00') },
  {
    name: 'TIMESTAMP',
    schema: () => sql.timestamp(),
    values: same('2024-03-31T02:30:00', '1969-12-31T23:59:59.999999', '2024-10-27T02:30:00'),
  },
  { name: 'TIMESTAMPTZ', schema: () => sql.timestamptz(), values: same(...moments) },
  { name: 'days of a TIMESTAMPTZ', isLong: true, schema: () => sql.timestamptz(), values: same(...moments), expr: "date_trunc('day', v)" },
  {
    name: 'UUID',
    isLong: true,
    schema: () => sql.uuid(),
    values: same('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  },
  {
    name: 'STRUCT',
    schema: () => z.object({ a: z.int().optional(), b: z.string().optional() }),
    values: [
      [{ a: 1, b: 'x' }, "{'a': 1, 'b': x}"],
      [{ a: 1 }, "{'a': 1, 'b': NULL}"],
      [{ b: '' }, "{'a': NULL, 'b': ''}"],
      [{}, "{'a': NULL, 'b': NULL}"],
    ],
  },
  {
    name: 'LIST',
    schema: () => z.array(z.int().nullable()),
    values: [
      [[], '[]'],
      [[1, null], '[1, NULL]'],
      [[null], '[NULL]'],
      [[1], '[1]'],
      [[1, 2], '[1, 2]'],
    ],
  },
  { name: 'LIST of DOUBLE', schema: () => z.string(), values: floats.slice(0, 5), expr: '[CAST(v AS DOUBLE)]' },
]

/** Every rule over a column `c` of a stream (rows come) and of a table (rows go as well). */
export function viewsOver(expr: string, isNumber: boolean): Record<string, string> {
  const facts = `(SELECT id, k, ${expr} AS c FROM facts)`
  const dim = `(SELECT id, k, ${expr} AS c FROM dim)`
  const own = (name: string, of: string): Record<string, string> => ({
    [`groups_${name}`]: `SELECT c, count(*) AS n, max(id) AS hi FROM ${of} GROUP BY c`,
    [`distinct_${name}`]: `SELECT DISTINCT c FROM ${of}`,
    [`bounds_${name}`]: `SELECT k, min(c) AS lo, max(c) AS hi, count(c) AS n, count(DISTINCT c) AS d FROM ${of} GROUP BY k`,
    [`whole_${name}`]: `SELECT min(c) AS lo, max(c) AS hi, count(*) AS n FROM ${of} WHERE id % 4 = 1`,
    [`ranked_${name}`]: `SELECT id, c, row_number() OVER (PARTITION BY k ORDER BY c, id) AS r, lag(c) OVER (PARTITION BY k ORDER BY c DESC, id) AS before FROM ${of}`,
    [`top_${name}`]: `SELECT id, c FROM ${of} ORDER BY c DESC NULLS LAST, id LIMIT 3`,
    ...(isNumber ? { [`sums_${name}`]: `SELECT k, sum(c) AS s, avg(c) AS a, sum(DISTINCT c) AS d FROM ${of} GROUP BY k` } : {}),
  })
  return {
    ...own('events', facts),
    ...own('rows', dim),
    joined: `SELECT f.id AS f, d.id AS d, d.c FROM ${facts} AS f JOIN ${dim} AS d ON f.c = d.c`,
    joined_null: `SELECT f.id AS f, d.id AS d FROM ${facts} AS f JOIN ${dim} AS d ON f.c IS NOT DISTINCT FROM d.c`,
    joined_full: `SELECT f.id AS f, d.id AS d, d.c FROM ${facts} AS f FULL JOIN ${dim} AS d ON f.c = d.c`,
    missing: `SELECT id, c FROM ${facts} AS f WHERE NOT EXISTS (SELECT 1 FROM ${dim} AS d WHERE d.c = f.c)`,
    not_in: `SELECT id FROM ${facts} WHERE c NOT IN (SELECT c FROM ${dim} WHERE c IS NOT NULL)`,
    without: `SELECT c FROM ${facts} EXCEPT SELECT c FROM ${dim}`,
    in_both: `SELECT c FROM ${facts} INTERSECT ALL SELECT c FROM ${dim}`,
  }
}
