import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import { asWhole } from '../compile/choosable.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { askedFor } from '../compile/plan-option.ts'
import { planRecomputed } from '../compile/rules/store.ts'
import type { Facts } from './explain-facts.ts'
import { recomputeNotes } from './explain-recompute.ts'
import { costWarnings } from './explain-warnings.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

function factsOf(plan: ViewPlan, rows: number): Facts {
  return {
    plans: new Map([[plan.id, plan]]),
    inParts: new Map([[plan.id, plan]]),
    known: new Map(),
    versions: [],
    sizeOf: () => ({ rows, bytes: rows * 8 }),
    usersOf: () => [],
    batchesOf: () => [],
  }
}

const of = (source: string) =>
  `SELECT count(*) AS n FROM (SELECT DISTINCT origin FROM ${source}) AS d LEFT JOIN airports AS a ON d.origin = a.iata WHERE a.state IS NULL`

test('a view that is computed anew says why, by its rows, and when that will end', async () => {
  const plan = await compiler.plan(of('daily'))
  expect(recomputeNotes(asWhole(plan), plan, 1_234)).toEqual([
    expect.stringMatching(/^chosen: computed anew, since .* has 1,234 rows in all; up to 30,000 .* of its [3-9] parts\. Beyond 60,000/),
  ])
})

test('a view in parts says why: it has many rows, or had', async () => {
  const plan = await compiler.plan(of('daily'))
  expect(recomputeNotes(plan, plan, limits.recomputeRowsMax + 1)).toEqual([
    expect.stringMatching(/^chosen: kept in [3-9] parts, since .* has 30,001 rows in all; up to 30,000/),
  ])
  expect(recomputeNotes(plan, plan, limits.recomputeRowsMax)).toEqual([
    expect.stringMatching(/^kept in [3-9] parts, as was chosen .*; now .* has 30,000 rows in all: evert replay/),
  ])
  expect(recomputeNotes(plan, plan, 0)).toEqual([])
})

test.each([
  ['over a stream', of('flights')],
  ['of one part', 'SELECT origin, sum(flights) AS n FROM daily GROUP BY origin'],
])('a view %s has nothing to choose', async (_, select) => {
  const plan = await compiler.plan(select)
  expect(recomputeNotes(plan, plan, 500)).toEqual([])
})

test('who asks for it is warned when its inputs have become many, and told to leave the option out; for whom it is chosen is not', async () => {
  const plan = await compiler.plan('SELECT origin, sum(flights) AS n FROM daily GROUP BY origin')
  const { root } = plan
  const asked = { ...plan, root: { ...root, rule: planRecomputed(root.op, () => '', 1, askedFor) } }
  expect(costWarnings(asked, factsOf(asked, limits.recomputeRowsMax))).toEqual([])
  expect(costWarnings(asked, factsOf(asked, limits.fullRowsMax + 1))).toEqual([
    expect.stringMatching(/over 100,001 rows \(WITH \(plan = 'recompute'\) asks for it\)\. Rewrite: leave the option out/),
  ])
  const chosen = asWhole(plan)
  expect(chosen.strategy).toBe('full')
  expect(costWarnings(chosen, factsOf(chosen, limits.fullRowsMax + 1))).toEqual([])
})
