import { afterAll, beforeAll, expect, test } from 'vitest'
import { airports, type Compiler, flights, openCompiler } from '../../test/support/compiler.ts'
import { asWhole, isWhole } from './choosable.ts'
import { compileView, parseView } from './compile.ts'
import type { ViewPlan } from './plan.ts'
import { relationOfTable, relationsOfStream } from './relations.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

async function plan(select: string, options: string): Promise<ViewPlan> {
  const relations = [...relationsOfStream(flights), relationOfTable(airports)]
  const view = await parseView(compiler.analyzer, 'sql/views/v.sql', `CREATE MATERIALIZED VIEW v ${options} AS ${select}`)
  return compileView(compiler.analyzer, view, new Map(relations.map((relation) => [relation.name, relation])))
}

const select =
  'SELECT state, count(*) AS n FROM airports AS a WHERE EXISTS (SELECT 1 FROM airports AS b WHERE b.iata = a.state) GROUP BY state'

test('a view over tables that asks for it is one part, which is computed anew', async () => {
  const asked = await plan(select, "WITH (plan = 'recompute')")
  expect(asked).toMatchObject({ strategy: 'full', parts: [] })
  expect(asked.reason).toMatch(/computed anew when an input changes: WITH \(plan = 'recompute'\) asks for it/)
  const own = await plan(select, '')
  expect(own.parts.length).toBeGreaterThan(0)
  expect(own.strategy).not.toBe('full')
  expect(asked.fingerprint, 'another version: the state is laid out differently').not.toBe(own.fingerprint)
  expect(asked.select).toBe(own.select)
})

test('without a word the engine may choose, as one part or in several, and the version is the same', async () => {
  const own = await plan(select, '')
  const whole = asWhole(own)
  expect(isWhole(own)).toBe(false)
  expect(isWhole(whole)).toBe(true)
  expect(whole).toMatchObject({ strategy: 'full', parts: [], fingerprint: own.fingerprint, select: own.select })
  expect(whole.reason).toMatch(/computed anew when an input changes: what it reads has few rows/)
  expect((await plan(select, "WITH (plan = 'auto')")).fingerprint).toBe(own.fingerprint)
})

test('who asks for parts has them, under another version', async () => {
  const own = await plan(select, '')
  const asked = await plan(select, "WITH (plan = 'incremental')")
  expect(asked.whole).toBeUndefined()
  expect(asked.parts.map((part) => part.name)).toEqual(own.parts.map((part) => part.name))
  expect(asked.fingerprint).not.toBe(own.fingerprint)
})

test.each([
  ['a stream', 'SELECT origin, count(*) AS n FROM flights GROUP BY origin'],
  ['a table and a stream', 'SELECT state, count(*) AS n FROM flights AS f JOIN airports AS a ON f.origin = a.iata GROUP BY state'],
  ['nothing', 'SELECT 1 AS one'],
  [
    'what is computed anew in any case',
    'WITH RECURSIVE r(iata) AS (SELECT iata FROM airports UNION SELECT a.state FROM airports AS a, r WHERE a.iata = r.iata) SELECT iata FROM r',
  ],
])('over %s there is nothing to choose', async (_, of) => {
  expect((await plan(of, '')).whole).toBeUndefined()
})

test.each([
  ["WITH (plan = 'recompute')", 'SELECT origin FROM flights', 'the view reads the stream flights, which only grows'],
  ["WITH (plan = 'fast')", select, "a plan is 'incremental', 'recompute' or 'auto'"],
])('%s of %s is refused', async (options, of, message) => {
  await expect(plan(of, options)).rejects.toThrow(message)
})
