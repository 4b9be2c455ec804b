import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDuckdb } from '../../../connectors/store/duckdb/open.ts'
import type { Store } from '../../../connectors/store/store.ts'
import { inputsOf, type Op } from '../algebra/op.ts'
import { selectOf } from '../algebra/select-of.ts'
import { treeOf } from '../algebra/tree.ts'
import { type Analyzer, createAnalyzer } from '../analyzer.ts'
import { type Ast, withoutLocations } from '../ast.ts'
import { keysOfSelect } from '../group-ast.ts'
import { offeredNames, relationColumns } from '../offered-names.ts'
import type { Relation } from '../relations.ts'
import { resolve } from '../resolve.ts'
import { breakTies } from '../ties.ts'
import { bind } from './bind.ts'

/** `s` is a stream; `t` has a column with its own name, `u` another; names are in mixed case, with blanks, and keywords. */
const relations: readonly Relation[] = [
  relation('s', 'stream', {
    id: 'BIGINT',
    a: 'INTEGER',
    b: 'INTEGER',
    c: 'VARCHAR',
    l: 'INTEGER[]',
    r: 'STRUCT("x" INTEGER, "y" VARCHAR)',
    m: 'DECIMAL(10,2)',
    'Mixed Case': 'SMALLINT',
    select: 'INTEGER',
  }),
  relation('t', 'table', { id: 'BIGINT', a: 'INTEGER', name: 'VARCHAR', t: 'STRUCT(a INTEGER, z INTEGER)' }),
  relation('u', 'table', { id: 'BIGINT', d: 'DATE', k: 'INTEGER', flag: 'BOOLEAN' }),
]

/** Values of small domains, so that rows meet and repeat; a sixth of them NULL. */
const rows: Record<string, string> = {
  s: `SELECT i // 2, ${value('i', 1, 4)}, ${value('i', 2, 3)}, ['x', 'y', 'xy', NULL, ''][${number('i', 3, 5)} + 1], ${list('i', 4)}, ${struct('i', 5)}, ${value('i', 6, 5)} / 2.0, ${value('i', 7, 3)}, ${value('i', 8, 3)}, ['A', 'B'][i % 2 + 1], 'k' || (i % 3), TIMESTAMPTZ '2024-01-01 00:00:00Z' + to_minutes(i), 0, i FROM range(60) AS n(i)`,
  t: `SELECT ${value('i', 11, 9)}, ${value('i', 12, 4)}, ['x', 'y', NULL][${number('i', 13, 3)} + 1], CASE WHEN ${number('i', 14, 6)} > 0 THEN {'a': ${value('i', 15, 3)}, 'z': ${value('i', 16, 3)}} END FROM range(25) AS n(i)`,
  u: `SELECT ${number('i', 21, 12)}, DATE '2024-01-01' + ${number('i', 22, 5)}::INTEGER, ${value('i', 23, 4)}, ${value('i', 24, 2)} = 1 FROM range(20) AS n(i)`,
}

let store: Store
let analyzer: Analyzer
beforeAll(async () => {
  store = await openDuckdb(':memory:', { threads: 1 })
  analyzer = await createAnalyzer(store)
  for (const one of relations) {
    await analyzer.declare(one)
    const placed = one.kind === 'stream'
    const names = one.columns.map((column) => `"${column.name}"`).join(', ')
    await store.script([
      placed ? `INSERT INTO _base."${one.name}+" ${rows[one.name]}` : `INSERT INTO _base."${one.name}" ${rows[one.name]}`,
      ...(placed ? [`INSERT INTO _base."${one.name}" SELECT ${names} FROM _base."${one.name}+"`] : []),
    ])
  }
})
afterAll(() => analyzer.close())

function relation(name: string, kind: 'stream' | 'table', columns: Record<string, string>): Relation {
  return {
    name,
    kind,
    source: name,
    columns: Object.entries(columns).map(([column, type]) => ({ name: column, type })),
    appendOnly: kind === 'stream',
    required: new Set(kind === 'stream' ? ['id'] : []),
  }
}

function number(row: string, seed: number, below: number): string {
  return `(hash(${row} * 31 + ${seed}) % ${below})::INTEGER`
}

function value(row: string, seed: number, below: number): string {
  return `CASE WHEN ${number(row, seed + 100, 6)} > 0 THEN ${number(row, seed, below)} END`
}

function list(row: string, seed: number): string {
  return `CASE WHEN ${number(row, seed, 6)} > 0 THEN [${value(row, seed + 1, 4)}, ${value(row, seed + 2, 4)}, 7][:${number(row, seed + 3, 4)}] END`
}

function struct(row: string, seed: number): string {
  return `CASE WHEN ${number(row, seed, 6)} > 0 THEN {'x': ${value(row, seed + 1, 3)}, 'y': ['p', 'q'][${number(row, seed + 2, 3)} + 1]} END`
}

async function bound(sql: string): Promise<{ op: Op; printed: string; types: readonly string[] }> {
  const { node, reads } = resolve(await analyzer.parse(sql), new Map(relations.map((one) => [one.name, one])), 'sql-invalid')
  const context = {
    widthOf: async (select: Ast) => (await analyzer.describe(await analyzer.print(select))).length,
    groupKeys: (select: Ast) => keysOfSelect(select, offeredNames({ ...select, select_list: [] }, node, reads), analyzer.functions),
    columnsOf: (table: Ast) => relationColumns(table, reads),
  }
  const bare = withoutLocations(sql.includes('/* total */') ? node : await breakTies(node, context))
  const printed = await analyzer.print(bare)
  const columns = await analyzer.describe(printed)
  return { op: await bind(analyzer, bare, reads, columns), printed, types: columns.map((column) => column.type) }
}

/** Kinds of operators, inputs in parentheses: `group(map(scan s))`. */
function shape(op: Op): string {
  const own = { scan: () => `scan ${op.kind === 'scan' ? op.read.relation.name : ''}`, outer: () => (op.kind === 'outer' ? op.type : '') }
  const name = op.kind === 'scan' || op.kind === 'outer' ? own[op.kind]() : op.kind
  const inputs = inputsOf(op)
  return inputs.length === 0 ? name : `${name}(${inputs.map(shape).join(', ')})`
}

function opaqueIn(op: Op): string[] {
  return op.kind === 'opaque' ? [op.why] : inputsOf(op).flatMap(opaqueIn)
}

/** The algebra gives the SELECT's own rows, each as often, with its types. */
async function check(sql: string): Promise<Op> {
  const { op, printed, types } = await bound(sql)
  const algebra = selectOf(op)
  const [one, other] = [printed, algebra].map((text) => `(SELECT * FROM (${text}) AS q)`)
  const differing = await store.transaction((tx) =>
    tx.all(`SELECT * FROM (${one} EXCEPT ALL ${other}) AS x UNION ALL SELECT * FROM (${other} EXCEPT ALL ${one}) AS y`),
  )
  expect(differing, `${sql}\n${printed}\n${algebra}`).toEqual([])
  expect(op.columns.map((column) => column.type)).toEqual(types)
  for (const inner of everyOp(op)) await checkColumns(inner, sql)
  return op
}

function everyOp(op: Op): Op[] {
  return [op, ...inputsOf(op).flatMap(everyOp)]
}

/** Each operator's columns are what its text gives: ids in order, types, and no NULL where none is said to be. */
async function checkColumns(op: Op, sql: string): Promise<void> {
  const text = selectOf(op)
  if (op.columns.length === 0 || op.kind === 'scan') return
  const wanted = op.columns.map(({ id, type }) => ({ name: id, type }))
  expect(await analyzer.describe(text), `${sql}\n${text}`).toEqual(wanted)
  const never = op.columns.filter((column) => !column.nullable).map((column) => `"${column.id}" IS NULL`)
  if (never.length === 0) return
  const wrong = await store.transaction((tx) => tx.all(`SELECT * FROM (${text}) AS q WHERE ${never.join(' OR ')}`))
  expect(wrong, `${sql}\n${text}`).toEqual([])
}

