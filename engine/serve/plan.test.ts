import { readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { caughtUp } from '../../test/crash/support/engine-child.ts'
import { append, startHere, upToDate, withFiles } from '../../test/crash/support/here.ts'
import type { TempProject } from '../../test/crash/support/project.ts'
import { best, pipeline, sales, till, totals, upTo, viewFile } from '../../test/crash/support/till.ts'
import type { PlanAnswer } from './plan-answer.ts'

let project: TempProject

beforeEach(() => {
  project = till()
})
afterEach(() => project.destroy())

/** Events in the log, and views that stand on disk. */
async function kept(): Promise<void> {
  await append(project, 'sales', sales(upTo(40)))
  await upToDate(project)
}

const planned = () => withFiles(project, (service) => service.plan())

/** `name change: because; because`. */
function brief({ changes }: PlanAnswer): string[] {
  return changes.map(({ name, change, because }) => `${name} ${change}${because.length > 0 ? `: ${because.join('; ')}` : ''}`)
}

describe('what has changed', () => {
  test('nothing, where only formatting and comments have', async () => {
    await kept()
    expect(await planned()).toMatchObject({ changes: [], schemas: [], breaking: false, ends: { sales: ['40'] } })
    project.write(viewFile('totals', `-- by item\n  ${totals.replaceAll(' ', '\n  ').toLowerCase()}`))
    project.write({ 'pipelines/till.ts': `// the till\n${pipeline()}` })
    expect(brief(await planned())).toEqual([])
  })

  test('everything is new before the first start', async () => {
    await append(project, 'sales', sales(upTo(40)))
    const answer = await planned()
    expect(brief(answer)).toEqual(['counted added', 'totals added', 'best added'])
    expect(answer.breaking).toBe(false)
    expect(answer.changes.map(({ readBy }) => readBy)).toEqual([[], ['best'], []])
    expect(answer.estimate).toMatchObject({ events: 40, sampled: 40 })
    for (const { estimate } of answer.changes) {
      expect(estimate?.events).toBe(40)
      expect(estimate?.secondsMin).toBeGreaterThan(0)
      expect(estimate?.secondsMax).toBeGreaterThan(estimate?.secondsMin ?? 0)
      expect(estimate?.bytes).toBeGreaterThan(0)
    }
  })

  test('a definition, and the views over it; columns that go or change their type are breaking', async () => {
    await kept()
    project.write(viewFile('totals', 'SELECT item, sum(amount)::VARCHAR AS total, count(*) AS n FROM sales GROUP BY item'))
    project.write(viewFile('best', 'SELECT item FROM totals ORDER BY total DESC, item LIMIT 1'))
    const answer = await planned()
    expect(brief(answer)).toEqual(['totals changed: its definition', 'best changed: its definition; totals, which it reads'])
    const [one, other] = answer.changes
    expect(one).toMatchObject({ columnsAdded: ['n'], strategy: 'linear', readBy: ['best'] })
    expect(one?.breaking).toEqual([{ what: 'column type', column: 'total', from: 'HUGEINT', to: 'VARCHAR' }])
    expect(one?.version).not.toBe(one?.versionBefore)
    expect(other?.breaking).toEqual([{ what: 'column dropped', column: 'total', type: 'HUGEINT' }])
    expect(answer.breaking).toBe(true)
  })

  test('a view over a changed one, though its own text has only been formatted', async () => {
    await kept()
    project.write(viewFile('totals', `${totals} HAVING sum(amount) > 0`))
    project.write(viewFile('best', best.replaceAll(' ', '\n')))
    const answer = await planned()
    expect(brief(answer)).toEqual(['totals changed: its definition', 'best changed: totals, which it reads'])
    expect(answer.breaking).toBe(false)
  })

  test('a view that is gone, and one that has come', async () => {
    await kept()
    project.remove('sql/views/best.sql')
    project.write(viewFile('sold', 'SELECT count(*) AS n FROM sales'))
    const answer = await planned()
    expect(brief(answer)).toEqual(['sold added', 'best removed'])
    expect(answer.changes[1]?.breaking).toEqual([{ what: 'view removed' }])
    expect(answer.changes[1]?.estimate).toBeUndefined()
  })

  test('the schema of a stream, the code of a fold', async () => {
    await kept()
    project.write({ 'pipelines/till.ts': pipeline().replace('amount: z.int32()', 'amount: z.int32().max(9_000)') })
    const answer = await planned()
    expect(answer.schemas).toEqual(['sales'])
    expect(brief(answer)).toEqual([
      'counted changed: its definition; the schema of sales',
      'totals changed: the schema of sales',
      'best changed: totals, which it reads',
    ])
    project.write({ 'pipelines/till.ts': pipeline({ step: 2 }) })
    expect(brief(await planned())).toEqual(['counted changed: its definition'])
  })

  test('views that were kept in a file that is lost', async () => {
    await kept()
    rmSync(project.views)
    rmSync(`${project.views}.wal`, { force: true })
    expect(brief(await planned())).toEqual(['counted lost', 'totals lost', 'best lost'])
    project.write(viewFile('totals', `${totals} HAVING sum(amount) > 0`))
    expect(brief(await planned())).toEqual(['counted lost', 'totals changed: its definition', 'best changed: totals, which it reads'])
  })
})

test('a view that cannot be built is told with its reason, and the others with their times', async () => {
  await kept()
  project.write(viewFile('wrong', 'SELECT item, sum(CAST(note AS INTEGER)) AS n FROM sales GROUP BY item'))
  project.write(viewFile('over', 'SELECT count(*) AS n FROM wrong'))
  project.write(viewFile('sold', 'SELECT count(*) AS n FROM sales'))
  const { changes } = await planned()
  expect(
    changes.map(({ name, problem, estimate }) => [name, problem?.includes('Could not convert') ?? false, estimate !== undefined]),
  ).toEqual(
    expect.arrayContaining([
      ['wrong', true, false],
      ['over', true, false],
      ['sold', false, true],
    ]),
  )
})

test('an event that the policy of its stream forbids is told, too', async () => {
  await kept()
  await append(project, 'sales', sales([13]))
  project.write({ 'pipelines/till.ts': pipeline({ onBad: 'halt' }) })
  const { changes, estimate } = await planned()
  expect(changes.find(({ name }) => name === 'counted')?.problem).toMatch(/unlucky.*halt/)
  expect(estimate).toBeUndefined()
})

test('a running engine answers for what is on disk now, goes on, and nothing is left of the sample', async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('evert-plan-'))
  const before = left()
  await kept()
  const here = await startHere(project)
  try {
    project.write(viewFile('totals', `${totals} HAVING sum(amount) > 0`))
    const answer = await here.service.plan()
    expect(brief(answer)).toEqual(['totals changed: its definition', 'best changed: totals, which it reads'])
    await append(project, 'sales', sales([7]))
    await caughtUp(here.service)
    expect((await here.service.plan()).changes.map(({ versionBefore }) => versionBefore)).toEqual(
      answer.changes.map(({ versionBefore }) => versionBefore),
    )
    for await (const one of here.service.verify(['counted'])) expect(one.equal).toBe(true)
  } finally {
    await here.stop()
  }
  expect(left()).toEqual(before)
})

test('a stream that the running engine does not know yet has no events, and its views are new', async () => {
  await kept()
  const here = await startHere(project)
  try {
    const more = `export const visits = stream('visits', { key: 'page', event: z.object({ page: z.string() }) })\n`
    project.write({
      'pipelines/till.ts': `${pipeline()}${more}`,
      ...viewFile('pages', 'SELECT page, count(*) AS n FROM visits GROUP BY page'),
    })
    const { changes, ends } = await here.service.plan()
    expect(changes.find(({ name }) => name === 'pages')).toMatchObject({ change: 'added', estimate: { events: 0, seconds: 0 } })
    expect(ends.sales).toEqual(['40'])
  } finally {
    await here.stop()
  }
})

test('an interrupted plan says so', async () => {
  await append(project, 'sales', sales(upTo(40)))
  const asked = withFiles(project, (service) => service.plan({ signal: AbortSignal.abort() }))
  await expect(asked).rejects.toMatchObject({ code: 'interrupted' })
})
