import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Build } from '../../engine/replay/build.ts'
import { Loop } from '../../engine/run/loop.ts'
import { start } from '../../engine/run/start.ts'
import { closeCore, openCore } from '../../engine/serve/core.ts'
import { caughtUp } from './support/engine-child.ts'
import { append, rows, startHere } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { sales, till, upTo, viewFile } from './support/till.ts'

let project: TempProject
const undo: (() => Promise<unknown>)[] = []

beforeEach(() => {
  project = till()
})

afterEach(async () => {
  for (const step of undo.splice(0)) await step()
  project.destroy()
})

it('a build swaps although a batch comes between any two of its steps', async () => {
  const core = await openCore(await project.load(), pino({ level: 'silent' }))
  undo.push(() => closeCore(core))
  const { store, log, definitions } = core
  const begun = await start(store, log, definitions)
  const batch = { events: 10, bytes: 1 << 20 }
  const loop = new Loop({
    store,
    log,
    sources: definitions.sources,
    position: begun.position,
    members: begun.members,
    batch,
    onViewFailed: (view) => expect.unreachable(view),
  })
  loop.setMembers(begun.members, begun.fresh)
  await loop.computeFresh()
  await append(project, 'sales', sales(upTo(100)))
  while ((await loop.step()) > 0);
  const derivations = definitions.derivations.filter(({ name }) => name === 'totals')
  const build = new Build({
    store,
    log,
    loop,
    sources: definitions.sources,
    derivations,
    order: definitions.derivations.map(({ id }) => id),
    batch,
  })
  let isDone = false
  void build.done.then(() => {
    isDone = true
  })
  loop.addBackground(build)
  let steps = 0
  for (; !isDone && steps < 100; steps++) {
    await append(project, 'sales', sales([1]))
    await loop.step()
  }
  // 10 steps for what was there, and one more for what came meanwhile.
  expect(steps).toBeLessThan(15)
  expect(loop.members.map(({ derivation }) => derivation.name).sort()).toEqual(['best', 'counted', 'totals'])
})

it('a view that joins under load, and wants more of an event than the others did, gets it from its first batch on', async () => {
  project.remove('sql/views/best.sql')
  project.write({
    'pipelines/till.ts': `import { stream } from 'evert'
import { z } from 'zod'
export const sales = stream('sales', { key: 'item', event: z.object({ item: z.string(), amount: z.int32(), note: z.string() }) })
`,
  })
  const { service, stop } = await startHere(project)
  undo.push(stop)
  for (let round = 0; round < 3; round++) {
    project.write(
      viewFile(
        'totals',
        round % 2 === 0
          ? `SELECT _key AS item, count(*) AS sold, ${round} AS round FROM sales GROUP BY _key`
          : 'SELECT item, count(*) AS sold FROM sales GROUP BY item',
      ),
    )
    let isDone = false
    const replay = service.replay('totals').finally(() => {
      isDone = true
    })
    const load = async () => {
      while (!isDone) {
        await append(project, 'sales', sales(upTo(60))) // some batches, and never more than some: one process does it all
        while ((await service.status()).lagEvents > 30);
      }
    }
    await Promise.all([replay, load()])
  }
  await caughtUp(service)
  const { position } = await service.status()
  const each = Number(position.sales?.[0]) / 2
  expect(await rows(service, 'totals')).toEqual([`a ${each} 2`, `b ${each} 2`])
})