const understood: Record<string, readonly string[]> = {
  'columns and names': [
    'SELECT a, b FROM s',
    'SELECT A, S.B, s."c" AS C2, "Mixed Case", s."mixed case" AS again, "select" FROM s',
    'SELECT a AS b, b AS a FROM s WHERE a = 1',
    'SELECT a, a AS a2, a + 1 AS a3, a + 1 AS a4 FROM s',
    'SELECT r.x, s.r.y, (r).x AS x2, s.r AS whole FROM s',
    'SELECT t.a, t.t.a AS ta, t.z FROM t',
    'SELECT q.t.z, q.a FROM t AS q',
    'SELECT s.a FROM s AS s',
    'SELECT x.a, y FROM s AS x(i, a, y)',
    'SELECT i, "Mixed Case" FROM s AS x(i)',
    "SELECT l[1], r['x'], list_transform(l, x -> x + 1), list_filter(l, a -> a > 1), list_transform(l, x -> x + a) FROM s",
    'SELECT a AS x, list_transform(l, x -> x * 2) AS y, list_transform(l, lambda x, i: x + i) FROM s',
    "SELECT list_transform([{'v': a}], x -> x.v + 1) FROM s",
    'SELECT list_transform(l, x -> list_transform([1, 2], y -> x + y + a)) FROM s',
    "SELECT struct_pack(a, b), {'q': a, 'w': r.x}, struct_pack(a := b), row(a, b) FROM s",
    'SELECT s FROM s',
    'SELECT (s).a, s.id FROM s',
    'SELECT a + 1 AS z, z * 2 AS y, y + a AS w FROM s',
    'SELECT a + 1 AS b, b AS k FROM s',
    'SELECT a + 1 AS z, b FROM s WHERE z = 2 AND Z > 1',
    'SELECT a + 1 AS b, a FROM s WHERE b = 2',
    "SELECT 1 AS one, 'x' AS t, NULL AS n, a FROM s",
    'SELECT n, coalesce(n, a) FROM (SELECT NULL AS n, a FROM s)',
    'SELECT one + "Mixed Case" FROM (SELECT 1 AS one, "Mixed Case" FROM s)',
    "SELECT CASE WHEN a > 1 THEN 'big' WHEN a IS NULL THEN NULL ELSE c END, a BETWEEN 1 AND 2, a IN (1, 2), NOT flag, c LIKE 'x%' FROM s JOIN u USING (id)",
    "SELECT a::VARCHAR, TRY_CAST(c AS INTEGER), m * 2, -a, m / 2, a // 2, c || 'x', c::BLOB FROM s",
    'SELECT _offset, _type, a FROM s WHERE _offset > 10',
    'SELECT * FROM s WHERE _partition = 0',
    'SELECT x.*, _key FROM s AS x',
    'SELECT a FROM s ORDER BY b DESC, 1',
    'SELECT unnest(l) AS x, a FROM s',
    'SELECT unnest(l) AS x, x + 1 AS y, unnest([1, 2]) AS z FROM s WHERE a > 0',
    'SELECT x FROM (SELECT unnest(l) AS x, a FROM s) WHERE a > 0 AND x > 1',
    'SELECT count(*) FROM (SELECT unnest(l) AS x, a FROM s)',
    'SELECT unnest(range(3)) AS x, 2 * unnest(range(1)) AS y, a FROM s',
    'SELECT unnest(range(2)) - unnest(range(3)) AS x FROM s',
    'SELECT unnest(range(a)) AS x, unnest(generate_series(2)) - unnest(l) AS y FROM s',
    'SELECT x, y, count(*) FROM (SELECT 2 * unnest(range(0, 3)) AS x, unnest(range(a)) AS y FROM s) GROUP BY x, y',
    "SELECT '\"#1\"' AS v, a FROM s WHERE c <> '#2'",
    "SELECT 'AS __evert0_, ' AS __evert, a + 1 FROM s",
    'SELECT DISTINCT a FROM s',
    'SELECT DISTINCT a, a AS b, a + 0 AS d FROM s',
    'SELECT DISTINCT * EXCLUDE (l, r) FROM s',
    'SELECT DISTINCT a % 2 AS z FROM s WHERE z = 1',
  ],
  stars: [
    'SELECT * FROM s',
    'SELECT *, a AS more FROM s',
    'SELECT t.*, s.a AS sa FROM s JOIN t ON s.id = t.id',
    'SELECT * EXCLUDE (a, L) FROM s',
    'SELECT * EXCLUDE (s.a, t.id) FROM s JOIN t ON s.id = t.id',
    'SELECT * REPLACE (a + 1 AS a, lower(c) AS c) FROM s WHERE a = 1',
    'SELECT * RENAME (a AS q, b AS a) FROM s',
    'SELECT t.* RENAME (a AS q) FROM t',
    'SELECT * FROM (SELECT * FROM s JOIN t ON s.id = t.id)',
    'SELECT a, a_1, id_1 FROM (SELECT * FROM s JOIN t ON s.id = t.id)',
    'SELECT a_1 FROM (SELECT s.a, t.a, s.a AS a_1 FROM s JOIN t ON s.id = t.id) AS q(x, a_1)',
    'SELECT * FROM s JOIN t USING (id)',
    'SELECT * FROM s LEFT JOIN t USING (id, a)',
    'SELECT * FROM t RIGHT JOIN u USING (id)',
    'SELECT * FROM t FULL JOIN u USING (id)',
    'SELECT u.*, t.id AS tid FROM t FULL JOIN u USING (id)',
    'SELECT * FROM t NATURAL JOIN u',
    'SELECT * FROM s NATURAL LEFT JOIN t',
    'SELECT * EXCLUDE (id) FROM t FULL JOIN u USING (id)',
    'SELECT * REPLACE (coalesce(id, 0) AS id) FROM t FULL JOIN u USING (id)',
  ],
  joins: [
    'SELECT s.a, t.name FROM s, t WHERE s.id = t.id',
    'SELECT s.a, t.name FROM s, t',
    'SELECT s.a, t.name FROM s CROSS JOIN t WHERE s.a > 2',
    "SELECT s.a, t.name FROM s JOIN t ON s.id = t.id AND t.a > 1 AND s.b = 2 WHERE s.c = 'x' AND t.name IS NOT NULL",
    'SELECT x.a, y.a AS ya, z.a AS za FROM s AS x JOIN s AS y ON x.id = y.id JOIN t AS z ON z.id = y.id AND x.a = z.a',
    'SELECT x.a, y.a FROM s AS x JOIN s AS y ON x.a < y.a AND x.id = y.id + 1',
    'SELECT s.a, q.n FROM s JOIN (SELECT a, count(*) AS n FROM t GROUP BY a) AS q ON q.a = s.a',
    'SELECT s.a, t.a, u.k FROM s JOIN (t JOIN u ON t.id = u.id) ON s.id = u.id',
    'SELECT s.a, t.a, u.k FROM s LEFT JOIN (t JOIN u ON t.id = u.id) ON s.id = u.id',
    'SELECT s.a, t.a, u.k FROM (s LEFT JOIN t ON t.id = s.id) JOIN u ON u.id = s.id WHERE t.a IS NULL OR t.a > 1',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON s.id = t.id AND t.a > 1',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON s.id = t.id AND s.a > 1',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON s.id = t.id WHERE t.a > 1 AND s.b = 1',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON s.id = t.id WHERE t.a IS NULL',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON t.a > 2',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON false',
    'SELECT s.a, t.a FROM t RIGHT JOIN s ON s.id = t.id AND t.a > 1 AND s.a > 1 WHERE s.b < 2',
    'SELECT s.a, t.a FROM s FULL JOIN t ON s.id = t.id AND t.a > 1',
    'SELECT s.a, t.a FROM s FULL JOIN t ON s.id = t.id WHERE s.a = 1 OR t.a = 1',
    'SELECT a FROM s SEMI JOIN t ON s.id = t.id',
    'SELECT a FROM s SEMI JOIN t ON s.id = t.id AND t.a > 1 AND s.a > 0',
    'SELECT a FROM s ANTI JOIN t ON s.id = t.id AND t.a > 1 AND s.a > 0',
    'SELECT a FROM s ANTI JOIN t USING (id, a) WHERE b = 1',
    'SELECT * FROM s SEMI JOIN t USING (id)',
    'SELECT id, s.id AS sid, t.id AS tid FROM s RIGHT JOIN t USING (id)',
    'SELECT id, s.id AS sid, t.id AS tid FROM s FULL JOIN t USING (id) WHERE id > 3',
    'SELECT id, k FROM s JOIN t USING (id) JOIN u USING (id)',
    'SELECT * FROM s JOIN t USING (id) JOIN u USING (id)',
    'SELECT id, k FROM s FULL JOIN t USING (id) FULL JOIN u USING (id)',
    'SELECT id, k FROM s LEFT JOIN t USING (id) RIGHT JOIN u USING (id)',
    'SELECT id, s.a FROM s JOIN t USING (id, a)',
    'SELECT count(*) FROM s, t, u WHERE s.id = t.id AND t.id = u.id AND s.a + t.a = u.k',
    'SELECT s.id FROM s, t WHERE s.id = t.id AND s.c::VARCHAR = t.name AND 1 = 1',
    'SELECT s.id FROM s JOIN t ON s.id = t.id WHERE TRY_CAST(s.c AS INTEGER) IS NULL AND 10 // s.a > 3',
    'SELECT s.id FROM s JOIN t ON true WHERE false',
    'SELECT x.c FROM s AS x, s AS y, t WHERE (x.a = 1 AND y.a = 2) OR (x.a = 2 AND y.a = t.a)',
    "SELECT s.a, u.d FROM s JOIN u ON s.id = u.id WHERE u.d >= DATE '2024-01-03' AND u.d < '2024-01-05'",
    'SELECT s.a, q.x FROM s JOIN (SELECT id, a + 1 AS x FROM t WHERE a > 0) AS q ON q.id = s.id WHERE q.x > 2 AND q.id > 1',
    'SELECT a.a FROM s AS a JOIN t AS b ON a.id = b.id AND a.a = b.t.a',
    "SELECT s.a, v.n, v.w FROM s JOIN (VALUES (1, 'one'), (2, 'two')) AS v(n, w) ON v.n = s.a",
    'SELECT s.a, i FROM s, range(3) AS g(i) WHERE i < s.a',
    'SELECT s.a, generate_series FROM s, generate_series(1, 2)',
  ],
  groups: [
    'SELECT a, count(*) FROM s WHERE b > 1 GROUP BY a',
    'SELECT a, b, count(*), sum(m), avg(b), min(c), max(c) FROM s GROUP BY a, b',
    'SELECT a AS k, count(*) FROM s GROUP BY k',
    'SELECT a AS b, b AS q, count(*) FROM s GROUP BY b, a',
    'SELECT b AS z, a + 1 AS k, count(*) FROM s GROUP BY ALL',
    "SELECT a, 'x' AS x, sum(b) + 1 AS y FROM s GROUP BY ALL",
    'SELECT a % 2 AS b, count(*) FROM s GROUP BY 1',
    'SELECT a % 2 AS b, b AS q, count(*) FROM s GROUP BY 1, 2 HAVING b = 2',
    'SELECT a % 2 AS b, count(*) FROM s GROUP BY 1 HAVING b = 1',
    'SELECT b, sum(a) AS a FROM s GROUP BY b HAVING a > 5',
    'SELECT a % 2 AS a, count(*) AS b FROM s GROUP BY s.a % 2, s.b + 1 HAVING a = 1 AND s.b + 1 > 1 AND b > 1 AND a % 2 = 1',
    'SELECT b, sum(a) AS a FROM s GROUP BY b HAVING sum(a) > 5 AND a < 100',
    'SELECT b + 1 AS k, count(*) AS n, k * 2 AS k2, n / 2 AS h FROM s GROUP BY b + 1 HAVING b + 1 > 1 AND n > 3',
    'SELECT s.a, S.A + 1 AS a1, upper(c), count(DISTINCT b) FROM s GROUP BY a, upper(s.c)',
    'SELECT r.x, r.x + 1 AS y, count(*) FROM s GROUP BY r.x',
    'SELECT r, count(*) FROM s GROUP BY r HAVING r.x > 0',
    'SELECT count(*), sum(a), min(b) FROM s',
    'SELECT count(*), sum(a) FROM s WHERE a > 100',
    'SELECT count(*) FILTER (WHERE a > 1), sum(b) FILTER (a > 2), count(DISTINCT a), sum(DISTINCT b) FROM s',
    'SELECT sum(a + b) AS x, sum(a) + sum(b) AS y, sum(a + b) * 2 FROM s HAVING count(*) > 0',
    "SELECT string_agg(c, ',' ORDER BY c DESC, id), list(a ORDER BY a NULLS FIRST, id) FROM s",
    'SELECT a, list(b ORDER BY id, b) AS bs, list_transform(list(b ORDER BY id, b), x -> x + 1) FROM s GROUP BY a',
    "SELECT max({'x': a}).x, max({'y': a}).y FROM s",
    'SELECT quantile_cont(a, 0.5), median(b), stddev(a) IS NULL, bool_or(a > 1), bit_xor(a), count_if(a > 1), arg_max(a, id * 100 + a) FROM s',
    'SELECT 1 AS one, count(*) FROM s GROUP BY one',
    'SELECT a FROM s GROUP BY a',
    'SELECT a + b FROM s GROUP BY a + b',
    'SELECT a + b + 1, a FROM s GROUP BY a, a + b',
    'SELECT 1 FROM s HAVING count(*) > 0',
    'SELECT count(*) FROM s GROUP BY ()',
    'SELECT name, count(*) FROM s LEFT JOIN t USING (id) GROUP BY name',
    'SELECT id, count(*), sum(k) FROM t FULL JOIN u USING (id) GROUP BY id',
    'SELECT t.t.a, count(t.t) FROM t GROUP BY t.t.a',
    'SELECT a, n FROM (SELECT a, count(*) AS n FROM s GROUP BY a) WHERE n > 3 AND a > 0',
    'SELECT n, count(*) FROM (SELECT a, count(*) AS n, max(b) AS unused FROM s GROUP BY a) GROUP BY n',
    'SELECT sum(n) FROM (SELECT count(*) AS n FROM s GROUP BY a UNION ALL SELECT count(*) FROM t)',
    'SELECT a, count(*) AS n FROM s GROUP BY a ORDER BY n DESC LIMIT 2',
    'SELECT a, sum(b) FROM s GROUP BY a ORDER BY count(*) DESC, sum(b) + a LIMIT 2 OFFSET 1',
    'SELECT DISTINCT count(*) FROM s GROUP BY a',
    'SELECT wavg(a, b), geomean(a + 1) > 0 FROM s',
    "SELECT CASE WHEN a > 1 THEN 'x' END AS k, count(*) FROM s GROUP BY k",
  ],
  'grouping sets': [
    'SELECT a, b, count(*) FROM s GROUP BY ROLLUP (a, b)',
    'SELECT a, b, sum(m), grouping(a), grouping(a, b), grouping_id(b) FROM s GROUP BY CUBE (a, b)',
    'SELECT a + 1 AS k, count(*) FROM s GROUP BY GROUPING SETS ((k), ())',
    'SELECT a, b, count(*) FROM s WHERE a > 100 GROUP BY GROUPING SETS ((a, b), (a), (), ())',
    'SELECT a, c, count(*) AS n FROM s GROUP BY GROUPING SETS ((a), (c)) HAVING n > 5 AND a IS NULL',
    "SELECT coalesce(c, 'all') AS c2, a, count(*) FROM s GROUP BY a, ROLLUP (c)",
    'SELECT grouping(a), a, count(*) FROM s GROUP BY a',
    'SELECT x.a, t.name, count(*) FROM s AS x JOIN t ON x.id = t.id GROUP BY CUBE (x.a, t.name)',
    'SELECT a, count(*), rank() OVER (ORDER BY count(*)) FROM s GROUP BY ROLLUP (a)',
  ],
  windows: [
    'SELECT a, row_number() OVER (ORDER BY id) AS n FROM s',
    'SELECT a, row_number() OVER (PARTITION BY a ORDER BY b DESC) AS n, id FROM s',
    'SELECT a, sum(b) OVER (PARTITION BY a), sum(b) OVER (PARTITION BY a ORDER BY id), count(*) OVER () FROM s',
    'SELECT id, lag(a) OVER w, lead(a, 2, -1) OVER w, first_value(b) OVER w FROM s WINDOW w AS (PARTITION BY c ORDER BY id)',
    'SELECT sum(a) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM s',
    'SELECT sum(a) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP) FROM s',
    'SELECT a, b FROM s QUALIFY row_number() OVER (PARTITION BY a ORDER BY id DESC) = 1',
    'SELECT a, row_number() OVER (PARTITION BY b ORDER BY id) AS n FROM s QUALIFY n <= 2',
    'SELECT a, row_number() OVER (PARTITION BY c ORDER BY id) AS b FROM s QUALIFY b <= 1',
    'SELECT a, b, rank() OVER (PARTITION BY a ORDER BY b) + 1 AS r1, r1 * 2 AS r2 FROM s WHERE a > 0',
    'SELECT a, sum(sum(b)) OVER (ORDER BY a), count(*) FROM s GROUP BY a',
    'SELECT a, count(*) AS n, rank() OVER (ORDER BY count(*) DESC, a) AS k FROM s GROUP BY a QUALIFY k <= 2',
    'SELECT a, sum(b) * 1.0 / sum(sum(b)) OVER () FROM s GROUP BY a HAVING sum(b) > 0',
    'SELECT x.a, row_number() OVER (PARTITION BY x.a ORDER BY x.b) FROM s AS x JOIN t AS y ON x.id = y.id',
    'SELECT q.n, a FROM (SELECT a, row_number() OVER (PARTITION BY a ORDER BY id, b, c) AS n FROM s) AS q WHERE n = 1 AND a > 0',
    'SELECT max(b) FILTER (WHERE a > 1) OVER (PARTITION BY c), count(DISTINCT a) OVER (PARTITION BY c) FROM s',
    'SELECT a, dense_rank() OVER (PARTITION BY a, b ORDER BY c), ntile(2) OVER (PARTITION BY b, a ORDER BY c, id) FROM s',
    "SELECT string_agg(c, '' ORDER BY id, c) OVER (PARTITION BY a) FROM s",
    'SELECT last_value(a IGNORE NULLS) OVER (PARTITION BY b ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM s',
    'SELECT DISTINCT a, count(*) OVER (PARTITION BY a) FROM s',
    'SELECT DISTINCT ON (a) a, b, id FROM s ORDER BY id DESC',
    'SELECT DISTINCT ON (a, c) * EXCLUDE (l, r) FROM s ORDER BY b NULLS FIRST, id',
    'SELECT DISTINCT ON (b) a AS b, b AS c FROM s ORDER BY a, 2',
    'SELECT DISTINCT ON (a + 0) a, b FROM s ORDER BY b DESC LIMIT 2',
    'SELECT DISTINCT ON (2) a, b FROM s ORDER BY ALL',
    'SELECT DISTINCT ON (a) a, count(*) FROM s GROUP BY a, b ORDER BY count(*), a',
  ],
  limits: [
    'SELECT a, id FROM s ORDER BY id DESC, a LIMIT 5',
    'SELECT a FROM s ORDER BY b NULLS FIRST LIMIT 5 OFFSET 3',
    'SELECT a AS b, b AS a FROM s ORDER BY b DESC LIMIT 4',
    'SELECT a AS b, b AS a FROM s ORDER BY -b LIMIT 4',
    'SELECT a + 1 AS z FROM s ORDER BY z * 2, id LIMIT 7',
    'SELECT * FROM s ORDER BY ALL LIMIT 3',
    'SELECT a FROM s ORDER BY a OFFSET 50',
    'SELECT DISTINCT a, b FROM s ORDER BY b, a LIMIT 3',
    'SELECT x.a FROM (SELECT a, id FROM s ORDER BY id LIMIT 4) AS x WHERE a > 1',
    'SELECT * FROM (SELECT a FROM s ORDER BY a LIMIT 3) UNION ALL SELECT a FROM t',
    'SELECT unnest(l) AS x, id FROM s ORDER BY x DESC, id LIMIT 4',
    'SELECT a FROM s ORDER BY sum(a) OVER (PARTITION BY b), id LIMIT 3',
    'SELECT a FROM s ORDER BY a LIMIT ALL',
  ],
  'set operations': [
    'SELECT a FROM s UNION ALL SELECT a FROM t',
    'SELECT a, b FROM s UNION ALL SELECT b, a FROM s UNION ALL SELECT k, 1 FROM u',
    'SELECT a FROM s UNION SELECT id FROM t',
    'SELECT a, NULL AS d FROM s UNION ALL SELECT k, d FROM u',
    "SELECT a, 'x' AS w FROM s UNION SELECT id, name FROM t",
    'SELECT a FROM s INTERSECT SELECT a FROM t',
    'SELECT a FROM s INTERSECT ALL SELECT a FROM t',
    'SELECT a FROM s EXCEPT SELECT a FROM t WHERE a > 1',
    'SELECT a FROM s EXCEPT ALL SELECT id FROM t',
    'SELECT a FROM s UNION SELECT a FROM t EXCEPT SELECT k FROM u',
    'SELECT a AS x, b FROM s UNION ALL BY NAME SELECT name, id AS x FROM t',
    'SELECT a, c FROM s UNION BY NAME SELECT k AS A, d FROM u',
    'SELECT a, a FROM s UNION ALL SELECT id, a FROM t',
    'SELECT m FROM s UNION ALL SELECT a FROM s',
    'SELECT a FROM s UNION SELECT a FROM t ORDER BY a DESC NULLS LAST LIMIT 3 /* total */',
    'SELECT a AS x FROM s UNION ALL SELECT k FROM u ORDER BY 1 LIMIT 10 /* total */',
    'SELECT x, count(*) FROM (SELECT a AS x FROM s UNION ALL SELECT k FROM u) GROUP BY x',
    'SELECT count(*) FROM (SELECT a FROM s UNION ALL SELECT k FROM u)',
    'SELECT x FROM (SELECT a AS x, b FROM s UNION ALL SELECT k, id FROM u) WHERE x > 1',
    'SELECT 1 AS x UNION ALL SELECT a FROM s',
    "VALUES (1, 'x'), (2, NULL)",
    "SELECT 1 AS a, 'x' AS b",
    'SELECT i, i * 2 FROM range(5) AS g(i) WHERE i > 1',
  ],
  'WITH and FROM': [
    'WITH q AS (SELECT a, b FROM s WHERE a > 1) SELECT * FROM q',
    'WITH q AS (SELECT a, count(*) AS n FROM s GROUP BY a) SELECT x.a, y.n FROM q AS x JOIN q AS y ON x.a = y.a',
    'WITH q(k, v) AS (SELECT a, sum(b) FROM s GROUP BY a), w AS (SELECT k + 1 AS k FROM q) SELECT q.v, w.k FROM q JOIN w ON q.k = w.k',
    'WITH s AS (SELECT a FROM s WHERE a > 1) SELECT * FROM s',
    'WITH q AS (SELECT a FROM s) SELECT * FROM (WITH q AS (SELECT a + 1 AS a FROM q) SELECT * FROM q) UNION ALL SELECT * FROM q',
    'WITH q AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT s.a FROM s JOIN q USING (a)',
    'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT s.a, i FROM s JOIN n ON s.a = i',
    'WITH q AS MATERIALIZED (SELECT a, id FROM s) SELECT q.id FROM q JOIN q AS q2 ON q.a = q2.a WHERE q2.id = 3',
    'WITH q AS (SELECT DISTINCT a FROM s) SELECT z.b FROM q AS z(b)',
    'SELECT y FROM (SELECT a + 1 AS x, b FROM s) AS q(y)',
    'SELECT q.a FROM (SELECT s.a, t.a FROM s JOIN t USING (id)) AS q',
    'SELECT x + 1 FROM (SELECT x * 2 AS x FROM (SELECT a + 1 AS x FROM s WHERE b = 1) WHERE x > 1)',
    'SELECT v.a, count(*) FROM (VALUES (1), (2), (1)) AS v(a) JOIN s ON s.a = v.a GROUP BY v.a',
  ],
  'lateral items': [
    'SELECT a, x FROM s, UNNEST(s.l) AS q(x)',
    'SELECT a, x FROM s, UNNEST(l) AS q(x) WHERE x > 1 AND a > 0',
    'SELECT a, unnest FROM s, UNNEST(l)',
    'SELECT a, x, i FROM s, UNNEST(s.l) WITH ORDINALITY AS q(x, i)',
    'SELECT s.a, x, t.name FROM s, UNNEST(s.l) AS q(x), t WHERE t.id = s.id AND t.a = x',
    'SELECT s.a, x, t.name FROM s JOIN t ON s.id = t.id, UNNEST(s.l) AS q(x)',
    'SELECT s.a, x FROM s CROSS JOIN UNNEST(s.l) AS q(x)',
    'SELECT s.a, x FROM s JOIN UNNEST(s.l) AS q(x) ON x > s.a',
    'SELECT a, i FROM s, range(s.a) AS g(i)',
    'SELECT a, sum(x) FROM s, UNNEST(s.l) AS q(x) GROUP BY a',
    'SELECT x.y, count(*) FROM s, UNNEST(list_transform(s.l, e -> e + 1)) AS x(y) GROUP BY ALL',
  ],
  subqueries: [
    'SELECT (SELECT max(a) FROM s) AS m',
    'SELECT a, (SELECT max(a) FROM t) AS m FROM s WHERE b > 1',
    'SELECT a FROM s WHERE a > (SELECT avg(a) FROM t) AND b = 1',
    'SELECT s.a, t.a FROM s JOIN t ON s.id = t.id AND s.a > (SELECT avg(a) FROM t)',
    'SELECT a, count(*) FROM s GROUP BY a HAVING count(*) > (SELECT count(*) FROM t) / 4',
    'SELECT sum(a - (SELECT min(a) FROM s)) FROM s',
    'SELECT a = (SELECT max(a) FROM s) AS k, count(*) FROM s GROUP BY k',
    'SELECT a, (SELECT a FROM t ORDER BY id, a LIMIT 1) AS m FROM s',
    'SELECT a, (SELECT max(a) FROM t HAVING count(*) > 1000) AS m FROM s',
    'WITH q AS (SELECT max(a) AS m FROM s) SELECT a FROM t WHERE a = (SELECT m FROM q)',
    'SELECT a, (SELECT 1) AS one, (SELECT max(i) FROM range(4) AS g(i)) AS r FROM s',
    'SELECT a, rank() OVER (ORDER BY a - (SELECT min(a) FROM s)) FROM s',
    'SELECT a FROM s WHERE CASE WHEN (SELECT count(*) FROM t) > 3 THEN a > 1 ELSE false END',
  ],
  EXISTS: [
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id)',
    'SELECT a FROM s WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND t.a > 1)',
    'SELECT a FROM s WHERE EXISTS (SELECT * FROM t WHERE t.id = s.id AND t.a <> s.a) AND b > 0',
    'SELECT x.id FROM s AS x WHERE EXISTS (SELECT 1 FROM s AS y WHERE y.id = x.id AND y.a <> x.a) AND NOT EXISTS (SELECT 1 FROM s AS y WHERE y.id = x.id AND y.b > x.b)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.a < s.a AND t.id > s.b)',
    'SELECT a FROM s WHERE NOT NOT EXISTS (SELECT 1 FROM t WHERE t.id + 1 = s.id * 2)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t) AND NOT EXISTS (SELECT 1 FROM u WHERE k > 100)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id) OR b = 1 OR NOT EXISTS (SELECT 1 FROM u WHERE u.id = s.id)',
    'SELECT a, EXISTS (SELECT 1 FROM t WHERE t.id = s.id) AS e, NOT EXISTS (SELECT 1 FROM t WHERE a > 2) AS n FROM s',
    'SELECT a FROM s WHERE EXISTS (SELECT count(*) FROM t WHERE t.id = s.id)',
    'SELECT a FROM s WHERE EXISTS (SELECT count(*) FROM t WHERE t.id = s.id HAVING count(*) > 1)',
    'SELECT a FROM s WHERE NOT EXISTS (SELECT max(t.a) FROM t WHERE t.id = s.id HAVING count(*) <> 1)',
    'SELECT a FROM s WHERE EXISTS (SELECT t.a, count(*) FROM t WHERE t.id = s.id GROUP BY t.a HAVING count(*) > 1)',
    'SELECT a FROM s WHERE EXISTS (SELECT t.a FROM t WHERE t.id < s.id GROUP BY t.a HAVING count(*) > s.a)',
    'SELECT a FROM s WHERE EXISTS (SELECT DISTINCT t.a FROM t WHERE t.id = s.id ORDER BY 1 LIMIT 1)',
    'SELECT a FROM s WHERE EXISTS (SELECT t.a FROM t WHERE t.id = s.id ORDER BY t.a OFFSET 1)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id UNION ALL SELECT 1 FROM u WHERE u.id = s.id)',
    'SELECT a FROM s WHERE EXISTS (SELECT t.a FROM t WHERE t.id = s.id INTERSECT SELECT u.k FROM u WHERE u.id <= s.b)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t JOIN u ON t.id = u.id WHERE t.a = s.a AND u.k >= s.b)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.k = 1))',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.k = s.a))',
    'SELECT a FROM s WHERE NOT EXISTS (SELECT 1 FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = s.id AND u.k = t.a))',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM unnest(s.l) AS q(x) WHERE x > s.a) AND NOT EXISTS (SELECT 1 FROM range(s.b) AS g(i) WHERE i = s.a)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t, unnest(s.l) AS q(x) WHERE t.a = x)',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 WHERE s.a = 1)',
    'SELECT a, count(*) FROM s GROUP BY a HAVING EXISTS (SELECT 1 FROM t WHERE t.a = s.a) AND count(*) > 1',
    'SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id)) FROM s',
    'SELECT EXISTS (SELECT 1 FROM t WHERE t.id = s.id) AS k, count(*) FROM s GROUP BY k',
    'SELECT a, row_number() OVER (PARTITION BY a ORDER BY id) AS n FROM s QUALIFY EXISTS (SELECT 1 FROM t WHERE t.id = s.id)',
    'SELECT s.a FROM s JOIN u ON s.id = u.id AND EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND t.a < u.k)',
    'WITH q AS (SELECT id, a FROM t WHERE a > 0) SELECT a FROM s WHERE EXISTS (SELECT 1 FROM q WHERE q.id = s.id AND q.a = s.a)',
    'SELECT a FROM s ORDER BY EXISTS (SELECT 1 FROM t WHERE t.id = s.id), id, a LIMIT 5',
    'SELECT q.a FROM (SELECT id, max(a) AS a FROM s GROUP BY id) AS q WHERE EXISTS (SELECT 1 FROM u WHERE u.id = q.id)',
  ],
  'IN, ANY and ALL': [
    'SELECT a FROM s WHERE a IN (SELECT a FROM t)',
    'SELECT a FROM s WHERE a NOT IN (SELECT a FROM t)',
    'SELECT a FROM s WHERE a NOT IN (SELECT a FROM t WHERE a IS NOT NULL)',
    'SELECT a FROM s WHERE NOT (a IN (SELECT a FROM t WHERE a > 100)) AND b = 1',
    'SELECT id FROM s WHERE id NOT IN (SELECT id FROM s WHERE a = 1)',
    'SELECT a FROM s WHERE a IN (SELECT k FROM u WHERE u.id = s.id)',
    'SELECT a FROM s WHERE a NOT IN (SELECT k FROM u WHERE u.id = s.id)',
    'SELECT a FROM s WHERE a NOT IN (SELECT k FROM u WHERE u.id < s.id)',
    'SELECT a FROM s WHERE a + 1 IN (SELECT k * 2 FROM u WHERE u.id + s.b = s.id)',
    'SELECT a FROM s WHERE a IN (SELECT k + s.b FROM u)',
    'SELECT a, a IN (SELECT a FROM t) AS i, a NOT IN (SELECT a FROM t WHERE a IS NOT NULL) AS n FROM s',
    'SELECT a, a IN (SELECT k FROM u WHERE u.id = s.id) AS i, a NOT IN (SELECT k FROM u WHERE u.id >= s.id) AS n FROM s',
    'SELECT a, a IN (SELECT a FROM t WHERE false) AS i, NULL IN (SELECT a FROM t) AS n FROM s',
    'SELECT a FROM s WHERE a IN (SELECT a FROM t) OR b NOT IN (SELECT k FROM u)',
    'SELECT a FROM s WHERE (a, b) IN (SELECT a, id FROM t)',
    'SELECT a FROM s WHERE (a, b) NOT IN (SELECT a, id FROM t)',
    'SELECT a FROM s WHERE (a, b) NOT IN (SELECT a, id FROM t WHERE a IS NOT NULL AND id IS NOT NULL)',
    'SELECT a, b, (a, b) IN (SELECT a, id FROM t) AS i FROM s',
    'SELECT a FROM s WHERE a = ANY (SELECT k FROM u)',
    'SELECT a FROM s WHERE a > ANY (SELECT k FROM u WHERE u.id = s.id)',
    'SELECT a FROM s WHERE a >= ALL (SELECT k FROM u WHERE u.id = s.id)',
    'SELECT a FROM s WHERE a <> ALL (SELECT k FROM u WHERE k > 1)',
    'SELECT a, a < ALL (SELECT k FROM u WHERE u.id = s.id) AS l, a > ANY (SELECT k FROM u) AS g FROM s',
    'SELECT a FROM s WHERE a IN (SELECT max(k) FROM u WHERE u.id = s.id)',
    'SELECT a FROM s WHERE a NOT IN (SELECT max(k) FROM u WHERE u.id = s.id HAVING count(*) > 1)',
    'SELECT a, a IN (SELECT count(*) FROM u WHERE u.id = s.id) AS c FROM s',
    'SELECT a FROM s WHERE a IN (SELECT max(k) FROM u GROUP BY id)',
    'SELECT a FROM s WHERE a IN (SELECT k FROM u UNION SELECT a FROM t)',
    'SELECT a FROM s WHERE a IN (SELECT a FROM t ORDER BY id, a LIMIT 3)',
    'SELECT a FROM s WHERE a IN (SELECT unnest(s.l)) OR b NOT IN (SELECT x FROM unnest(s.l) AS q(x))',
    'SELECT a, a NOT IN (SELECT unnest(s.l)) AS n, a IN (SELECT i FROM range(2) AS g(i)) AS r FROM s',
    'SELECT a FROM s WHERE a IN (SELECT a FROM t WHERE t.id IN (SELECT id FROM u WHERE u.k = s.b))',
    'SELECT a FROM s WHERE (SELECT max(a) FROM t) IN (SELECT k FROM u WHERE u.id = s.id)',
    'SELECT a, count(*) FROM s GROUP BY a HAVING count(*) IN (SELECT id FROM t) AND max(b) NOT IN (SELECT k FROM u WHERE k IS NOT NULL)',
    'SELECT s.a FROM s WHERE c IN (SELECT name FROM t WHERE t.id = s.id OR t.a = s.a)',
    'SELECT a FROM s WHERE m IN (SELECT a FROM t)',
  ],
  'correlated values': [
    'SELECT a, (SELECT max(t.a) FROM t WHERE t.id = s.id) FROM s',
    'SELECT a, (SELECT count(*) FROM t WHERE t.id = s.id) AS n, (SELECT sum(a) FROM t WHERE t.id = s.id AND t.a > 1) AS m FROM s',
    'SELECT a FROM s WHERE m < (SELECT 0.2 * avg(x.m) FROM s AS x WHERE x.id = s.id)',
    'SELECT a FROM s WHERE a = (SELECT min(x.a) FROM s AS x, t WHERE x.id = s.id AND t.id = x.id)',
    'SELECT a, (SELECT count(*) + s.a FROM t WHERE t.id = s.id) AS n FROM s',
    'SELECT a, (SELECT coalesce(max(t.a), -1) FROM t WHERE t.id = s.id) AS n FROM s',
    'SELECT a, (SELECT sum(t.a * s.b) FROM t WHERE t.id = s.id) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM t WHERE t.id < s.id) AS n FROM s',
    'SELECT a, (SELECT count(DISTINCT t.a) FROM t WHERE t.id < s.id AND t.a <> s.a) AS n FROM s',
    "SELECT a, (SELECT string_agg(name, ',' ORDER BY name) FROM t WHERE t.id = s.id) AS n, (SELECT list(t.a ORDER BY t.a) FROM t WHERE t.id = s.id) AS l FROM s",
    'SELECT a, (SELECT count(*) FROM t WHERE t.id = s.id HAVING count(*) > 1) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM t WHERE t.id = s.id HAVING max(t.a) > s.a) AS n FROM s',
    'SELECT a, (SELECT regr_count(t.a, t.id) FROM t WHERE t.id = s.id) AS n, (SELECT approx_count_distinct(t.a) FROM t WHERE t.id = s.id) AS d FROM s',
    'SELECT a, (SELECT count_if(t.a > 1) FROM t WHERE t.id = s.id) AS n FROM s',
    'SELECT a, (SELECT count(*) FILTER (WHERE t.a > s.a) FROM t WHERE t.id = s.id) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM u WHERE u.id = q.id) FROM (SELECT id, max(a) AS a FROM s GROUP BY id) AS q',
    'SELECT a, (SELECT max(n) FROM (SELECT count(*) AS n FROM t WHERE t.id = s.id)) AS n FROM s',
    'SELECT a, (SELECT max(n) FROM (SELECT t.a, count(*) AS n FROM t WHERE t.id = s.id GROUP BY t.a)) AS n FROM s',
    'SELECT a, (SELECT t.name FROM t WHERE t.id = s.id ORDER BY t.a DESC, name LIMIT 1) AS n FROM s',
    'SELECT a, (SELECT t.a + s.a FROM t WHERE t.id < s.id ORDER BY t.id DESC, t.a, name LIMIT 1 OFFSET 1) AS n FROM s',
    'SELECT a, (SELECT s.b FROM t WHERE t.id = s.id ORDER BY t.a LIMIT 1) AS n FROM s',
    'SELECT a, (SELECT n FROM (SELECT id, count(*) AS n FROM t GROUP BY id) AS g WHERE g.id = s.id) AS n FROM s',
    'SELECT a, (SELECT s.a + 1) AS p, (SELECT max(x) FROM unnest(s.l) AS q(x)) AS m, (SELECT sum(x) FROM unnest(s.l) AS q(x) WHERE x > s.a) AS w FROM s',
    'SELECT a, (SELECT max(x + t.a) FROM unnest(s.l) AS q(x), t WHERE t.id = s.id) AS m FROM s',
    'SELECT a, (SELECT max(x) FROM t, unnest(s.l) AS q(x) WHERE t.id = s.b) AS m FROM s',
    'SELECT a, sum(b) - (SELECT count(*) FROM t WHERE t.a = s.a) AS d FROM s GROUP BY a HAVING count(*) > (SELECT count(*) FROM u WHERE u.k = s.a)',
    'SELECT a % 2 AS p, count(*), (SELECT max(t.id) FROM t) AS m FROM s GROUP BY p',
    'SELECT sum((SELECT count(*) FROM t WHERE t.id = s.id)) AS n FROM s',
    'SELECT (SELECT count(*) FROM t WHERE t.id = s.id) AS k, count(*) FROM s GROUP BY k',
    'SELECT a FROM s ORDER BY (SELECT count(*) FROM t WHERE t.id = s.id) DESC, id, a LIMIT 4',
    'SELECT a, (SELECT max(t.a) FROM t WHERE t.id = s.id AND t.a < (SELECT avg(u.k) FROM u WHERE u.id = t.id)) AS n FROM s',
    'SELECT a, (SELECT max(t.a) FROM t WHERE t.id = s.id AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.k <= s.a)) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM (SELECT t.a FROM t WHERE t.id = s.id UNION SELECT u.k FROM u WHERE u.id = s.b)) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM (SELECT t.a FROM t WHERE t.id = s.id EXCEPT SELECT u.k FROM u WHERE u.id = s.id)) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM (SELECT DISTINCT t.a, name FROM t WHERE t.id >= s.id)) AS n FROM s',
    'SELECT a, (SELECT max(r) FROM (SELECT rank() OVER (PARTITION BY y.a ORDER BY y.name) AS r FROM t AS y WHERE y.id = s.id)) AS n FROM s',
    'SELECT a, (SELECT sum(CAST(t.name AS INTEGER)) FROM t WHERE t.id = s.id AND t.name IS NULL) AS n FROM s',
    'SELECT a, (SELECT count(*) FROM t WHERE t.a::VARCHAR = s.c) AS n, (SELECT count(*) FROM t WHERE t.id = s.m) AS k FROM s',
    'SELECT a, (SELECT count(*) FROM t WHERE t.id IS NOT DISTINCT FROM s.a) AS n FROM s',
    'SELECT s.a, (SELECT max(u.d) FROM u WHERE u.id = s.id) AS d FROM s JOIN t USING (id) WHERE (SELECT count(*) FROM u WHERE u.k = t.a) > 1',
    'SELECT x.a, (SELECT count(*) FROM s WHERE s.a = x.a AND s.id <> x.id) AS n FROM s AS x',
    'SELECT a, CASE WHEN a > 1 THEN (SELECT max(t.a) FROM t WHERE t.id = s.id) ELSE (SELECT min(t.a) FROM t WHERE t.id = s.id) END AS n FROM s',
    'SELECT id, (SELECT q.n FROM (SELECT id, count(*) AS n FROM u GROUP BY id) AS q WHERE q.id = z.id) AS n FROM (SELECT DISTINCT id FROM s) AS z',
  ],
  'rows of which nothing is read': [
    'SELECT n FROM (SELECT a, count(*) OVER () AS n FROM s)',
    'SELECT 1 IN (SELECT a FROM t) AS i FROM s',
    'SELECT count(*) FROM s WHERE 1 IN (SELECT a FROM t)',
    'SELECT count(*) FROM s WHERE 1 NOT IN (SELECT a FROM t)',
    'SELECT count(*) FROM s WHERE EXISTS (SELECT 1 FROM t WHERE s.a = 1)',
    'SELECT EXISTS (SELECT 1 FROM t) AS e FROM s',
    'SELECT count(*) FROM s LEFT JOIN (SELECT max(a) AS m FROM t HAVING count(*) > 1) ON true',
    'SELECT (SELECT count(*) FROM t WHERE s.a = 1) AS n FROM s',
  ],
  'subqueries of several SELECTs around': [
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND t.a > (SELECT avg(u.k) FROM u WHERE u.id = t.id AND u.k <= s.b))',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND t.a >= (SELECT count(*) FROM u WHERE u.id = t.id AND u.k = s.b))',
    'SELECT a, (SELECT count(*) FROM t WHERE t.a = s.a AND t.id IN (SELECT id FROM u WHERE u.k < s.b)) AS n FROM s',
    'SELECT a, (SELECT sum((SELECT count(*) FROM u WHERE u.id = t.id AND u.k <> s.a)) FROM t WHERE t.id = s.id) AS n FROM s',
    'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.id = s.id AND u.k = t.a))',
    'SELECT a, (SELECT max(q.n) FROM t, LATERAL (SELECT count(*) AS n FROM u WHERE u.id = t.id AND u.k > s.b) AS q WHERE t.id = s.id) AS n FROM s',
    'SELECT x.a, q.n FROM s AS x, LATERAL (SELECT t.a, (SELECT count(*) FROM u WHERE u.k = t.a AND u.id > x.b) AS n FROM t WHERE t.id = x.id) AS q',
    'SELECT a FROM s WHERE b IN (SELECT t.a FROM t WHERE t.id = s.id AND t.a NOT IN (SELECT u.k FROM u WHERE u.id < s.id))',
  ],
  'subqueries in the ON of outer joins': [
    'SELECT s.a, t.a FROM s LEFT JOIN t ON s.id = t.id AND t.a IN (SELECT k FROM u)',
    'SELECT s.a, t.a FROM s LEFT JOIN t ON s.id = t.id AND t.a > (SELECT avg(k) FROM u)',
    'SELECT s.a, t.a FROM t RIGHT JOIN s ON s.id = t.id AND t.a NOT IN (SELECT k FROM u WHERE k IS NOT NULL)',
  ],
  'LATERAL over relations': [
    'SELECT s.a, q.a FROM s, LATERAL (SELECT max(t.a) AS a FROM t WHERE t.id = s.id) AS q',
    'SELECT s.a, q.n FROM s, LATERAL (SELECT count(*) AS n FROM t WHERE t.id < s.id) AS q WHERE q.n > 2',
    'SELECT s.a, q.a FROM s, LATERAL (SELECT t.a FROM t WHERE t.id = s.id) AS q',
    'SELECT s.a, q.x FROM s LEFT JOIN LATERAL (SELECT t.a + s.a AS x FROM t WHERE t.id = s.id) AS q ON true',
    'SELECT s.a, q.x FROM s LEFT JOIN LATERAL (SELECT t.a AS x FROM t WHERE t.id = s.id) AS q ON q.x > s.b',
    'SELECT s.a, q.a FROM s LEFT JOIN LATERAL (SELECT t.a FROM t WHERE t.id = s.id ORDER BY a LIMIT 1) AS q ON true',
    'SELECT s.a, q.* FROM s JOIN LATERAL (SELECT t.a AS ta, name FROM t WHERE t.id <= s.id ORDER BY t.id DESC, name, t.a LIMIT 2) AS q ON true',
    'SELECT s.a, q.n FROM s LEFT JOIN LATERAL (SELECT count(*) AS n FROM t WHERE t.id = s.id) AS q ON true',
    'SELECT s.a, q.n FROM s LEFT JOIN LATERAL (SELECT count(*) AS n FROM t WHERE t.id = s.id HAVING count(*) > 0) AS q ON q.n < 3',
    'SELECT s.a, q.n FROM s JOIN LATERAL (SELECT count(*) AS n FROM t WHERE t.id = s.id HAVING count(*) <> 1) AS q ON true',
    'SELECT s.a, q.k, r.n FROM s, LATERAL (SELECT u.k FROM u WHERE u.id = s.id) AS q, LATERAL (SELECT count(*) AS n FROM t WHERE t.a = q.k AND t.id >= s.id) AS r',
    'SELECT s.a, q.x FROM s, LATERAL (SELECT t.a AS x FROM t WHERE t.id = s.id UNION ALL SELECT u.k FROM u WHERE u.id = s.id) AS q',
    'SELECT s.a, q.x FROM s, LATERAL (SELECT t.a AS x FROM t WHERE t.id = s.id UNION SELECT s.b) AS q',
    'SELECT s.a, q.x FROM s, LATERAL (SELECT DISTINCT t.a + s.a AS x FROM t WHERE t.id = s.id) AS q',
    'SELECT s.a, x FROM s LEFT JOIN UNNEST(s.l) AS q(x) ON true',
    'SELECT s.a, x FROM s LEFT JOIN UNNEST(s.l) AS q(x) ON x > s.a',
    'SELECT s.a, q.x FROM s LEFT JOIN LATERAL (SELECT unnest(s.l) AS x) AS q ON x > 1',
    'SELECT s.a, q.x FROM s, LATERAL (SELECT x FROM t, unnest(s.l) AS l(x) WHERE t.a = x) AS q',
    'SELECT q.a, count(*) FROM s, LATERAL (SELECT t.a FROM t WHERE t.id = s.id) AS q GROUP BY q.a',
  ],
  'PIVOT and UNPIVOT': [
    'SELECT * FROM s PIVOT (sum(m) FOR a IN (1, 2, NULL) GROUP BY b)',
    "SELECT * FROM (SELECT b, c, a FROM s) PIVOT (sum(a) AS x, count(*) FOR c IN ('x', 'y' AS why, 'none'))",
    "SELECT * FROM (SELECT c, a FROM s) PIVOT (sum(a), count(*) FOR c IN ('x', 'none'))",
    "SELECT * FROM (SELECT c, a FROM s WHERE a > 100) PIVOT (sum(a), count(*) FOR c IN ('x', 'none'))",
    "SELECT * FROM s PIVOT (max(id) + 1 FOR a IN (1, 2) c IN ('x', 'xy') GROUP BY b, id)",
    "SELECT * FROM s PIVOT (count(*) FOR (a, c) IN ((1, 'x'), (2, NULL)) GROUP BY b)",
    "SELECT p.x + 1 AS y, p.b FROM (SELECT b, c, a FROM s) PIVOT (sum(a) FOR c IN ('x', 'y')) AS p WHERE b > 0",
    'WITH q AS (SELECT b, a, id FROM s) SELECT * FROM (PIVOT q ON a IN (0, 1) USING count(*), min(id) GROUP BY b)',
    'SELECT * FROM (SELECT a, b, m FROM s) PIVOT (sum(b) FOR m IN (0.5, 1.00, 2)) AS p(k)',
    'SELECT * FROM s UNPIVOT (v FOR n IN (a, b))',
    'SELECT * FROM s UNPIVOT INCLUDE NULLS (v FOR n IN (a, B AS bee))',
    'SELECT id, n, v, w FROM s UNPIVOT ((v, w) FOR n IN ((a, b), (b, "select") AS bs))',
    'SELECT n, sum(v) FROM s UNPIVOT (v FOR n IN (A, "Mixed Case", "select")) WHERE v > 0 GROUP BY n',
    "SELECT k.* FROM (SELECT id, a, m FROM s) UNPIVOT (v FOR n IN (a, m)) AS k WHERE n = 'a'",
    'SELECT t.name, q.v FROM t JOIN (SELECT * FROM s UNPIVOT (v FOR n IN (a, b))) AS q ON q.id = t.id',
  ],
  'names that could be others': [
    'SELECT a + 1 AS t, t.t.z FROM t',
    'SELECT id AS a, a AS id FROM t WHERE id > 3 AND a = 1',
    'SELECT a AS id, count(*) FROM t GROUP BY a ORDER BY id LIMIT 2',
    'SELECT a AS id, count(*) FROM t GROUP BY id, a',
    'SELECT t.a AS "T.a", "T.a" + 1 FROM t',
    'SELECT s.t.a, s.a FROM t AS s',
    'SELECT a.b, b.a FROM s AS a JOIN t AS b ON a.id = b.id AND b.t.a = a.b',
    'SELECT s.r.x AS s, s.r.y FROM s',
    'SELECT y FROM (SELECT a AS x, x + 1 AS y FROM (SELECT a, b AS z FROM s))',
    'SELECT a AS x, b AS y FROM s WHERE x > 0 AND (y > 1 OR x IS NULL) ORDER BY x, y, id LIMIT 9',
    'SELECT sum(a) AS a, b FROM s GROUP BY b HAVING sum(a) > 1 ORDER BY a DESC LIMIT 2',
    'SELECT b, max(a) AS b2, b2 + 1 AS b3 FROM s GROUP BY ALL HAVING b3 > 2',
    'SELECT max(a) AS b, b + 1 AS k FROM s GROUP BY s.b',
    'SELECT c AS a, a AS c, a || c AS d FROM (SELECT c, a::VARCHAR AS a FROM s)',
    'SELECT "A b"."x y", "A b".a FROM (SELECT a AS "x y", b AS a FROM s) AS "A b"',
    'SELECT "order", "group" FROM (SELECT a AS "order", b AS "group" FROM s) WHERE "order" > 1',
    'SELECT list_transform(l, c -> c + b) AS c, c AS k FROM (SELECT l, b FROM s)',
    'SELECT x.s, y.s FROM (SELECT a AS s, id FROM s) AS x JOIN (SELECT b AS s, id FROM s) AS y USING (id)',
    'SELECT q.* EXCLUDE (a), q.a AS z FROM (SELECT * FROM t) AS q',
    'SELECT a, NULL AS b FROM s UNION ALL SELECT NULL, name FROM t UNION ALL SELECT NULL, NULL',
    'SELECT DISTINCT NULL AS n, a FROM s',
    'SELECT n, count(*) FROM (SELECT NULL AS n FROM s) GROUP BY n',
    'SELECT count(n), max(n) FROM (SELECT NULL AS n, a FROM s)',
    'SELECT x.t, x.a FROM t AS x(id, a, name)',
    'SELECT r.id, r FROM s LEFT JOIN u AS r USING (id)',
    'SELECT s.a, q.a, z FROM s JOIN (SELECT id, k + 1 AS a, a * 2 AS z FROM u) AS q ON s.id = q.id',
    'SELECT s.a, q.a FROM s JOIN (SELECT id, k + 1 AS a FROM u WHERE a > 1 ORDER BY a, id LIMIT 5) AS q ON s.id = q.id',
    'SELECT s.a, q.a FROM s JOIN (SELECT id, max(k) AS a FROM u GROUP BY id HAVING a > 1) AS q ON s.id = q.id',
    'SELECT s.a, q.a FROM s JOIN (SELECT k + 1 AS a, count(*) AS n FROM u GROUP BY a) AS q ON s.id = q.n',
    'SELECT x, x.k FROM s LEFT JOIN u AS x ON s.id = x.id AND x.k > 2',
    'SELECT r.r.x, r.a FROM s AS r',
    'SELECT id FROM (SELECT id, id AS id2 FROM t) AS p JOIN (SELECT id, k AS id2 FROM u) AS q USING (id, id2)',
  ],
  'conditions on their way down': [
    'SELECT k, n FROM (SELECT a AS k, count(*) AS n FROM s GROUP BY a) WHERE k > 1 AND n > 2 AND k + n > 4',
    'SELECT a, b + 1 AS k, count(*) FROM s GROUP BY a, b + 1 HAVING a > 1 AND b + 1 > 2',
    'SELECT x, y FROM (SELECT a AS x, b AS y FROM s UNION ALL SELECT id, k FROM u UNION ALL SELECT 1, 2) WHERE x = 1 OR y = 2',
    'SELECT x FROM (SELECT a AS x, b FROM s UNION SELECT id, k FROM u) WHERE x > 1',
    'SELECT a, n FROM (SELECT a, c, row_number() OVER (PARTITION BY a ORDER BY id, b, c) AS n FROM s) WHERE a > 1 AND n = 1 AND c IS NOT NULL',
    'SELECT a, n FROM (SELECT a, sum(b) OVER (PARTITION BY a, c) AS n, count(*) OVER (PARTITION BY a) FROM s) WHERE a > 1',
    'SELECT * FROM (SELECT a, b FROM s INTERSECT SELECT a, id FROM t) WHERE a > 1',
    'SELECT * FROM (SELECT a, b FROM s ORDER BY id, a LIMIT 9) WHERE a > 1',
    'SELECT s.id FROM s, t WHERE (s.a = 1 AND t.a = 2) OR (s.a = 2 AND t.a = 3) OR (s.id = t.id AND s.a = 3)',
    "SELECT s.id FROM s, t WHERE (s.c = 'x' AND t.name = 'y') OR (s.c = 'y' AND t.name = 'x' AND s.a > 1)",
    'SELECT s.id FROM s LEFT JOIN t USING (id) WHERE (s.a = 1 AND t.a = 2) OR (s.a = 2 AND t.a IS NULL)',
    'SELECT a, count(*) FROM s WHERE true GROUP BY ROLLUP (a) HAVING a > 1 OR a IS NULL',
    'SELECT q.a FROM (SELECT a, max(b) AS m FROM s GROUP BY a) AS q JOIN t ON q.a = t.a AND q.a > 1 AND q.m > t.id',
  ],
  'subqueries in FROM over the row': [
    'SELECT a, z FROM s, LATERAL (SELECT s.a + 1 AS z)',
    'SELECT a, z FROM s JOIN LATERAL (SELECT a + b AS z WHERE a > 1) AS q ON z > 2',
    'SELECT a, z FROM s LEFT JOIN LATERAL (SELECT a + b AS z) AS q ON true',
    'SELECT a, x FROM s, (SELECT unnest(s.l) AS x) AS q WHERE x > 1',
    'SELECT a, z.m FROM s, LATERAL (SELECT max(x) AS m FROM UNNEST(s.l) AS q(x)) AS z',
    'SELECT s.a, v.x FROM s JOIN t ON s.id = t.id, LATERAL (VALUES (s.a), (t.a)) AS v(x)',
    'SELECT a, q.n FROM s, LATERAL (SELECT count(*) AS n FROM range(s.a) AS g(i) WHERE i > 0) AS q',
    'SELECT y, count(*) FROM s, LATERAL (SELECT a + 1 AS x) AS p, LATERAL (SELECT x * 2 AS y) AS q GROUP BY y',
  ],
}

