import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Service } from '../../engine/serve/service.ts'
import { checkFile } from './support/check-warehouse.ts'
import { caughtUp } from './support/engine-child.ts'
import { append, type Here, rows, startHere, withFiles } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { pipeline, sales, till, totals, upTo, viewFile } from './support/till.ts'

let project: TempProject
let here: Here | undefined

beforeEach(async () => {
  project = till()
  await append(project, 'sales', sales(upTo(40)))
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

async function sell(item: string, amount: number): Promise<void> {
  await append(project, 'sales', [{ data: { item, amount, note: '' } }])
}

/** Each total and so much more: another definition, whose rows tell it from the first. */
const plus = (more: number) => `SELECT item, sum(amount) + ${more} AS total FROM sales GROUP BY item`

/** Of each version: its view, role and state. */
async function kept(service: Service): Promise<string[]> {
  return (await service.versions()).map((one) => `${one.view} ${one.role} ${one.state}${one.declared ? ' declared' : ''}`)
}

const before = { totals: ['a 2380', 'b 2400'], best: ['b 2400'] }
const after = { totals: ['a 2381', 'b 2401'], best: ['b 2401'] }

async function expectRows(
  service: Service,
  expected: { readonly totals: readonly string[]; readonly best: readonly string[] },
): Promise<void> {
  expect(await rows(service, 'totals')).toEqual(expected.totals)
  expect(await rows(service, 'best')).toEqual(expected.best)
  for await (const answer of service.verify(['totals', 'best'])) expect(answer, answer.view).toMatchObject({ equal: true })
}

const both = [
  'best previous live',
  'best public live declared',
  'counted public live declared',
  'totals previous live',
  'totals public live declared',
]

describe('a replaced version', () => {
  it('goes on beside the new one: rolled back to, it has what came since, and so has the new one, promoted again', async () => {
    const service = await start()
    await expectRows(service, before)
    project.write(viewFile('totals', plus(1)))
    await service.replay('totals')
    await expectRows(service, after)
    expect(await kept(service)).toEqual(both)
    await sell('a', 1_000)
    await caughtUp(service)
    expect((await service.rollback()).map(({ view }) => view).sort()).toEqual(['best', 'totals'])
    await expectRows(service, { totals: ['a 3380', 'b 2400'], best: ['a 3380'] })
    const plan = await service.plan()
    expect(plan.changes.map(({ name, change, isKept, estimate }) => [name, change, isKept, estimate])).toEqual([
      ['totals', 'changed', true, undefined],
      ['best', 'changed', true, undefined],
    ])
    expect(plan.estimate).toBeUndefined()
    await sell('b', 5_000)
    await caughtUp(service)
    await expectRows(service, { totals: ['a 3380', 'b 7400'], best: ['b 7400'] })
    expect((await service.promote()).map(({ view }) => view).sort()).toEqual(['best', 'totals'])
    await expectRows(service, { totals: ['a 3381', 'b 7401'], best: ['b 7401'] })
    await stop()
    await checkFile(project.views)
  })

  it.each(['a running engine', 'no engine'])('is kept through restarts, and so is where the names point (%s)', async (where) => {
    const use = async (work: (service: Service) => Promise<unknown>) => {
      if (where === 'no engine') await withFiles(project, work)
      else await work(await start())
      await stop()
    }
    await start()
    await stop()
    project.write(viewFile('totals', plus(1)))
    await withFiles(project, (service) => service.replay('totals'))
    await use(async (service) => expect(await kept(service)).toEqual(both))
    await sell('a', 1_000)
    await use((service) => service.rollback(['totals', 'best']))
    const service = await start()
    expect(here?.said.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/not what is served: totals@.*, best@.*evert promote/),
    ])
    await expectRows(service, { totals: ['a 3380', 'b 2400'], best: ['a 3380'] })
    expect(await kept(service)).toEqual([
      'best public live',
      'best ready live declared',
      'counted public live declared',
      'totals public live',
      'totals ready live declared',
    ])
    await sell('b', 5_000)
    await caughtUp(service)
    await stop()
    await use((one) => one.promote(['best', 'totals']))
    await expectRows(await start(), { totals: ['a 3381', 'b 7401'], best: ['b 7401'] })
    await stop()
    await checkFile(project.views)
  })

  it('of a fold goes on by the code that was kept of it, with its dead letters', async () => {
    let service = await start()
    await sell('a', 13) // the fold refuses it
    await caughtUp(service)
    expect(await rows(service, 'counted')).toEqual(['a 20', 'b 20'])
    await stop()
    project.write({ 'pipelines/till.ts': pipeline({ step: 2 }) })
    await withFiles(project, (one) => one.replay('counted'))
    service = await start()
    expect(await rows(service, 'counted')).toEqual(['a 40', 'b 40'])
    await sell('b', 13)
    await sell('b', 14)
    await caughtUp(service)
    await stop()
    service = await start()
    await service.rollback(['counted'])
    expect(await rows(service, 'counted')).toEqual(['a 20', 'b 21'])
    expect((await service.status()).consumers.map(({ consumer }) => consumer)).toEqual(['views', 'counted'])
    const refused = async () => (await service.deadLetters({ consumer: 'counted' })).map(({ key }) => key).sort()
    expect(await refused()).toEqual(['a', 'b'])
    expect(await service.deadLetters({ stream: 'sales' })).toHaveLength(2)
    expect((await service.status()).consumers.find(({ consumer }) => consumer === 'counted')).toMatchObject({ dead: '2', applied: '41' })
    await service.promote(['counted'])
    expect(await rows(service, 'counted')).toEqual(['a 40', 'b 42'])
    expect(await refused()).toEqual(['a', 'b'])
  })

  it('of a fold that refuses an event at which its stream halts ends alone', async () => {
    const refusing = (amount: number) => ({
      'pipelines/till.ts': pipeline({ onBad: 'halt' }).replace('amount === 13', `amount === ${amount}`),
    })
    project.write(refusing(13))
    let service = await start()
    await stop()
    project.write(refusing(-1))
    await withFiles(project, (one) => one.replay('counted'))
    service = await start()
    await sell('a', 13)
    await sell('b', 14)
    await caughtUp(service)
    expect(await rows(service, 'counted')).toEqual(['a 21', 'b 21'])
    expect(await kept(service)).toContain('counted previous failed')
    await expect(service.rollback(['counted'])).rejects.toMatchObject({ message: expect.stringContaining('unlucky') })
  })

  it('is not gone back to where it cannot be kept up to date any more', async () => {
    await start()
    await stop()
    project.write(viewFile('totals', plus(1)))
    await withFiles(project, (service) => service.replay('totals'))
    project.write({ 'pipelines/till.ts': pipeline().replace('amount: z.int32()', 'amount: z.int32().max(1_000)') })
    await withFiles(project, async (service) => {
      await expect(service.rollback(['totals'])).rejects.toMatchObject({
        code: 'version-unknown',
        message: expect.stringMatching(/^totals@[0-9a-f]{16} cannot be kept up to date any more/),
      })
      expect((await service.versions('totals')).map(({ role }) => role)).toEqual(['previous', 'public'])
    })
    project.write({ 'pipelines/till.ts': pipeline() })
    await expectRows(await start(), after)
  })

  it('is the way out when the new one fails', async () => {
    const service = await start()
    project.write(viewFile('totals', 'SELECT item, CAST(sum(amount) AS SMALLINT) AS total FROM sales GROUP BY item'))
    await service.replay('totals')
    await sell('a', 100_000)
    await caughtUp(service)
    await expect(rows(service, 'totals')).rejects.toMatchObject({ code: 'view-failed' })
    await service.rollback(['totals', 'best'])
    await expectRows(service, { totals: ['a 102380', 'b 2400'], best: ['a 102380'] })
    await expect(service.promote(['totals'])).rejects.toMatchObject({ code: 'version-unknown', message: expect.stringContaining('failed') })
    await expectRows(service, { totals: ['a 102380', 'b 2400'], best: ['a 102380'] })
    await stop()
    await expectRows(await start(), { totals: ['a 102380', 'b 2400'], best: ['a 102380'] })
  })

  it('is verified by what the versions that it reads need, also where these are not public', async () => {
    const service = await start()
    const noted = `SELECT item, sum(amount) AS total, max(note) AS noted FROM sales GROUP BY item`
    project.write({ ...viewFile('totals', noted), ...viewFile('best', 'SELECT max(noted) AS noted FROM totals') })
    await service.replay('totals')
    await service.rollback(['totals'])
    for await (const answer of service.verify(['best'])) expect(answer).toMatchObject({ equal: true, rows: 1 })
  })

  it('fails alone, and says so', async () => {
    project.write(viewFile('totals', 'SELECT item, CAST(sum(amount) AS SMALLINT) AS total FROM sales GROUP BY item'))
    const service = await start()
    project.write(viewFile('totals', totals))
    await service.replay('totals')
    await sell('a', 100_000)
    await caughtUp(service)
    await expectRows(service, { totals: ['a 102380', 'b 2400'], best: ['a 102380'] })
    expect(await kept(service)).toEqual([
      'best previous failed',
      'best public live declared',
      'counted public live declared',
      'totals previous failed',
      'totals public live declared',
    ])
    await expect(service.rollback(['totals'])).rejects.toMatchObject({ code: 'version-unknown' })
    await expectRows(service, { totals: ['a 102380', 'b 2400'], best: ['a 102380'] })
    expect(await service.discard()).toHaveLength(2)
    expect((await service.versions()).every(({ role }) => role === 'public')).toBe(true)
  })

  it('stays as long as the setting says, and no longer than what it stands on', async () => {
    let service = await start()
    for (const more of [1, 2]) {
      project.write(viewFile('totals', plus(more)))
      await service.replay('totals')
    }
    expect(await kept(service)).toEqual(both)
    await service.rollback()
    await expectRows(service, after)
    await stop()
    project.write({
      'evert.config.ts': `export default { logLevel: 'error', previousVersionsMax: 0, duckdb: { threads: 1, memoryLimit: '300MB' } }\n`,
    })
    await withFiles(project, (one) => one.replay('totals'))
    service = await start()
    await expectRows(service, { totals: ['a 2382', 'b 2402'], best: ['b 2402'] })
    expect((await service.versions()).every(({ role }) => role === 'public')).toBe(true)
    await stop()
    await checkFile(project.views)
  })
})

