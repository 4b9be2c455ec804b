import type { Comparison } from '../replay/compare.ts'
import type { Json } from './service.ts'
import type { Discarded, Moved } from './versions-answer.ts'

/** What `apply` is asked to do. */
export interface ApplyOptions {
  /** False: what was built stays ready, and no name is moved. Default true. */
  readonly promote?: boolean
  /** Names are moved only if, of each changed view, at most this share of rows differs (0 to 1). Default: any. */
  readonly differMax?: number
}

/** What it did; JSON. */
export interface ApplyAnswer {
  /** Views that were built, with those that they needed. */
  readonly built: readonly { readonly view: string; readonly version: string; readonly rows: number }[]
  /** Events that were read for it, once for all of them. */
  readonly events: number
  readonly seconds: number
  /** Of views that had another public version. */
  readonly compared: readonly ComparedView[]
  /** Names that point at other versions now. */
  readonly promoted: readonly Moved[]
  /** Views that are not declared any more, and were taken away. */
  readonly removed: readonly Discarded[]
  /** Why names were not moved: too much differs, or it was not asked for. */
  readonly held?: string
}

export interface ComparedView extends Omit<Comparison, 'samples'> {
  readonly view: string
  /** The share of rows that differ: the more numerous of those that only one side has, by the rows of the larger side. */
  readonly share: number
  readonly samples: readonly {
    readonly only: 'before' | 'after'
    readonly times: number
    readonly row: { readonly [column: string]: Json }
  }[]
}