/** What is taken as a whole, with the reason that explain gives. */
const taken: Record<string, string> = {
  'SELECT * FROM s PIVOT (count(*) FILTER (WHERE id > 3) FOR a IN (0, 1) GROUP BY b)': 'PIVOT with FILTER',
  'WITH RECURSIVE r AS (SELECT id, a FROM t UNION SELECT t.id, t.a FROM t JOIN r ON t.a = r.id) SELECT * FROM r JOIN s USING (id)':
    'a recursive query',
  "SELECT COLUMNS(x -> x IN ('a', 'b')) FROM s": 'COLUMNS',
  'SELECT min(COLUMNS(* EXCLUDE (l, r))) FROM s': '*',
  'SELECT unnest(r) FROM s': 'several columns',
  'SELECT * FROM s UNPIVOT (v FOR n IN (COLUMNS(* EXCLUDE (id, c, l, r, m))))': 'UNPIVOT',
  'SELECT a, count(*) FROM s GROUP BY a ORDER BY a LIMIT 10%': 'percent',
  'SELECT a FROM s ORDER BY a, id LIMIT (SELECT max(a) FROM t)': 'LIMIT by an expression',
  'SELECT a + 1 AS k, b AS k FROM s WHERE k > 1': 'several outputs',
  'SELECT alias(a) AS n FROM s': 'alias()',
}

