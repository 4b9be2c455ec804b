import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Service } from '../../engine/serve/service.ts'
import { checkFile } from './support/check-warehouse.ts'
import { caughtUp, startChild } from './support/engine-child.ts'
import { append, type Here, rows, startHere, upToDate, withFiles } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { pipeline, sales, till, totals, upTo, viewFile } from './support/till.ts'

let project: TempProject
let here: Here | undefined

beforeEach(async () => {
  project = till()
  await append(project, 'sales', sales(upTo(40)))
  await upToDate(project)
})

afterEach(async () => {
  await stop()
  project.destroy()
})

async function start(): Promise<Service> {
  here = await startHere(project)
  await caughtUp(here.service)
  return here.service
}

async function stop(): Promise<void> {
  await here?.stop()
  here = undefined
}

const plus = (more: number) => viewFile('totals', `SELECT item, sum(amount) + ${more} AS total FROM sales GROUP BY item`)

/** Everything at once: a view and so what reads it, a fold, a view that comes. */
function change(): void {
  project.write({
    ...plus(1),
    ...viewFile('average', 'SELECT avg(total) AS mean FROM totals'),
    'pipelines/till.ts': pipeline({ step: 2 }),
  })
}

async function shown(service: Service) {
  return {
    totals: await rows(service, 'totals'),
    best: await rows(service, 'best'),
    counted: await rows(service, 'counted'),
    average: await rows(service, 'average'),
  }
}

const before = { totals: ['a 2380', 'b 2400'], best: ['b 2400'] }
const after = { totals: ['a 2381', 'b 2401'], best: ['b 2401'], counted: ['a 40', 'b 40'], average: ['2391'] }

async function expectRight(service: Service): Promise<void> {
  for await (const answer of service.verify(undefined)) expect(answer, answer.view).toMatchObject({ equal: true })
}

it.each(['a running engine', 'no engine'])(
  'builds what is new and changed in one pass, compares, and moves all names (%s)',
  async (where) => {
    if (where === 'a running engine') await start()
    change()
    const applied = await (here ? here.service.apply() : withFiles(project, (files) => files.apply()))
    expect(applied.built.map(({ view }) => view).sort()).toEqual(['average', 'best', 'counted', 'totals'])
    expect(applied.events).toBe(40)
    expect(applied.promoted.map(({ view }) => view).sort()).toEqual(['average', 'best', 'counted', 'totals'])
    const compared = { rowsBefore: 2, rowsAfter: 2, onlyBefore: 2, onlyAfter: 2, share: 1, by: ['item', 'total'] }
    expect(applied.compared.find(({ view }) => view === 'totals')).toMatchObject(compared)
    expect(applied.held).toBeUndefined()
    const service = here?.service ?? (await start())
    expect(await shown(service)).toEqual(after)
    await expectRight(service)
    await append(project, 'sales', [{ data: { item: 'a', amount: 1_000, note: '' } }])
    await caughtUp(service)
    expect(await shown(service)).toEqual({
      totals: ['a 3381', 'b 2401'],
      best: ['a 3381'],
      counted: ['a 42', 'b 40'],
      average: ['2891'],
    })
    await expectRight(service)
    await service.rollback(['totals', 'best'])
    expect(await rows(service, 'best')).toEqual(['a 3380'])
    await stop()
    await checkFile(project.views)
  },
)

it('does nothing where nothing has changed, and takes away what is not declared any more', async () => {
  const service = await start()
  expect(await service.apply()).toMatchObject({ built: [], promoted: [], removed: [], compared: [] })
  rmSync(join(project.root, 'sql/views/best.sql'))
  expect((await service.apply()).removed.map(({ view }) => view)).toEqual(['best'])
  await expect(rows(service, 'best')).rejects.toMatchObject({ code: 'query-refused' })
  expect((await service.versions()).map(({ view }) => view)).toEqual(['counted', 'totals'])
  await stop()
  await checkFile(project.views)
  expect(await rows(await start(), 'totals')).toEqual(before.totals)
})

it('leaves what is built ready where that is asked for, or where too much differs', async () => {
  const service = await start()
  project.write(plus(1))
  expect(await service.apply({ promote: false })).toMatchObject({ promoted: [], held: expect.stringContaining('evert promote') })
  expect(await rows(service, 'totals')).toEqual(before.totals)
  await append(project, 'sales', [{ data: { item: 'c', amount: 5, note: '' } }])
  await caughtUp(service)
  expect(await service.apply({ differMax: 0.5 })).toMatchObject({
    built: [],
    promoted: [],
    held: expect.stringContaining('totals 100.0 %'),
  })
  expect(await rows(service, 'totals')).toEqual([...before.totals, 'c 5'])
  expect((await service.promote()).map(({ view }) => view).sort()).toEqual(['best', 'totals'])
  expect(await rows(service, 'totals')).toEqual(['a 2381', 'b 2401', 'c 6'])
  await expectRight(service)
  project.write(viewFile('totals', totals))
  expect((await service.apply()).promoted.map(({ view }) => view).sort()).toEqual(['best', 'totals'])
  expect(await rows(service, 'totals')).toEqual([...before.totals, 'c 5'])
  // What was declared first is public again; one previous version is kept, and nothing that was ready and is not declared any more.
  project.write(plus(2))
  await service.apply({ promote: false })
  project.write(plus(3))
  await service.apply({ promote: false })
  const roles = (await service.versions('totals')).map(({ role, declared }) => `${role}${declared ? ' declared' : ''}`)
  expect(roles.sort()).toEqual(['previous', 'public', 'ready declared'])
  project.write(viewFile('totals', totals))
  expect(await service.apply()).toMatchObject({ promoted: [] })
  expect((await service.versions('totals')).map(({ role }) => role).sort()).toEqual(['previous', 'public'])
  await stop()
  await checkFile(project.views)
})

it('refuses where the schema of a stream has changed, and says what to do', async () => {
  project.write({ 'pipelines/till.ts': pipeline().replace('amount: z.int32()', 'amount: z.int32().max(110)') })
  await withFiles(project, async (service) =>
    expect(service.apply()).rejects.toMatchObject({ code: 'definition-changed', message: expect.stringContaining('sales') }),
  )
})

it.each(['build-batch:2', 'join-before-commit', 'join-after-commit', 'promote-after-announce', 'promote-after-commit'])(
  'killed at %s, the old or the new set is served; run again it goes on',
  async (crashAt) => {
    const engine = await startChild(project.root, project.dataDir, { crashAt })
    await engine.ready
    const service = await engine.service()
    await caughtUp(service)
    change()
    const answer = service.apply().then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
    expect(await engine.ended, engine.log()).toMatchObject({ signal: 'SIGKILL' })
    expect(await answer).toBe('engine-unreachable')
    await withFiles(project, (files) => files.apply())
    const again = await start()
    expect(await shown(again)).toEqual(after)
    await expectRight(again)
    await stop()
    await checkFile(project.views)
  },
)
