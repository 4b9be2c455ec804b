import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import { Build } from '../../engine/replay/build.ts'
import { createAppender } from '../../engine/run/append.ts'
import { caughtUp } from '../crash/support/engine-child.ts'
import { append, type Here, rows, startHere, withFiles } from '../crash/support/here.ts'
import { type TempProject, tempProject } from '../crash/support/project.ts'
import { viewFile } from '../crash/support/till.ts'
import { Subject } from './support/subject.ts'

const dim = table('dim', { key: 'k', row: z.object({ k: z.string(), n: sql.integer().optional(), t: z.string().optional() }) })

let subject: Subject | undefined
let here: Here | undefined
let project: TempProject | undefined
afterEach(async () => {
  await here?.stop()
  await subject?.close()
  project?.destroy()
  here = undefined
  subject = undefined
  project = undefined
})

async function replayed(of: Subject, names: readonly string[]): Promise<void> {
  const build = new Build({
    store: of.store,
    log: of.log,
    loop: of.loop,
    sources: of.definitions.sources,
    derivations: of.definitions.derivations.filter((one) => names.includes(one.name)),
    order: of.definitions.derivations.map((one) => one.id),
    batch: { events: 10, bytes: 1 << 20 },
  })
  while ((await build.step()) !== 'done');
  await build.done
}

test('a view that failed when it joined and was replayed is not computed once more at the next start', async () => {
  const world = { tables: [dim], views: { other: 'SELECT count(*) AS n FROM dim' } }
  subject = await Subject.open(world)
  const put = async (t: string) => createAppender((subject as Subject).log, [dim]).append(dim, [{ data: { k: 'a', t } }])
  await put('x')
  await subject.drain()
  await subject.restart({ ...world, views: { ...world.views, cast_t: 'SELECT k, CAST(t AS INTEGER) AS n FROM dim' } })
  await subject.drain()
  expect([...subject.failed.keys()]).toEqual(['cast_t'])
  await put('1')
  await subject.drain()
  await replayed(subject, ['cast_t'])
  expect((await subject.rows('cast_t')).rows).toEqual(['["a",1]'])
  await subject.restart()
  await subject.drain()
  expect((await subject.rows('cast_t')).rows).toEqual(['["a",1]'])
})

const pipeline = `import { stream, table } from 'evert'
import { z } from 'zod'
export const sales = stream('sales', { key: 'item', event: z.object({ item: z.string(), amount: z.int32() }) })
export const items = table('items', { key: 'item', row: z.object({ item: z.string(), price: z.int32(), kind: z.string() }) })
`
const inItems = 'SELECT count(*) AS n FROM (SELECT DISTINCT item FROM sales)'
const inKinds = 'SELECT count(*) AS n FROM (SELECT DISTINCT kind FROM items)'

function made(views: Readonly<Record<string, string>>): TempProject {
  project = tempProject({ 'pipelines/p.ts': pipeline })
  project.write({ 'evert.config.ts': `export default { logLevel: 'error', duckdb: { threads: 1, memoryLimit: '300MB' } }\n` })
  for (const [name, select] of Object.entries(views)) project.write(viewFile(name, select))
  return project
}
const sale = (name: string) => ({ data: { item: name, amount: 1 } })
const item = (name: string, kind: string) => ({ data: { item: name, price: 1, kind } })

test('a replay in a running engine leaves the parts of views that were changed on disk in their place', async () => {
  const p = made({ kinds: inKinds, sold: 'SELECT count(*) AS n FROM sales' })
  await append(p, 'items', [item('a', 'x')])
  here = await startHere(p)
  await caughtUp(here.service)
  p.write(viewFile('kinds', 'SELECT count(*) + 1 AS n FROM items'))
  await here.service.replay('sold')
  await append(p, 'items', [item('b', 'y')])
  await caughtUp(here.service)
  expect(await rows(here.service, 'kinds')).toEqual(['2'])
})

