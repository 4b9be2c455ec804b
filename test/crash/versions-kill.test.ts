import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Service } from '../../engine/serve/service.ts'
import { checkFile } from './support/check-warehouse.ts'
import { caughtUp, startChild } from './support/engine-child.ts'
import { append, rows, startHere, upToDate, withFiles } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { sales, till, upTo, viewFile } from './support/till.ts'

let project: TempProject
beforeEach(() => {
  project = till()
})
afterEach(() => project.destroy())

const old = { totals: ['a 2380', 'b 2400'], best: ['b 2400'] }
const changed = { totals: ['a 2381', 'b 2401'], best: ['b 2401'] }

async function shown(service: Service) {
  return { totals: await rows(service, 'totals'), best: await rows(service, 'best') }
}

/** Runs a call in an engine that is killed at a named place of it. */
async function killedAt(crashAt: string, call: (service: Service) => Promise<unknown>): Promise<void> {
  const engine = await startChild(project.root, project.dataDir, { crashAt })
  await engine.ready
  const service = await engine.service()
  await caughtUp(service)
  const answer = call(service).then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
  expect(await engine.ended, engine.log()).toMatchObject({ signal: 'SIGKILL' })
  expect(await answer).toMatch(/^(done|engine-unreachable)$/)
}

/** What the next engine serves: the whole set of one side, right, and kept up to date. */
async function served(): Promise<unknown> {
  const here = await startHere(project)
  try {
    await caughtUp(here.service)
    for await (const answer of here.service.verify(['totals', 'best'])) expect(answer, answer.view).toMatchObject({ equal: true })
    return await shown(here.service)
  } finally {
    await here.stop()
    await checkFile(project.views)
  }
}

/** Two versions of `totals`, and of `best` over each; the changed ones are public. */
async function replaced(): Promise<void> {
  await append(project, 'sales', sales(upTo(40)))
  await upToDate(project)
  project.write(viewFile('totals', 'SELECT item, sum(amount) + 1 AS total FROM sales GROUP BY item'))
  await withFiles(project, (service) => service.replay('totals'))
}

it('kill -9 while names are moved: all of them point at one side, which is the one that the log has', async () => {
  await replaced()
  await killedAt('promote-after-announce', (service) => service.rollback())
  expect(await served()).toEqual(old)
  await killedAt('promote-after-announce', (service) => service.promote())
  expect(await served()).toEqual(changed)
  await killedAt('promote-after-commit', (service) => service.rollback(['totals', 'best']))
  expect(await served()).toEqual(old)
})

it('kill -9 while versions are discarded: all of them are there, or none', async () => {
  await replaced()
  await killedAt('discard-before-commit', (service) => service.discard())
  await withFiles(project, async (service) =>
    expect((await service.versions('totals')).map(({ role }) => role)).toEqual(['previous', 'public']),
  )
  expect(await served()).toEqual(changed)
  await withFiles(project, (service) => service.rollback())
  expect(await served()).toEqual(old)
})

it('kill -9 in the swap that replaces a version: the public one is there, and the previous one where the swap was made', async () => {
  await append(project, 'sales', sales(upTo(40)))
  await upToDate(project)
  project.write(viewFile('totals', 'SELECT item, sum(amount) + 1 AS total FROM sales GROUP BY item'))
  const engine = await startHere(project).catch((error: { code: string }) => error.code)
  expect(engine).toBe('definition-changed')
  await withFiles(project, (service) => service.replay('totals'))
  await append(project, 'sales', [{ data: { item: 'a', amount: 1, note: '' } }])
  await killedAt('swap-after-commit', (service) => service.replay('totals')) // a repair: the previous version stays what it was
  expect(await served()).toEqual({ totals: ['a 2382', 'b 2401'], best: ['b 2401'] })
  await withFiles(project, (service) => service.rollback(['totals', 'best']))
  expect(await served()).toEqual({ totals: ['a 2381', 'b 2400'], best: ['b 2400'] })
})
