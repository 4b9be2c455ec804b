import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../../limits.ts'
import { type Compiler, openCompiler } from '../../test/support/compiler.ts'
import type { ViewPlan } from '../compile/plan.ts'
import type { Facts } from './explain-facts.ts'
import { planTree } from './explain-tree.ts'
import { boundWarnings, costWarnings } from './explain-warnings.ts'
import type { PlanNode } from './service.ts'

let compiler: Compiler
beforeAll(async () => {
  compiler = await openCompiler()
})
afterAll(() => compiler.close())

async function view(name: string, select: string): Promise<ViewPlan> {
  const plan = await compiler.plan(select)
  return { ...plan, name, root: { ...plan.root, name } }
}

function factsOf(plans: readonly ViewPlan[], rows?: (name: string) => number | undefined): Facts {
  return {
    plans: new Map(plans.map((plan) => [plan.id, plan])),
    inParts: new Map(plans.map((plan) => [plan.id, plan])),
    known: new Map(),
    versions: [],
    sizeOf: (name) => {
      const found = rows?.(name)
      return found === undefined ? undefined : { rows: found, bytes: found * 8 }
    },
    usersOf: (part) => plans.filter((plan) => plan.parts.some((one) => one.name === part)).map((plan) => plan.name),
    batchesOf: () => [],
  }
}

/** `name: what` of each node, further in for those below. */
function brief(node: PlanNode, depth = 0): string[] {
  const name = node.name?.replace(/^~.*/, '~')
  return [
    `${'  '.repeat(depth)}${name === undefined ? '' : `${name}: `}${node.what}`,
    ...node.inputs.flatMap((one) => brief(one, depth + 1)),
  ]
}

describe('the tree', () => {
  test('goes from the view down to what it reads, with the names of the SELECT', async () => {
    const plan = await view('late', 'SELECT origin, count(*) AS n FROM flights WHERE delay > 5 GROUP BY origin HAVING count(*) > 2')
    expect(brief(planTree(plan, factsOf([plan])))).toEqual([
      'late: GROUP BY origin: count_star() HAVING (count_star() > 2)',
      '  WHERE delay > 5',
      '    flights: the events of the batch',
    ])
  })

  test('what two views keep is told as shared, and what stands twice is told once', async () => {
    const sql = 'SELECT a.origin FROM flights AS a JOIN flights AS b ON a.origin = b.destination'
    const one = await view('one', sql)
    const other = await view('other', `${sql} WHERE a.day > b.day`)
    const tree = planTree(
      one,
      factsOf([one, other], () => 3),
    )
    const parts = tree.inputs.filter((node) => node.kind === 'part')
    expect(parts.length).toBeGreaterThan(0)
    expect(tree.estimate?.text).toMatch(/^the batch, looked up among the \d+ rows/)
    const self = await view('self', 'SELECT a.origin FROM flights AS a JOIN flights AS b ON a.origin = b.origin')
    const again = await view('again', 'SELECT a.origin AS o FROM flights AS a JOIN flights AS b ON a.origin = b.origin')
    const [first, second] = planTree(self, factsOf([self, again])).inputs
    expect(first?.sharedWith).toEqual(['again'])
    expect(second).toMatchObject({ name: first?.name, isRepeated: true, inputs: [] })
  })
})

describe('what is told when a view is declared', () => {
  test('that it is computed anew over events, with the rewrite', async () => {
    const plan = await view('numbered', 'SELECT origin, row_number() OVER (ORDER BY day) AS n FROM flights')
    const [warning] = costWarnings(plan, factsOf([plan]))
    expect(warning).toMatch(/^numbered is computed anew in each batch, over rows that grow with the events.*Rewrite: PARTITION BY/)
  })

  test('that it is computed anew over many rows, and not over few', async () => {
    const small = await view('small', 'SELECT state, count(*) AS n FROM airports GROUP BY state')
    const rule = { ...small.root.rule, strategy: 'full' as const }
    const plan = { ...small, root: { ...small.root, rule } }
    expect(
      costWarnings(
        plan,
        factsOf([], () => limits.fullRowsMax),
      ),
    ).toEqual([])
    expect(
      costWarnings(
        plan,
        factsOf([], () => limits.fullRowsMax + 1),
      ),
    ).toMatchObject([expect.stringContaining('100,001 rows')])
  })

  test('that its state has no bound, and how a retention would give it one', async () => {
    const rows = await view('rows', 'SELECT origin FROM flights')
    expect(boundWarnings(rows, factsOf([rows]))).toMatchObject([
      expect.stringMatching(/^rows keeps a state without bound: its own rows.*retention/),
    ])
    const grouped = await view('grouped', 'SELECT origin, sum(delay) AS s FROM flights GROUP BY origin')
    expect(boundWarnings(grouped, factsOf([grouped]))).toEqual([])
  })
})