describe.each(Object.entries(understood))('%s', (_, texts) => {
  test.each(texts)('%s', async (sql) => {
    const op = await check(sql)
    expect(opaqueIn(op), shape(op)).toEqual([])
  })
})

test.each(Object.entries(taken))('as a whole: %s', async (sql, why) => {
  const op = await check(sql)
  expect(opaqueIn(op).join(), shape(op)).toContain(why)
})

/** The trees of the main shapes, as `shape` tells them. */
const shapes: Record<string, string> = {
  'SELECT a, b FROM s': 'scan s',
  'SELECT b AS x, a FROM s WHERE a > 1': 'map(scan s)',
  'SELECT r, a FROM s': 'scan s',
  'SELECT id FROM (SELECT * FROM s WHERE a > 1) WHERE b > 1': 'map(scan s)',
  'SELECT a, count(*) FROM s GROUP BY a': 'group(scan s)',
  'SELECT a, count(*) FROM s WHERE b > 1 GROUP BY a': 'group(map(scan s))',
  'SELECT a, sum(b) / count(*) FROM s GROUP BY a HAVING count(*) > 1': 'map(group(scan s))',
  'SELECT n FROM (SELECT a, count(*) AS n, max(b) FROM s GROUP BY a)': 'map(group(scan s))',
  'SELECT s.a, t.name FROM s, t WHERE s.id = t.id AND s.b = 1': 'join(map(scan s), scan t)',
  'SELECT s.a, u.k FROM (s JOIN t USING (id)) JOIN (SELECT * FROM u WHERE k > 1) AS u USING (id)': 'join(scan s, scan t, map(scan u))',
  'SELECT s.a, t.a, u.k FROM s JOIN t USING (id) LEFT JOIN u USING (id) WHERE s.a > 1': 'map(left(join(map(scan s), scan t), scan u))',
  'SELECT s.a, t.a FROM t RIGHT JOIN s USING (id) WHERE t.a > 1': 'map(left(scan s, scan t))',
  'SELECT s.id FROM s JOIN t ON s.id = t.id WHERE s.a + 1 > 2': 'map(join(scan s, scan t))',
  "SELECT s.id FROM s JOIN u ON s.id = u.id WHERE u.d < DATE '2024-01-01' + INTERVAL 2 DAY": 'join(scan s, map(scan u))',
  "SELECT s.id FROM s JOIN u ON s.id = u.id WHERE u.d < '2024-01-03'": 'join(scan s, map(scan u))',
  'SELECT a, row_number() OVER (PARTITION BY a ORDER BY id, b, c) AS n FROM s QUALIFY n = 1': 'map(window(scan s))',
  'SELECT a, sum(b) OVER (PARTITION BY a), sum(b) OVER (PARTITION BY c) FROM s': 'map(window(window(scan s)))',
  'SELECT a, rank() OVER (ORDER BY count(*)) FROM s GROUP BY a': 'map(window(group(scan s)))',
  'SELECT DISTINCT ON (a) a, b FROM s ORDER BY id': 'map(window(scan s))',
  'SELECT k FROM (SELECT a AS k, count(*) AS n FROM s GROUP BY a) WHERE k > 1 AND n > 2': 'map(group(map(scan s)))',
  'SELECT x FROM (SELECT a AS x FROM s UNION ALL SELECT k FROM u) WHERE x > 1': 'union(map(scan s), map(scan u))',
  'SELECT n FROM (SELECT a, rank() OVER (PARTITION BY a ORDER BY id) AS n FROM s) WHERE a > 1': 'map(window(map(scan s)))',
  "SELECT s.id FROM s, t WHERE (s.c = 'x' AND t.name = 'y') OR (s.c = 'y' AND t.name = 'x')": 'join(map(scan s), map(scan t))',
  'SELECT DISTINCT a FROM s WHERE b = 1': 'distinct(map(scan s))',
  'SELECT a FROM s ORDER BY id LIMIT 3': 'map(limit(scan s))',
  'SELECT a, b FROM s UNION ALL SELECT a, id FROM t UNION ALL SELECT k, 1 FROM u': 'union(map(scan s), scan t, map(map(scan u)))',
  'SELECT a FROM s UNION SELECT a FROM t': 'distinct(union(scan s, scan t))',
  'SELECT a FROM s EXCEPT SELECT a FROM t': 'setop(scan s, scan t)',
  'SELECT a, x FROM s, UNNEST(s.l) AS q(x) WHERE a > 1': 'map(expand(map(scan s)))',
  'SELECT a, z FROM s, LATERAL (SELECT s.a + 1 AS z)': 'map(scan s)',
  'SELECT a FROM s SEMI JOIN t ON s.id = t.id AND t.a > 1': 'map(semi(scan s, map(scan t)))',
  'SELECT a FROM s WHERE a > (SELECT avg(a) FROM t)': 'join(scan s, group(scan t))',
  'SELECT a, b, count(*) FROM s GROUP BY ROLLUP (a, b)': 'union(map(group(scan s)), map(group(scan s)), group(scan s))',
  'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND t.a <> s.a)': 'map(semi(scan s, scan t))',
  'SELECT a FROM s WHERE NOT EXISTS (SELECT 1 FROM t JOIN u USING (id) WHERE t.id = s.id)': 'map(anti(scan s, join(scan t, scan u)))',
  'SELECT id FROM s WHERE EXISTS (SELECT 1 FROM t)': 'join(scan s, map(distinct(map(map(group(scan t))))))',
  'SELECT a FROM s WHERE a IN (SELECT a FROM t)': 'semi(scan s, scan t)',
  'SELECT id FROM s WHERE id NOT IN (SELECT id FROM s WHERE a = 1)': 'anti(scan s, map(scan s))',
  'SELECT a FROM s WHERE a NOT IN (SELECT a FROM t)': 'anti(join(scan s, distinct(map(group(scan t)))), scan t)',
  'SELECT a, (SELECT count(*) FROM t WHERE t.id = s.id) AS n FROM s': 'map(left(scan s, group(scan t)))',
  'SELECT a FROM s WHERE b < (SELECT avg(t.a) FROM t WHERE t.id = s.id AND t.a > 1)': 'map(left(scan s, group(map(scan t))))',
  'SELECT a, (SELECT count(*) FROM t WHERE t.id < s.id) AS n FROM s': 'map(left(scan s, group(join(distinct(scan s), scan t))))',
  'SELECT a, (SELECT max(x) FROM unnest(s.l) AS q(x)) AS m FROM s': 'map(expand(scan s))',
  'SELECT s.a, q.a AS b FROM s, LATERAL (SELECT t.a FROM t WHERE t.id = s.id) AS q': 'join(scan s, scan t)',
  'SELECT s.a, q.a AS b FROM s LEFT JOIN LATERAL (SELECT t.a FROM t WHERE t.id = s.id ORDER BY t.a LIMIT 1) AS q ON true':
    'map(left(scan s, map(window(scan t))))',
  'SELECT a FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.id = s.id AND EXISTS (SELECT 1 FROM u WHERE u.id = s.id))':
    'map(semi(scan s, semi(scan t, scan u)))',
  'SELECT * FROM (SELECT a, b FROM s) PIVOT (count(*) FOR a IN (1, 2))': 'group(scan s)',
  'SELECT id, n, v FROM s UNPIVOT (v FOR n IN (a, b))': 'map(map(scan s))',
}

