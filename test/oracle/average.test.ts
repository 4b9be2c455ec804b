import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { type Analyzer, createAnalyzer } from '../../engine/compile/analyzer.ts'
import { compileView, parseView } from '../../engine/compile/compile.ts'
import { exactQuotientDdl } from '../../engine/compile/exact-quotient.ts'
import type { Relation } from '../../engine/compile/relations.ts'

let analyzer: Analyzer
let store: Store
beforeAll(async () => {
  analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  store = await openDuckdb(':memory:', { threads: 2 })
  await store.script(exactQuotientDdl())
})
afterAll(async () => {
  await analyzer.close()
  await store.close()
})

/** Groups of more than 2,048 rows, where two roundings differ from one; sums far beyond 2^53 where the type has them. */
const groups = 1_500
const rowsPerGroup = 2_600
const cases = [
  ['TINYINT', '100'],
  ['SMALLINT', '30000'],
  ['INTEGER', '2000000000'],
  ['BIGINT', '400000000000000'],
  ['UTINYINT', '200'],
  ['USMALLINT', '60000'],
  ['UINTEGER', '4000000000'],
  ['DECIMAL(4,2)', '90'],
  ['DECIMAL(9,2)', '9000000'],
  ['DECIMAL(18,4)', '900000000'],
  ['DECIMAL(18,9)', '90000'],
] as const

describe('avg over merged sums and counts is DuckDB’s avg, bit for bit', () => {
  test.each(cases)('%s', async (type, max) => {
    const relation: Relation = {
      name: 'facts',
      kind: 'stream',
      source: 'facts',
      columns: [
        { name: 'g', type: 'BIGINT' },
        { name: 'x', type },
      ],
      appendOnly: true,
    }
    await analyzer.declare(relation)
    const view = await parseView(analyzer, 'avg.sql', 'CREATE MATERIALIZED VIEW a AS SELECT g, avg(x) AS a FROM facts GROUP BY g')
    const plan = await compileView(analyzer, view, new Map([['facts', relation]]))
    expect(plan.strategy).toBe('linear')
    // A hash in place of random(), so that a failure comes again.
    await store.script([
      `CREATE OR REPLACE TABLE facts AS SELECT i % ${groups} AS g, TRY_CAST((hash(i) % 1000000007 / 1000000007.0 - 0.3) * ${max} AS ${type}) AS x FROM range(${groups * rowsPerGroup}) AS t(i)`,
      'DROP TABLE IF EXISTS state',
      ...plan.create('state'),
    ])
    for (const part of [0, 1])
      await store.script(plan.maintain('state', () => `(SELECT * FROM facts WHERE g % 2 = ${part} OR x IS NOT NULL AND ${part} = 2)`))
    const wrong = await store.transaction((tx) =>
      tx.all(
        `SELECT g, a.a AS wanted, v.a AS got FROM (SELECT g, avg(x) AS a FROM facts GROUP BY g) AS a JOIN (${plan.read('state')}) AS v USING (g) WHERE a.a IS DISTINCT FROM v.a`,
      ),
    )
    const [count] = await store.transaction((tx) => tx.all(`SELECT count(*) AS n FROM (${plan.read('state')})`))
    expect(wrong).toEqual([])
    expect(count?.n).toBe(BigInt(groups))
  })

  test('negative, zero, NULL and single values', async () => {
    const values = ['NULL', '0', '-1', '1', '7', '-9223372036854775808', '9223372036854775807', '9007199254740993', '-9007199254740995']
    for (const value of values) {
      const [row] = await store.transaction((tx) =>
        tx.all(
          `SELECT avg(x) AS a, _evert.exact_quotient(CAST(sum(x) AS HUGEINT), CAST(count(x) AS HUGEINT)) AS b FROM (SELECT CAST(${value} AS BIGINT) AS x)`,
        ),
      )
      expect(row?.b ?? null, value).toEqual(value === 'NULL' ? null : row?.a)
    }
  })
})
