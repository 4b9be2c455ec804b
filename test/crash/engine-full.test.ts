import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { asEvertError } from '../../errors.ts'
import { caughtUp, type EngineChild, rowsOf, startChild } from './support/engine-child.ts'
import { append } from './support/here.ts'
import { type TempProject, tempProject } from './support/project.ts'
import { pipeline, sales, totals, upTo, viewFile } from './support/till.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** A view that copies every event makes the DuckDB file grow as the log does. */
function wideTill(dataDir?: string): TempProject {
  const project = tempProject(
    { 'pipelines/till.ts': pipeline(), ...viewFile('totals', totals), ...viewFile('wide', 'SELECT item, amount, note FROM sales') },
    dataDir === undefined ? {} : { dataDir },
  )
  undo.push(() => project.destroy())
  return project
}

async function started(project: TempProject, options: Parameters<typeof startChild>[2] = {}): Promise<EngineChild> {
  const engine = await startChild(project.root, project.dataDir, options)
  undo.push(() => engine.kill())
  return engine
}

/** Notes that do not compress to nothing. */
function noteOf(n: number): string {
  return Array.from({ length: 60 }, (_, i) => ((n + 1) * (i + 7) * 2_654_435_761).toString(36)).join('')
}

const eventsPerAppend = 200

/** Appends until it is refused, or `enough` times; the number of events that were acknowledged, and the refusal. */
async function appendUntilRefused(
  project: TempProject,
  enough: number,
  isOver = () => false,
): Promise<{ events: number; refusal?: string }> {
  for (let n = 0; n < enough; n++) {
    if (isOver()) return { events: n * eventsPerAppend }
    try {
      await append(project, 'sales', sales(upTo(eventsPerAppend), noteOf(n)))
    } catch (thrown) {
      return { events: n * eventsPerAppend, refusal: asEvertError(thrown).code }
    }
  }
  return { events: enough * eventsPerAppend }
}

/** Everything that was acknowledged is in the views, and more can be added. */
async function goesOn(project: TempProject, acknowledged: number, engine?: EngineChild): Promise<void> {
  const alive = engine?.isAlive() === true ? engine : await started(project)
  await alive.ready
  await append(project, 'sales', sales(upTo(2)))
  const service = await alive.service()
  await caughtUp(service)
  const counted = async (sql: string) => Number((await rowsOf(service, sql))[0]?.[0])
  expect(await counted('SELECT count(*) FROM wide')).toBe(acknowledged + 2)
  expect(await counted('SELECT sum(sold) FROM counted')).toBe(acknowledged + 2)
  for await (const verified of service.verify(undefined)) expect(verified).toMatchObject({ equal: true })
}

/** It has taken in what is there, or has met the full disk itself and ended. */
async function settled(engine: EngineChild): Promise<void> {
  try {
    await caughtUp(await engine.service())
  } catch {
    await engine.ended // nothing but its end breaks the connection
  }
}

it('no room for the DuckDB file: the engine ends saying so, and goes on when there is room', async () => {
  const project = wideTill()
  // A limit on a file's size instead of a full disk: 4 MB, in blocks of 512 bytes. The log's file is written by this process.
  const engine = await started(project, { shell: `trap '' XFSZ; ulimit -f 8000; exec "$0" "$@"` })
  await engine.ready
  const { events, refusal } = await appendUntilRefused(project, 200, () => !engine.isAlive())
  expect(refusal).toBeUndefined()
  expect((await engine.ended).code, engine.log()).toBe(1)
  expect(engine.log()).toMatch(/"code":"store-(full|failed)"/)
  await goesOn(project, events)
})

it('a full disk under the log and the DuckDB file: what is refused says so, what was acknowledged stands, and with room it goes on', async () => {
  const disk = mkdtempSync(join(tmpdir(), 'evert-disk-'))
  undo.push(() => rmSync(disk, { recursive: true, force: true }))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk])
  if (mounted.status !== 0) {
    const missing =
      'test/crash/engine-full.test.ts needs the right to mount a small tmpfs (run as root, or unshare -rm npm test). The limit on file sizes above is tested all the same.'
    if (process.env.CI === 'true') throw new Error(missing)
    console.warn(missing)
    return
  }
  undo.push(() => spawnSync('umount', ['-l', disk]))
  const project = wideTill(join(disk, 'data'))
  const engine = await started(project)
  await engine.ready
  const first = await appendUntilRefused(project, 2)
  await caughtUp(await engine.service())
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - (6 << 20), 1))
  const { events, refusal } = await appendUntilRefused(project, 500)
  expect(refusal).toMatch(/^log-(full|unreadable)$/)
  await settled(engine)
  if (!engine.isAlive()) expect(engine.log()).toMatch(/"code":"(store-(full|failed)|log-(full|unreadable))"/)
  rmSync(join(disk, 'ballast'))
  await goesOn(project, first.events + events, engine)
})
