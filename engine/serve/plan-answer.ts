import type { Breaking } from '../replay/breaking.ts'
import type { Estimate } from '../replay/estimate.ts'
import type { PositionJson, ViewInfo } from './service.ts'

/** What an apply would do. It has no effect. */
export interface PlanAnswer {
  /** In order of dependence; what is removed comes last. Empty: what is declared is what is kept. */
  readonly changes: readonly PlannedChange[]
  /** Streams and tables that were decoded by another schema than the declared one. */
  readonly schemas: readonly string[]
  /** Some reader may notice. */
  readonly breaking: boolean
  /** All builds in one pass over the log; absent where nothing is built, or the sample failed. */
  readonly estimate?: Estimate
  /** Where the log ends: what is built reads up to there. */
  readonly ends: PositionJson
}

export interface PlannedChange {
  readonly name: string
  readonly kind: ViewInfo['kind']
  /** `lost`: it was there, and the store has no rows of it. */
  readonly change: 'added' | 'changed' | 'removed' | 'lost'
  /** In words: `its definition`, `the schema of sales`, `totals, which it reads`. */
  readonly because: readonly string[]
  readonly versionBefore?: string
  readonly version?: string
  readonly strategy?: ViewInfo['strategy']
  /** The declared version is kept beside the public one, which was rolled back to: nothing is to be built. */
  readonly isKept?: true
  /** Declared views that read it, directly or through others. */
  readonly readBy: readonly string[]
  readonly breaking: readonly Breaking[]
  readonly columnsAdded: readonly string[]
  readonly estimate?: Estimate
  /** Why it cannot be built: its SELECT raised over the first events, or one of them is refused. */
  readonly problem?: string
}
