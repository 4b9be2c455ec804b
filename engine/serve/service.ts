/**
 * What the command line and the socket can ask of Evert. Two implementations: in the process that holds the files
 * (`engine/serve/local.ts`), and through the socket of a running engine (`engine/serve/remote.ts`). Only JSON values
 * cross it; offsets are decimal strings, 64-bit integers and decimals of rows are strings as well.
 */
import type { ErrorCode } from '../../errors.ts'
import type { MeasuredBatch } from '../run/measurements.ts'
import type { ApplyAnswer, ApplyOptions } from './apply-answer.ts'
import type { Growth } from './explain-growth.ts'
import type { PlanAnswer } from './plan-answer.ts'
import type { Discarded, Moved, VersionInfo } from './versions-answer.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Next offsets: stream or table → one decimal string per partition. */
export type PositionJson = { readonly [stream: string]: readonly string[] }

export interface Progress {
  readonly phase: string
  readonly done: number
  /** Undefined while it is not known. */
  readonly total?: number
  readonly unit: 'events' | 'rows' | 'bytes'
  readonly perSecond: number
}

export interface Ask {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Every answer says at which position it is true. */
  readonly position: PositionJson
  readonly rows: AsyncIterable<readonly (readonly Json[])[]>
}

export interface ViewInfo {
  readonly name: string
  readonly kind: 'sql' | 'fold' | 'table' | 'stream'
  readonly strategy: 'linear' | 'affected keys' | 'full' | 'fold' | 'table' | 'history'
  readonly reason: string
  readonly reads: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly version: string
  readonly state: 'live' | 'building' | 'failed' | 'not built'
  /** The definition is another one than the rows were built from; `replay` builds the new one. */
  readonly changed?: true
  readonly error?: string
  readonly rows: number | null
  readonly position: PositionJson
  /** Bytes of all that is kept for it, as DuckDB's file holds them; what other views use as well included. Null: nothing is built. */
  readonly bytes: number | null
  /** The parts of it that other views use as well: in a total each counts once. */
  readonly shared: readonly SharedPart[]
  /** How what is kept comes to be more: see `Growth`. The worst of its parts. */
  readonly growth: Growth
  /** What it costs that may surprise: computed anew over a large input, a state without bound. Sentences. */
  readonly warnings: readonly string[]
}

export interface SharedPart {
  readonly part: string
  readonly bytes: number
  /** The other views. */
  readonly with: readonly string[]
}

export interface Explanation extends ViewInfo {
  readonly file: string
  readonly sql?: string
  /** The view with what is kept below it, down to streams and tables; folds, tables and streams are one node. */
  readonly plan: PlanNode
  /** What holds of the whole, for people. */
  readonly notes: readonly string[]
  /** The last batches' decoding of events that several views read: it is nobody's own. Empty when no engine runs. */
  readonly decoding: readonly MeasuredBatch[]
  /** What would make it cheaper, if anything is known. */
  readonly advice?: string
}

/** One line of a plan. What is kept (`view`, `part`, `table`, `history`, `fold`) has a strategy and a state, what is computed in passing has none. */
export interface PlanNode {
  readonly kind: 'view' | 'part' | 'operator' | 'stream' | 'history' | 'table' | 'fold' | 'constant'
  /** In words of SQL: `GROUP BY country: count(*)`. */
  readonly what: string
  /** Of what is kept or read. A part's begins with `~`. */
  readonly name?: string
  readonly strategy?: ViewInfo['strategy']
  readonly reason?: string
  /** `partial results per group`. */
  readonly keeps?: string
  readonly growth?: Growth
  /** The same in words. */
  readonly grows?: string
  /** Rows as they are stored, and their bytes in DuckDB's file; absent where nothing is built. */
  readonly rows?: number
  readonly bytes?: number
  /** Views that use this part as well. */
  readonly sharedWith?: readonly string[]
  readonly estimate?: Estimate
  readonly measured?: Measured
  readonly advice?: string
  /** It stands further up already, with its inputs. */
  readonly isRepeated?: true
  readonly inputs: readonly PlanNode[]
}

/** What a batch costs, before it is measured. */
export interface Estimate {
  /** The batch alone; the groups, partitions or keys that it touches; the inputs as a whole. */
  readonly of: 'batch' | 'touched' | 'all'
  /** Rows of the state or of the inputs that are looked at, as far as they are known. */
  readonly touched?: number
  readonly among?: number
  readonly text: string
}

