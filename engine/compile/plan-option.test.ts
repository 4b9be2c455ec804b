import { afterAll, beforeAll, expect, test } from 'vitest'
import { airports, type Compiler, flights, openCompiler } from '../../test/support/compiler.ts'
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

test.each([
  ["WITH (plan = 'recompute')", 'SELECT origin FROM flights', 'the view reads the stream flights, which only grows'],
  ["WITH (plan = 'fast')", select, "the only plan to be asked for is 'recompute'"],
])('%s of %s is refused', async (options, of, message) => {
  await expect(plan(of, options)).rejects.toThrow(message)
})
