import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { append, rows, upToDate, withFiles } from '../../test/crash/support/here.ts'
import type { TempProject } from '../../test/crash/support/project.ts'
import { pipeline, sales, till, viewFile } from '../../test/crash/support/till.ts'
import type { Service, VerifyAnswer } from './service.ts'

let project: TempProject

beforeEach(() => {
  project = till()
})
afterEach(() => project.destroy())

/** Events in the log, and views that stand on disk. */
async function kept(): Promise<void> {
  await append(project, 'sales', sales([1, 2, 3]))
  await upToDate(project)
}

async function verified(service: Service, views?: readonly string[]): Promise<VerifyAnswer[]> {
  const answers: VerifyAnswer[] = []
  for await (const answer of service.verify(views)) answers.push(answer)
  return answers
}

/** `view: equal`, or the code of its error. */
function brief(answers: readonly VerifyAnswer[]): string[] {
  return answers.map(({ view, equal, error }) => `${view}: ${error?.code ?? (equal ? 'equal' : 'differs')}`).sort()
}

describe('files without an engine', () => {
  test('a DuckDB file that cannot be read is left where it is, and the error says who mends it', async () => {
    await kept()
    writeFileSync(project.views, Buffer.alloc(20_000, 'garbage'))
    await expect(withFiles(project, (service) => service.replay('totals'))).rejects.toMatchObject({
      code: 'store-unreadable',
      message: expect.stringContaining('evert run'),
    })
    expect(readdirSync(project.dataDir).filter((name) => name.includes('unreadable'))).toEqual([])
    await upToDate(project)
    expect(await withFiles(project, (service) => rows(service, 'totals'))).toEqual(['a 4', 'b 2'])
    expect(readdirSync(project.dataDir).filter((name) => name.includes('unreadable'))).toHaveLength(1)
  })

  test('views of another log are not answered from', async () => {
    await kept()
    const [log, own] = [join(project.dataDir, 'log'), join(project.root, 'own')]
    renameSync(log, own)
    await append(project, 'sales', sales([7]))
    await expect(withFiles(project, (service) => service.status())).rejects.toMatchObject({
      code: 'position-mismatch',
      message: expect.stringContaining('were built from the log'),
    })
    rmSync(log, { recursive: true })
    renameSync(own, log)
    expect(await withFiles(project, (service) => rows(service, 'totals'))).toEqual(['a 4', 'b 2'])
  })
})

describe('views that are not as they are declared', () => {
  test('a failed view and one that is not built are verified as such, the others all the same', async () => {
    project.write(viewFile('whole', 'SELECT CAST(note AS INTEGER) AS whole FROM sales'))
    await kept()
    project.write(viewFile('late', 'SELECT max(amount) AS most FROM sales'))
    await withFiles(project, async (service) => {
      const answers = await verified(service)
      expect(brief(answers)).toEqual(['best: equal', 'counted: equal', 'late: view-failed', 'totals: equal', 'whole: view-failed'])
      const whole = answers.find(({ view }) => view === 'whole')
      expect(whole).toMatchObject({ equal: false, error: { message: expect.stringMatching(/Could not convert.*evert replay whole/) } })
      const late = answers.find(({ view }) => view === 'late')
      expect(late).toMatchObject({ equal: false, error: { message: expect.stringContaining('not built yet') } })
      expect(brief(await verified(service, ['Whole', 'totals']))).toEqual(['totals: equal', 'whole: view-failed'])
      await expect(verified(service, ['totals', 'sales'])).rejects.toMatchObject({ code: 'view-unknown' })
    })
  })

  test('a view whose definition has changed says so, and its rows are still there to be asked', async () => {
    await kept()
    project.write(viewFile('totals', 'SELECT item, sum(amount) AS total, count(*) AS times FROM sales GROUP BY item'))
    await withFiles(project, async (service) => {
      const answers = await verified(service)
      expect(brief(answers)).toEqual(['best: definition-changed', 'counted: equal', 'totals: definition-changed'])
      expect(answers.find(({ view }) => view === 'totals')?.error?.message).toContain('evert replay totals')
      expect((await service.views()).map(({ name, state, changed }) => [name, state, changed])).toEqual([
        ['counted', 'live', undefined],
        ['totals', 'live', true],
        ['best', 'live', true],
      ])
      expect(await service.explain('totals')).toMatchObject({ state: 'live', changed: true })
      expect(await rows(service, 'totals')).toEqual(['a 4', 'b 2'])
      await service.replay('totals')
      expect(brief(await verified(service))).toEqual(['best: equal', 'counted: equal', 'totals: equal'])
      expect((await service.views()).some(({ changed }) => changed)).toBe(false)
    })
  })

  test('several are replayed one after the other, in any order', async () => {
    await kept()
    project.write(viewFile('totals', 'SELECT item, sum(amount) + 1 AS total FROM sales GROUP BY item'))
    project.write(viewFile('best', 'SELECT item, total FROM totals ORDER BY total, item LIMIT 1'))
    project.write({ 'pipelines/till.ts': pipeline({ step: 2 }) })
    await withFiles(project, async (service) => {
      for (const view of ['best', 'counted', 'totals']) await service.replay(view)
      expect(brief(await verified(service))).toEqual(['best: equal', 'counted: equal', 'totals: equal'])
      expect(await rows(service, 'best')).toEqual(['b 3'])
      expect(await rows(service, 'counted')).toEqual(['a 4', 'b 2'])
    })
    await upToDate(project)
  })
})

test.each([
  ['EXPLAIN SELECT * FROM totals', 'evert explain'],
  ['DESCRIBE totals', 'evert explain'],
  ['SHOW TABLES', 'evert views'],
  ['SELECT 1; DROP VIEW totals', 'one statement is allowed'],
  ['SELECT 1; SELECT 2;', 'one statement is allowed'],
  ['DROP VIEW totals', 'Only a SELECT'],
  ['SELECT 1 +; SELECT 2', 'syntax error'],
])('%s is refused and says what to do: %s', async (sql, hint) => {
  const asked = withFiles(project, (service) => service.query(sql))
  await expect(asked).rejects.toMatchObject({ code: 'query-refused', message: expect.stringContaining(hint) })
})

test.each(["SELECT ';' AS a /* /* */ ; */", "SELECT ';' AS a -- ; DROP VIEW totals", "SELECT ';' AS a;\n-- the end;\n"])(
  '%j is one statement',
  async (sql) => {
    const found = await withFiles(project, async (service) => {
      const values: unknown[] = []
      for await (const batch of (await service.query(sql)).rows) values.push(...batch)
      return values
    })
    expect(found).toEqual([[';']])
  },
)
