import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Analyzer } from '../../engine/compile/analyzer.ts'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Plain } from './support/plain.ts'
import { openAnalyzer, Subject } from './support/subject.ts'

let analyzer: Analyzer
let subject: Subject | undefined
let plain: Plain | undefined
beforeAll(async () => {
  analyzer = await openAnalyzer()
})
afterAll(() => analyzer.close())
afterEach(async () => {
  await subject?.close()
  plain?.close()
  subject = plain = undefined
})

const viewsOf = (wider: string) => ({
  good: 'SELECT k, count(*) AS n, max(v) AS hi FROM facts GROUP BY k',
  sums: 'SELECT k, sum(v) AS s FROM facts GROUP BY k',
  total: 'SELECT sum(v) AS s FROM facts',
  averages: 'SELECT k, avg(v) AS a FROM facts GROUP BY k',
  distinct_sums: 'SELECT sum(DISTINCT v) AS s FROM facts',
  kept_sums: 'SELECT k, sum(v) AS s FROM dim GROUP BY k',
  running: 'SELECT id, sum(v) OVER (ORDER BY id) AS s FROM facts',
  wide: `SELECT k, sum(CAST(v AS ${wider})) AS s FROM facts GROUP BY k`,
  above: 'SELECT max(s) AS s FROM sums',
})

/** Kept in 64 bits: what is beyond fails, though DuckDB's own sum is wider. So is a sum that runs on from the row before. */
const beyond64 = ['above', 'averages', 'kept_sums', 'running', 'sums', 'total']
/** DuckDB's own sum has no wider type. */
const beyond128 = [...beyond64, 'wide']

/** A type, its limit, which views fail when it is added up, and a wider type where there is one. */
const types = [
  ['TINYINT', () => sql.tinyint(), 127, [], 'HUGEINT'],
  ['INTEGER', () => sql.integer(), 2_147_483_647, [], 'HUGEINT'],
  ['UINTEGER', () => sql.uinteger(), 4_294_967_295, [], 'HUGEINT'],
  ['BIGINT', () => sql.bigint(), 9_223_372_036_854_775_807n, beyond64, 'HUGEINT'],
  ['least BIGINT', () => sql.bigint(), -9_223_372_036_854_775_808n, beyond64, 'HUGEINT'],
  ['UBIGINT', () => sql.ubigint(), 18_446_744_073_709_551_615n, [], 'HUGEINT'],
  ['HUGEINT', () => sql.hugeint(), 2n ** 127n - 1n, beyond128, 'HUGEINT'],
  ['DECIMAL(9,4)', () => sql.decimal(9, 4), '99999.9999', [], 'DECIMAL(38, 4)'],
  ['DECIMAL(18,4)', () => sql.decimal(18, 4), '99999999999999.9999', beyond64, 'DECIMAL(38, 4)'],
  ['DECIMAL(38,10)', () => sql.decimal(38, 10), '9999999999999999999999999999.9999999999', beyond128, 'DECIMAL(38, 10)'],
  ['DOUBLE', () => z.number(), 1.7976931348623157e308, [], 'DOUBLE'],
] satisfies readonly (readonly [string, () => z.ZodType, unknown, readonly string[], string])[]

test.each(types.flatMap((type) => (type[3].length > 0 ? [0, 1_000] : [0]).map((literal) => [...type, literal] as const)))(
  'sums of %s at its limit are right or fail, and alone',
  async (_, schema, limit, fails, wider, literalEventsMax) => {
    const views = viewsOf(wider)
    const row = z.object({ id: z.int(), k: z.string(), v: schema() as z.ZodType })
    const facts = stream('facts', { event: row })
    const dim = table('dim', { key: 'id', row })
    subject = await Subject.open(
      { streams: [facts], tables: [dim], views },
      { events: 100, literalEventsMax },
      { analyzer, inMemory: true },
    )
    plain = await Plain.open([facts, dim])
    const appender = createAppender(subject.log, [facts, dim])
    for (const id of [0, 1, 2]) {
      const event = { id, k: 'a', v: limit }
      const values = { id: String(id), k: 'a', v: String(limit) }
      await appender.append(facts, [{ data: event }])
      await appender.append(dim, [{ data: event }])
      const shared = { partition: 0, offset: BigInt(id), timeMicros: 0n, values }
      await plain.insert(facts, [{ ...shared, type: 'facts', key: null }])
      await plain.insert(dim, [{ ...shared, type: 'dim', key: String(id) }])
      await subject.drain()
    }
    expect((await subject.rows('good')).rows).toHaveLength(1)
    for (const [name, select] of Object.entries(views).filter(([one]) => !(fails as readonly string[]).includes(one)))
      expect(await subject.rows(name), name).toEqual(await plain.answer(select.replace('FROM sums', `FROM (${views.sums})`)))
    expect([...subject.failed.keys()].sort()).toEqual(fails)
    for (const [name, why] of subject.failed) expect(why, name).toMatch(/Overflow in (addition|HUGEINT addition)|is out of range/)
  },
)