test.each(Object.entries(shapes))('%s', async (sql, wanted) => {
  expect(shape(await check(sql))).toBe(wanted)
})

test('a correlated subquery of several rows fails as it does in DuckDB', async () => {
  const { op, printed } = await bound('SELECT a, (SELECT t.a FROM t WHERE t.id = s.id) AS n FROM s')
  expect(opaqueIn(op)).toEqual([])
  for (const text of [printed, selectOf(op)])
    await expect(store.transaction((tx) => tx.all(text))).rejects.toThrow('More than one row returned by a subquery')
})

test('what no one reads is not scanned, and conditions go to the input that they are about', async () => {
  const op = await check("SELECT s.a + t.a AS n FROM s JOIN t ON s.id = t.id AND t.a > 1 WHERE s.c = 'x' AND (s.b < t.a OR s.b = 1)")
  expect(treeOf(op).split('\n')).toEqual([
    'map ("#2" + "#11") AS "#14"',
    '  join on (("#1" = "#10")) AND ((("#3" < "#11") OR ("#3" = 1))): #2, #11',
    '    map "#1" AS "#1", "#2" AS "#2", "#3" AS "#3" where (("#4" = \'x\'))',
    '      scan s: id #1, a #2, b #3, c #4',
    '    map "#10" AS "#10", "#11" AS "#11" where (("#11" > 1))',
    '      scan t: id #10, a #11',
  ])
})
