import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Engine, startEngine } from '../../engine/serve/engine.ts'
import { cpuSecondsSince } from '../support/catch-up.ts'
import { Commits } from './commits.ts'
import { nexmarkProject, withOneQuery } from './project.ts'
import { appendSmall } from './small-batches.ts'
import { Statements } from './statements.ts'
import { type Measured, type RunLine, type RunTask, taskOf, tell } from './task.ts'

/** One query, one engine, one process: what an earlier query left behind in memory is not measured with it. */
const task = taskOf<RunTask>()
const store = join(task.dataDir, 'views.duckdb')
const progressMs = 500

const statements = new Statements()
if (task.profile) statements.listen()
const project = withOneQuery(await nexmarkProject(), task.query, task)
let toldAt = 0
const commits = new Commits((events) => {
  if (performance.now() < toldAt + progressMs) return
  toldAt = performance.now()
  tell<RunLine>({ kind: 'progress', events })
})
tell<RunLine>({ kind: 'ready' })
const starting = performance.now()
const engine = await startEngine(project, {
  logger: pino({ level: 'debug' }, commits),
  // Batches of a given size are to be followed one by one, as if the events came now.
  ...(task.batch === undefined ? {} : { firstBuildEventsMin: Number.POSITIVE_INFINITY }),
})
// The loop begins within the last turn of the start, and its first batch is not yet read.
const begin = performance.now()
const measured = await measure(engine, begin, begin - starting)
tell<RunLine>({ kind: 'measured', measured })
const { strategy, reason } = await engine.service.explain(task.query)
await engine.stop()
tell<RunLine>({ kind: 'stopped', strategy, reason, stateBytes: sizeOf(store) + sizeOf(`${store}.wal`) })

async function measure(running: Engine, from: number, startMs: number): Promise<Measured> {
  statements.clear()
  const used = process.cpuUsage()
  const at = await Promise.race([commits.reach(task.events), halted(running)])
  const cpuSeconds = cpuSecondsSince(used)
  // Wide enough for a checkpoint or two where there are many: in a narrow window one alone would be taken for growth.
  const around = (point: number) => commits.microsAt(point / 2, Math.min(2 * point, task.events), from) ?? null
  const built = {
    startMs,
    seconds: (at - from) / 1000,
    cpuSeconds,
    worstMs: commits.worst(from),
    micros: task.points.map(around),
    lastMicros: commits.microsAt(task.events * 0.9, task.events, from) ?? null,
  }
  if (task.batches > 0) statements.clear()
  const small = task.batches > 0 ? await appendSmall(project, task, commits, store) : undefined
  return { ...built, ...(small && { small }), ...(task.profile && { statements: statements.all() }) }
}

/** An engine that halts ends the wait. */
async function halted(running: Engine): Promise<never> {
  await running.done
  throw new Error('The engine stopped before all events were in the views')
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
