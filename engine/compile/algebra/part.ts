import type { Rule } from '../rules/rule.ts'
import type { Feed } from './feed.ts'
import type { Rename } from './ids.ts'
import type { Op, Scan } from './op.ts'

/** One operator that is kept, and how its inputs come to it. A view is one part, with perhaps others below it. */
export interface Part {
  /** The view's name, or `~` and a hash of what it computes: views that compute the same thing share it. */
  readonly name: string
  readonly op: Op
  readonly rule: Rule
  readonly feeds: readonly Feed[]
  /** Names of its columns to those who read it, in the order of `op.columns`. */
  readonly names: readonly string[]
  /** Scans of the batch's own events. */
  readonly streams: readonly Scan[]
  /** Tables, views and parts that it reads; a stream's name where its whole history is read. */
  readonly reads: readonly string[]
  /** It follows from the events alone, batch by batch; otherwise its first rows are computed from its inputs' rows. */
  readonly byEvents: boolean
  /** What it computes, independent of the ids in it. */
  readonly canonical: string
  /** Its statements as they are stored and run: ids are those of the view that was bound first, and of no meaning to another. */
  readonly rename: Rename
}
