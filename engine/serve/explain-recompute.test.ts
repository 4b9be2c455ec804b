import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
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

async function notes(select: string, rows: number | undefined): Promise<readonly string[]> {
  const plan = await compiler.plan(select)
  return recomputeNotes(plan, factsOf(plan, rows))
}

function factsOf(plan: ViewPlan, rows: number | undefined): Facts {
  return {
    plans: new Map([[plan.name, plan]]),
    versions: [],
    sizeOf: () => (rows === undefined ? undefined : { rows, bytes: rows * 8 }),
    usersOf: () => [],
    batchesOf: () => [],
  }
}

const of = (source: string) =>
  `SELECT count(*) AS n FROM (SELECT DISTINCT origin FROM ${source}) AS d LEFT JOIN airports AS a ON d.origin = a.iata WHERE a.state IS NULL`

test('a view of several parts over few rows is offered to be computed anew', async () => {
  expect(await notes(of('daily'), 500)).toEqual([
    expect.stringMatching(/^what it reads has 1,000 rows in all: WITH \(plan = 'recompute'\).* half the time of [3-9] parts/),
  ])
})

test('not over many rows, over none yet, over a stream, nor where it is one part', async () => {
  expect(await notes(of('daily'), limits.recomputeRowsMax)).toEqual([])
  expect(await notes(of('daily'), 0)).toEqual([])
  expect(await notes(of('daily'), undefined)).toEqual([])
  expect(await notes(of('flights'), 500)).toEqual([])
  expect(await notes('SELECT origin, sum(flights) AS n FROM daily GROUP BY origin', 500)).toEqual([])
})

test('who asks for it is warned when its inputs have become many, and told to leave the option out', async () => {
  const plan = await compiler.plan('SELECT origin, sum(flights) AS n FROM daily GROUP BY origin')
  const { root } = plan
  const asked = { ...plan, root: { ...root, rule: planRecomputed(root.op, () => '', 1, askedFor) } }
  expect(costWarnings(asked, factsOf(asked, limits.recomputeRowsMax))).toEqual([])
  expect(costWarnings(asked, factsOf(asked, limits.fullRowsMax + 1))).toEqual([
    expect.stringMatching(/over 100,001 rows \(WITH \(plan = 'recompute'\) asks for it\)\. Rewrite: leave the option out/),
  ])
})
