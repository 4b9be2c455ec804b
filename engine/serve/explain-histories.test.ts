import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import type { ViewPlan } from '../compile/plan.ts'
import type { Facts } from './explain-facts.ts'
import { historyNotes } from './explain-histories.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

/** The notes of the first view beside the others; each SELECT joins what it keeps of `flights` with a table's rows. */
async function notes(selects: Readonly<Record<string, string>>, rows = limits.fullRowsMax + 1): Promise<readonly string[]> {
  const plans: ViewPlan[] = []
  for (const [name, select] of Object.entries(selects)) plans.push({ ...(await compiler.plan(select)), name })
  const facts: Facts = {
    plans: new Map(plans.map((plan) => [plan.name, plan])),
    inParts: new Map(),
    known: new Map(),
    versions: [],
    sizeOf: () => ({ rows, bytes: rows * 100 }),
    usersOf: () => [],
    batchesOf: () => [],
  }
  return historyNotes(plans[0] as ViewPlan, facts)
}

const of = (columns: string, where = 'TRUE') =>
  `SELECT ${columns}, a.state FROM flights AS f JOIN airports AS a ON f.origin = a.iata WHERE ${where}`

test('columns that two views keep of the same events are told of, with the view that would keep them once', async () => {
  const [note, ...others] = await notes({
    far: of('day, distance'),
    late: of('day, delay, f._offset AS at'),
    early: of('fare', 'f.delay < 0'),
  })
  expect(others).toEqual([])
  expect(note).toMatch(/^far and late, early keep some columns of flights twice \(30 MB in all\)/)
  expect(note).toContain('SELECT origin, day, distance, delay, _offset AS offset, fare FROM flights')
})

test('equal parts are kept once, and nothing is told of them', async () => {
  expect(await notes({ far: of('day, distance'), again: of('distance, day') })).toEqual([])
})

test('nothing is told of few rows, nor where a common view would keep events that none of them keeps', async () => {
  const two = { far: of('day, distance'), late: of('day, delay') }
  expect(await notes(two, limits.fullRowsMax)).toEqual([])
  expect(await notes({ far: of('day', 'f.distance > 900'), late: of('day', 'f.delay > 60') })).toEqual([])
})