describe('discarding', () => {
  it('takes away what no name points at, with its parts; not what another is built on', async () => {
    const service = await start()
    project.write(viewFile('totals', plus(1)))
    await service.replay('totals')
    const previous = (await service.versions('totals')).find(({ role }) => role === 'previous')
    await expect(service.discard([`totals@${previous?.version}`])).rejects.toMatchObject({
      code: 'version-needed',
      message: expect.stringContaining('best@'),
    })
    await service.rollback(['totals']) // `best` stays, and reads the version that is no longer public
    await expectRows(service, { totals: before.totals, best: after.best })
    await expect(service.discard(['totals'])).rejects.toMatchObject({ code: 'version-needed' })
    await expectRows(service, { totals: before.totals, best: after.best })
    await service.promote(['totals'])
    await expect(service.discard(['totals@0000', 'best'])).rejects.toMatchObject({ code: 'version-unknown' })
    expect((await service.discard(['totals', 'best'])).map(({ view }) => view).sort()).toEqual(['best', 'totals'])
    await expect(service.rollback()).rejects.toMatchObject({ code: 'version-unknown' })
    await sell('a', 1_000)
    await caughtUp(service)
    await expectRows(service, { totals: ['a 3381', 'b 2401'], best: ['a 3381'] })
    await stop()
    await checkFile(project.views)
  })

  it('names what is not there', async () => {
    const service = await start()
    await expect(service.versions('nothing')).rejects.toMatchObject({ code: 'view-unknown', message: expect.stringContaining('totals') })
    await expect(service.promote()).rejects.toMatchObject({ code: 'version-unknown' })
    await expect(service.rollback(['totals'])).rejects.toMatchObject({
      code: 'version-unknown',
      message: expect.stringContaining('evert versions totals'),
    })
    await expect(service.discard(['totals'])).rejects.toMatchObject({ code: 'version-unknown' })
    expect(await service.discard()).toEqual([])
  })
})
