import { spawn } from 'node:child_process'
import { afterEach, expect, it } from 'vitest'
import type { Service } from '../../engine/serve/service.ts'
import { builtCli } from '../cli/support/built-cli.ts'
import { AppenderProcess } from './support/appender.ts'
import { checkFile, checkWarehouse } from './support/check-warehouse.ts'
import { caughtUp, type EngineChild, rowsOf, startChild } from './support/engine-child.ts'
import type { TempProject } from './support/project.ts'
import { type Random, randomOf, roundsOf, seed } from './support/random.ts'
import { viewFile } from './support/till.ts'
import { warehouse } from './support/warehouse.ts'

const points = ['build-batch:2', 'swap-before-announce', 'swap-after-announce', 'swap-after-commit', 'any time'] as const
const rounds = roundsOf(points.length, 0.2)
const roundsPerLog = 30

const open: { destroy(): void }[] = []
const processes: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of processes.splice(0)) await one.stop()
  for (const one of open.splice(0)) one.destroy()
})

/** A view that tells which definition its rows are of, and one that reads it. */
function marked(mark: number) {
  return {
    ...viewFile('marked', `SELECT ${mark} AS mark, count(*) AS moves FROM moves`),
    ...viewFile('over_marked', 'SELECT mark, moves FROM marked'),
  }
}

const logs = Array.from({ length: Math.ceil(rounds / roundsPerLog) }, (_, i) => i)

it.each(logs)(
  `kill -9 during a replay, ${rounds} rounds (EVERT_CRASH_SEED=${seed}), log %i: one good version is live, no stale one is served, nothing half-built is left`,
  async (number) => {
    const random = randomOf(seed + number)
    const project = warehouse()
    open.push(project)
    project.write({
      'evert.config.ts': `export default { logLevel: 'error', batchEventsMax: 20, duckdb: { threads: 2, memoryLimit: '500MB' } }\n`,
      ...marked(0),
    })
    const appender = await AppenderProcess.start(project.root, seed + number)
    processes.push(appender)
    await appender.append(40)
    await recovered(project, appender, 0) // a replay goes to where the views stand: they must have got somewhere
    for (let round = 0; round < Math.min(rounds - number * roundsPerLog, roundsPerLog); round++) {
      const point = points[round % points.length] as (typeof points)[number]
      const isRunning = random.below(2) === 0
      const target = random.pick(['marked', 'marked', 'chain', 'stock'])
      const mark = round + 1
      if (isRunning) await killedInEngine(project, appender, random, { point, target, mark })
      else await killedInCommand(project, random, { point, target, mark })
      await recovered(project, appender, mark)
    }
  },
)

interface Kill {
  readonly point: string
  readonly target: string
  /** The definition of `marked` that is on disk from here on. */
  readonly mark: number
}

function crashAt(point: string): { crashAt?: string } {
  return point === 'any time' ? {} : { crashAt: point }
}

/** A replay in a running engine, which goes on with its batches. */
async function killedInEngine(
  project: TempProject,
  appender: AppenderProcess,
  random: Random,
  { point, target, mark }: Kill,
): Promise<void> {
  const engine = await startChild(project.root, project.dataDir, crashAt(point))
  await engine.ready
  const service = await engine.service()
  await caughtUp(service)
  project.write(marked(mark))
  const replay = service.replay(target).then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
  await appender.append(random.below(10))
  if (point === 'any time') await engine.kill()
  expect(await engine.ended, engine.log()).toMatchObject({ signal: 'SIGKILL' })
  expect(await replay).toMatch(/^(done|engine-unreachable)$/)
}

/** `evert replay` without an engine. */
async function killedInCommand(project: TempProject, random: Random, { point, target, mark }: Kill): Promise<void> {
  project.write(marked(mark))
  const at = crashAt(point).crashAt
  const child = spawn(process.execPath, [await builtCli(), 'replay', target, '--project', project.root], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...(at === undefined ? {} : { EVERT_CRASH_AT: at }) },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)))
  if (point === 'any time') setTimeout(() => child.kill('SIGKILL'), random.below(900))
  const end = await ended
  if (point !== 'any time') expect(end, said).toBe('SIGKILL')
}

/** The next engine: refused until the changed view is replayed, or right at once; never with old rows under a new name. */
async function recovered(project: TempProject, appender: AppenderProcess, mark: number): Promise<void> {
  let engine = await startChild(project.root, project.dataDir)
  if (!(await isReady(engine))) {
    expect(engine.log()).toContain('evert replay marked')
    await replayed(project, 'marked')
    engine = await startChild(project.root, project.dataDir)
    await engine.ready
  }
  const service = await engine.service()
  await neverStale(service, mark)
  await appender.append(5)
  await checkWarehouse(service, appender.acknowledged)
  const wanted = [[mark, appender.acknowledged.moves.length]]
  expect((await rowsOf(service, 'FROM marked')).map((row) => row.map(Number))).toEqual(wanted)
  expect((await rowsOf(service, 'FROM over_marked')).map((row) => row.map(Number))).toEqual(wanted)
  expect((await service.views()).filter(({ state }) => state !== 'live')).toEqual([])
  expect(await engine.stop(), engine.log()).toBe(0)
  await checkFile(project.views)
}

async function isReady(engine: EngineChild): Promise<boolean> {
  return engine.ready.then(
    () => true,
    async () => {
      expect(await engine.ended).toMatchObject({ code: 1 })
      return false
    },
  )
}

async function replayed(project: TempProject, view: string): Promise<void> {
  const child = spawn(process.execPath, [await builtCli(), 'replay', view, '--project', project.root], { stdio: 'ignore' })
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
}

async function neverStale(service: Service, mark: number): Promise<void> {
  for (;;) {
    const status = await service.status()
    const found = await rowsOf(service, 'SELECT mark FROM marked').catch((error: { code: string }) => error.code)
    if (typeof found === 'string') expect(found).toBe('view-unknown')
    else expect(found.map(([cell]) => Number(cell))).toEqual([mark])
    if (status.replays.length === 0) return
  }
}
