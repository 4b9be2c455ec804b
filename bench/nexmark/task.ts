import type { EventOptions } from './event.ts'
import type { Needed } from './needed.ts'
import type { EngineSettings } from './project.ts'
import type { StatementTime } from './statements.ts'

/** What the process that runs the engine is told. */
export interface RunTask extends EngineSettings {
  readonly query: string
  /** Events that wait in the log. */
  readonly events: number
  readonly made: EventOptions & { readonly foreign: boolean }
  /** Numbers of events at which the time of an event is wanted. */
  readonly points: readonly number[]
  /** Small batches after that, each awaited. */
  readonly batches: number
  readonly profile: boolean
}

/** What it answers once all is committed. */
export interface Measured {
  readonly startMs: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly worstMs: number
  /** Microseconds an event around each point, from half to twice as many events, as far as there were batches enough to tell. */
  readonly micros: readonly (number | null)[]
  /** The same of the last tenth. */
  readonly lastMicros: number | null
  readonly small?: SmallBatches
  readonly statements?: readonly StatementTime[]
}

export interface SmallBatches {
  readonly all: Quantiles
  /** Without those before or in which a checkpoint was written. */
  readonly calm: Quantiles
  readonly checkpoints: number
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** Lines of the process that runs the engine. */
export type RunLine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly events: number }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'stopped'; readonly strategy: string; readonly reason: string; readonly stateBytes: number }

/** What the process that recomputes is told. */
export interface RecomputeTask {
  readonly query: string
  readonly dataDir: string
  readonly parquet: readonly string[]
  /** Files of lines over which the recomputation is timed; empty: it is not. */
  readonly lines: readonly string[]
  readonly threads: number | undefined
  /** Whether it tells what the view cannot do without. */
  readonly isNeededTold: boolean
}

/** The one line that it answers. */
export interface Recomputed {
  readonly seconds: number | null
  readonly rows: number
  readonly wanted: number
  readonly isEqual: boolean
  /** Some rows that are on one side only. */
  readonly differences: readonly string[]
  readonly needed: Needed | null
}

/** The task that a child process was started with. */
export function taskOf<Task>(): Task {
  const [task] = process.argv.slice(2)
  if (task === undefined) throw new Error('Wanted: a task as JSON')
  return JSON.parse(task) as Task
}

/** Tells the parent one line. */
export function tell<Line>(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
