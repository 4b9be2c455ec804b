import type { WorldSpec } from './schema.ts'

/** A view's text, and the recomputation's: they differ in what the compiler adds by itself. */
export interface ViewText {
  readonly name: string
  readonly view: string
  readonly plain: string
}

/** An event of a stream, a row of a table, or a tombstone. */
export interface Appended {
  readonly type?: string
  readonly data: Readonly<Record<string, unknown>> | null
  readonly key?: string
}

/** Bytes of somebody else; with `data` when they are a good event. */
export interface Foreign {
  readonly type: string
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
}

export type Step =
  | { readonly do: 'append'; readonly to: string; readonly events: readonly Appended[] }
  | { readonly do: 'foreign'; readonly to: string; readonly partition: number; readonly events: readonly Foreign[] }
  /** At most so many batches of at most so many events, as constants or as parameters. */
  | { readonly do: 'batches'; readonly count: number; readonly events: number; readonly path: 'constants' | 'parameters' }
  | { readonly do: 'restart' }
  /** A restart with all views: those that come after the first `early` are built beside the others. */
  | { readonly do: 'join' }
  /** The engine's process is killed, wherever it stands; the next one lives until it comes to `at`. */
  | { readonly do: 'kill'; readonly at: Death }

/** A place of `engine/run/crash.ts`, as `name:times`; or some milliseconds after so many batches were asked for, 0 being the start. */
export type Death = { readonly place: string } | { readonly batches: number; readonly ms: number }

/** One project and its life: plain data, so that it can be written to a file, read by people, and run again. */
export interface Case {
  readonly world: WorldSpec
  readonly views: readonly ViewText[]
  /** How many of the views are there from the start. */
  readonly early: number
  /** DuckDB in a file, which a restart closes and opens. */
  readonly durable: boolean
  /** Rows up to which views are computed anew, whatever their parts, so that they are planned anew in the middle of their life. Absent or 0: never. */
  readonly recomputeRowsMax?: number
  readonly steps: readonly Step[]
}