/** The last batches of one part, while an engine runs. */
export interface Measured {
  /** Means over the batches whose statements were measured one by one; absent where there was none. */
  readonly mean?: { readonly batches: number; readonly events: number; readonly ms: number; readonly rows: number }
  /** Mean over the small batches, which go as one string: the time is the whole string's, of `parts` views and parts. */
  readonly together?: { readonly batches: number; readonly events: number; readonly ms: number; readonly parts: number }
  readonly batches: readonly MeasuredBatch[]
}

export interface ConsumerCounts {
  readonly consumer: string
  readonly stream: string
  readonly read: string
  readonly applied: string
  readonly dead: string
  readonly skipped: string
}

export interface StatusInfo {
  readonly running: boolean
  readonly pid: number | null
  readonly project: string
  readonly dataDir: string
  readonly log: { readonly id: string; readonly kind: string }
  readonly position: PositionJson
  readonly ends: PositionJson
  /** Events not yet in the views (an upper bound where offsets have gaps). */
  readonly lagEvents: number
  readonly positionSum: string
  /** Commit time of the last batch, ISO 8601. */
  readonly committedAt: string | null
  readonly consumers: readonly ConsumerCounts[]
  readonly failedViews: readonly { readonly view: string; readonly error: string }[]
  readonly halted?: string
  readonly processors: readonly { readonly name: string; readonly position: readonly string[]; readonly lagEvents: number }[]
  readonly replays: readonly { readonly view: string; readonly done: number; readonly total: number }[]
}

export interface ReplayAnswer {
  readonly view: string
  readonly version: string
  readonly events: number
  readonly rows: number
  readonly seconds: number
  readonly position: PositionJson
}

export interface VerifyAnswer {
  readonly view: string
  readonly equal: boolean
  readonly rows: number
  readonly position: PositionJson
  readonly events: number
  readonly seconds: number
  /** A sample of the differing rows: `only` says on which side it was found and how often. */
  readonly differences: readonly {
    readonly only: 'view' | 'recomputed'
    readonly times: number
    readonly row: { readonly [column: string]: Json }
  }[]
  readonly differing: number
  readonly tolerance?: string
  /** Why there was nothing to compare (the view failed, is not built, or its definition has changed); `equal` is false then. */
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}

export interface DeadLetter {
  readonly consumer: string
  readonly stream: string
  readonly partition: number
  readonly offset: string
  readonly type: string | null
  readonly key: string | null
  readonly reason: string
  readonly value: string | null
  readonly at: string
}

export interface Service {
  status(ask?: Ask): Promise<StatusInfo>
  views(ask?: Ask): Promise<readonly ViewInfo[]>
  explain(view: string, ask?: Ask): Promise<Explanation>
  /** One SELECT over views, tables, streams. Throws `query-refused`, `query-failed`, `query-timeout`. `rowsMax`: fails beyond it, never cuts silently. */
  query(sql: string, options?: { rowsMax?: number; timeoutMs?: number }, ask?: Ask): Promise<QueryAnswer>
  /** What is declared on disk now against what is kept. It has no effect. */
  plan(ask?: Ask): Promise<PlanAnswer>
  replay(view: string, ask?: Ask): Promise<ReplayAnswer>
  /** Brings what is served to what is declared on disk, all views at once. Throws `replay-busy`, `replay-failed`, `interrupted`, `definition-changed`. */
  apply(options?: ApplyOptions, ask?: Ask): Promise<ApplyAnswer>
  /** Every version that is kept, of one view or of all. Throws `view-unknown`. */
  versions(view?: string, ask?: Ask): Promise<readonly VersionInfo[]>
  /** Points names at versions that are ready; undefined: all that are. Throws `version-unknown`, `replay-busy`. */
  promote(views?: readonly string[], ask?: Ask): Promise<readonly Moved[]>
  /** Points names back at the previous versions; undefined: of all that were promoted together last. Throws as `promote`. */
  rollback(views?: readonly string[], ask?: Ask): Promise<readonly Moved[]>
  /** Takes versions away that are not public: `view`, `view@version`; undefined: all. Throws `version-unknown`, `version-needed`, `replay-busy`. */
  discard(versions?: readonly string[], ask?: Ask): Promise<readonly Discarded[]>
  /** Undefined: all views and tables. Yields one answer a view, also for one that is not live. Throws `view-unknown` before the first. */
  verify(views: readonly string[] | undefined, ask?: Ask): AsyncIterable<VerifyAnswer>
  deadLetters(options?: { stream?: string; consumer?: string; limit?: number }, ask?: Ask): Promise<readonly DeadLetter[]>
  close(): Promise<void>
}
