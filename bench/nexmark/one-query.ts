import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runChild } from './child.ts'
import type { Input } from './input.ts'
import type { Options } from './options.ts'
import type { Measured, Recomputed, RecomputeTask, RunLine, RunTask } from './task.ts'

/** All that is known of one query's run. */
export interface Result {
  readonly query: string
  readonly strategy: string
  readonly reason: string
  readonly events: number
  readonly measured: Measured
  readonly peakBytes: number
  readonly stateBytes: number
  readonly recomputed: Recomputed
  /** In the mode hot, whose bids name four ids: the same with 100,000. */
  readonly cold?: Result
}

/** The engine in one new process, the recomputation in another, over a log that no engine has seen. */
export async function oneQuery(
  query: string,
  options: Options,
  input: Input,
  dir: string,
  onProgress: (events: number) => void,
): Promise<Result> {
  const dataDir = join(dir, query)
  try {
    await copyFolder(input.log, join(dataDir, 'log'))
    const ran = await runEngine(query, options, input, dataDir, onProgress)
    await rm(join(dataDir, 'log'), { recursive: true })
    return { query, events: options.events, ...ran, recomputed: await recompute(query, options, input, dataDir) }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function runEngine(query: string, options: Options, { made }: Input, dataDir: string, onProgress: (events: number) => void) {
  const { events, batch, threads, memory, profile, mode } = options
  const points = { backlog: [], hot: [], live: [1_000_000], curve: [1_000_000, 5_000_000], latency: [] }[mode]
  const task: RunTask = {
    ...{ query, dataDir, batch, threads, memory, events, profile },
    points: points.filter((point) => point < events),
    made,
    batches: mode === 'latency' ? options.batches : 0,
  }
  let peakBytes = 0
  let measuring = false
  let measured: Measured | undefined
  let stopped: Extract<RunLine, { kind: 'stopped' }> | undefined
  await runChild<RunLine>('run-child', task, {
    onMemory: (bytes) => {
      if (measuring) peakBytes = Math.max(peakBytes, bytes)
    },
    onLine: (line) => {
      if (line.kind === 'ready') measuring = true
      else if (line.kind === 'progress') onProgress(line.events)
      else if (line.kind === 'stopped') stopped = line
      else {
        measuring = false
        measured = line.measured
      }
    },
  })
  if (!measured || !stopped) throw new Error('the process ended without an answer')
  const { strategy, reason, stateBytes } = stopped
  return { strategy, reason, stateBytes, measured, peakBytes }
}

async function recompute(
  query: string,
  { threads, needed: isNeededTold }: Options,
  { parquet, lines }: Input,
  dataDir: string,
): Promise<Recomputed> {
  const task: RecomputeTask = { query, dataDir, parquet, lines, threads, isNeededTold }
  let answer: Recomputed | undefined
  await runChild<Recomputed>('recompute-child', task, {
    onLine: (line) => {
      answer = line
    },
  })
  if (!answer) throw new Error('the recomputation ended without an answer')
  return answer
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) await copyFile(join(from, name), join(to, name))
}