test('a replay without an engine takes no part away that a changed view stands on', async () => {
  const p = made({ sold: 'SELECT count(*) AS n FROM sales', different: inItems })
  await append(p, 'sales', [sale('a')])
  here = await startHere(p)
  await caughtUp(here.service)
  await here.stop()
  p.write(viewFile('different', inItems.replace('(*)', '(*) + 1')))
  await withFiles(p, (service) => service.replay('sold'))
  p.write(viewFile('different', inItems))
  here = await startHere(p)
  expect((await here.service.status()).replays).toEqual([])
  await append(p, 'sales', [sale('b')])
  await caughtUp(here.service)
  expect(await rows(here.service, 'different')).toEqual(['2'])
})

test('a replay is not stopped by a failed view that only shares a part with it', async () => {
  const p = made({ kinds: inKinds, numbers: 'SELECT sum(CAST(kind AS INTEGER)) AS n FROM (SELECT DISTINCT kind FROM items)' })
  await append(p, 'items', [item('a', 'x')])
  here = await startHere(p)
  await caughtUp(here.service)
  expect((await here.service.views()).map((v) => [v.name, v.state])).toEqual([
    ['items', 'live'],
    ['kinds', 'live'],
    ['numbers', 'failed'],
  ])
  await here.service.replay('kinds')
  expect(await rows(here.service, 'kinds')).toEqual(['1'])
})

test('a view that joins over a part that failed under another is built with the part', async () => {
  const sums = '(SELECT k, sum(CAST(t AS INTEGER)) AS s FROM dim GROUP BY k)'
  const views = { one: `SELECT count(*) AS n FROM ${sums} WHERE s > 1` }
  const world = { tables: [dim], views }
  subject = await Subject.open(world)
  const put = async (t: string) => createAppender((subject as Subject).log, [dim]).append(dim, [{ data: { k: 'a', t } }])
  await put('x')
  await subject.drain()
  expect([...subject.failed.keys()]).toEqual(['one'])
  await put('2')
  await subject.drain()
  await subject.restart({ ...world, views: { ...views, two: `SELECT s FROM ${sums}`, three: `SELECT max(s) AS m FROM ${sums}` } })
  await subject.drain()
  expect(subject.live).toEqual(expect.arrayContaining(['two', 'three']))
  expect((await subject.rows('three')).rows).toEqual(['["2"]'])
  await put('3')
  await subject.drain()
  expect((await subject.rows('three')).rows).toEqual(['["3"]'])
})

test('all views are verified, and the parts are no views', async () => {
  const p = made({ kinds: inKinds, different: inItems })
  await append(p, 'items', [item('a', 'x')])
  here = await startHere(p)
  await caughtUp(here.service)
  const answers: string[] = []
  for await (const { view, equal } of here.service.verify(undefined)) answers.push(`${view} ${equal}`)
  expect(answers.sort()).toEqual(['different true', 'items true', 'kinds true'])
})

test('a part that fails while it is built is told as its views, by the name that users know', async () => {
  const p = made({ sold: 'SELECT count(*) AS n FROM sales' })
  await append(p, 'items', [item('a', 'x')])
  here = await startHere(p)
  await caughtUp(here.service)
  await here.stop()
  p.write(viewFile('some', 'SELECT count(*) AS n FROM (SELECT item, sum(CAST(item AS INTEGER)) AS s FROM sales GROUP BY item) WHERE s > 0'))
  await append(p, 'sales', [sale('a')])
  here = await startHere(p)
  await caughtUp(here.service)
  expect((await here.service.views()).map(({ name, state }) => `${name} ${state}`)).toEqual(['items live', 'sold live', 'some failed'])
  expect(here.said.join()).toContain('The view some failed')
  expect(here.said.join()).not.toContain('~')
  await expect(here.service.replay('some')).rejects.toThrow(/^Building some: Conversion Error/)
})
