import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { type Analyzer, createAnalyzer } from '../../engine/compile/analyzer.ts'
import { compileView, parseView } from '../../engine/compile/compile.ts'
import { exactQuotientDdl } from '../../engine/compile/exact-quotient.ts'
import type { Relation } from '../../engine/compile/relations.ts'
import { partIn } from '../support/part.ts'

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
const groups = process.env.EVERT_LONG === '1' ? 500 : 150
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
    const kept = partIn(plan.root, 'state')
    // A hash in place of random(), so that a failure comes again.
    await store.script([
      `CREATE OR REPLACE TABLE facts AS SELECT i % ${groups} AS g, TRY_CAST((hash(i) % 1000000007 / 1000000007.0 - 0.3) * ${max} AS ${type}) AS x FROM range(${groups * rowsPerGroup}) AS t(i)`,
      ...kept.create,
    ])
    for (const half of [0, 1]) await store.script(kept.batch(`(SELECT * FROM facts WHERE g % 2 = ${half})`))
    const wrong = await store.transaction((tx) =>
      tx.all(
        `SELECT g, a.a AS wanted, v.a AS got FROM (SELECT g, avg(x) AS a FROM facts GROUP BY g) AS a JOIN (${kept.rows}) AS v USING (g) WHERE a.a IS DISTINCT FROM v.a`,
      ),
    )
    const [count] = await store.transaction((tx) => tx.all(`SELECT count(*) AS n FROM (${kept.rows})`))
    expect(wrong).toEqual([])
    expect(count?.n).toBe(BigInt(groups))
  })

  test.each(['SMALLINT', 'INTEGER', 'BIGINT', 'DECIMAL(4,2)', 'DECIMAL(9,2)'])(
    '%s, where rounding twice differs from rounding once',
    async (type) => {
      const scale = type.endsWith(',2)') ? 100n : 1n
      const pairs = roundedTwice(process.env.EVERT_LONG === '1' ? 40 : 16, scale)
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
      const kept = partIn(plan.root, 'state')
      // n rows of floor(s / n), and one more in as many of them as the remainder says: their sum is s.
      const rows = pairs.map(
        ({ sum, count }, g) =>
          `SELECT ${g} AS g, CAST((${sum / count} + CASE WHEN i < ${sum % count} THEN 1 ELSE 0 END) * CAST(${scale === 1n ? 1 : 0.01} AS DECIMAL(3,2)) AS ${type}) AS x FROM range(${count}) AS t(i)`,
      )
      await store.script([
        `CREATE OR REPLACE TABLE facts AS ${rows.join(' UNION ALL ')}`,
        ...kept.create,
        ...kept.batch('(SELECT * FROM facts)'),
      ])
      const wrong = await store.transaction((tx) =>
        tx.all(
          `SELECT g, a.a AS wanted, v.a AS got FROM (SELECT g, avg(x) AS a FROM facts GROUP BY g) AS a JOIN (${kept.rows}) AS v USING (g) WHERE a.a IS DISTINCT FROM v.a`,
        ),
      )
      expect(wrong).toEqual([])
    },
  )

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

/** Sums and counts whose quotient, rounded to 64 bits and then to 53, is another double than when it is rounded once. */
function roundedTwice(wanted: number, scale: bigint): { sum: bigint; count: bigint }[] {
  const found: { sum: bigint; count: bigint }[] = []
  let state = 12_345n
  const next = (below: bigint): bigint => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n
    return (state >> 16n) % below
  }
  while (found.length < wanted) {
    const count = 2_049n + next(2_000n)
    const sum = count + next(9_000n * count)
    if (roundTo(53, ...asBits(64, sum, count * scale)) !== roundTo(53, sum, count * scale)) found.push({ sum, count })
  }
  return found
}

/** The quotient with so many significant bits, half to even, as mantissa × 2^-shift: an exact fraction again. */
function asBits(bits: number, sum: bigint, divisor: bigint): [bigint, bigint] {
  let shift = 0n
  while ((sum << shift) / divisor < 2n ** BigInt(bits - 1)) shift++
  const quotient = (sum << shift) / divisor
  const rest = (sum << shift) % divisor
  const up = 2n * rest > divisor || (2n * rest === divisor && quotient % 2n === 1n)
  return [quotient + (up ? 1n : 0n), 2n ** shift]
}

function roundTo(bits: number, sum: bigint, divisor: bigint): string {
  const [mantissa, power] = asBits(bits, sum, divisor)
  let [top, bottom] = [mantissa, power]
  while (top % 2n === 0n && bottom % 2n === 0n) [top, bottom] = [top / 2n, bottom / 2n]
  return `${top}/${bottom}`
}
