import type { Line } from './print.ts'

/** What each benchmark is handed: how much, how often, and a folder of its own that is removed after it. */
export interface Setting {
  /** Events of the large loads. Figures of fewer than a million are not worth much. */
  readonly events: number
  /** Runs of each measurement; medians are printed. */
  readonly rounds: number
  readonly dir: string
  readonly seed: number
}

/** One benchmark: a name for the command line, what it measures, and the lines of its table. */
export interface Benchmark {
  readonly name: string
  readonly title: string
  run(setting: Setting): Promise<readonly Line[]>
}
