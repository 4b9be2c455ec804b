import type { Col, Op } from '../algebra/op.ts'
import type { Reference } from '../algebra/refound.ts'

/** Cost of a batch: the batch itself; the groups, partitions or join keys that it touches; the inputs. */
export type Strategy = 'linear' | 'affected keys' | 'full'

/** What is known of a rule's input when the rule is planned. */
export interface Traits {
  readonly op: Op
  /** Its rows are only ever added to: no change has a negative weight. */
  readonly insertOnly: boolean
}

/** Begins a statement that is told its count even in a batch that goes as one string: 0 is usual, and skips several others. */
export const asked = '/* asked */ '

/**
 * How one operator's rows are kept: text out, no database. A rule stores its rows (or what they follow from) in tables of its
 * own and is told its inputs' changes. All inputs are already in the state after the batch when it runs.
 */
export interface Rule {
  readonly strategy: Strategy
  /** Why this strategy, for `explain`, in words of the user's SQL. */
  readonly reason: string
  /** What is stored, for `explain`: `count and sum per group`. */
  readonly state: string
  /** What would make it cheaper, where something would. */
  readonly advice?: string
  /** Its own rows are only ever added to; each row of its change then stands for one, with `_w` 1. */
  readonly insertOnly: boolean
  /** For each input: must its rows be at hand (`rows`, `weighted`, `before`), or is its change enough? */
  readonly needsRows: readonly boolean[]
  /** Statements that make the empty state. `table` and `side` give quoted names. The empty state already shows the operator over empty inputs. */
  create(names: Names): readonly string[]
  /** SELECT of the rows, columns by id in the operator's order, a row as often as it stands in the bag. */
  rows(names: Names): string
  /** The same as distinct-or-not rows with `_w` BIGINT, where that is cheaper than repeating; default: `rows` with 1. */
  weighted?(names: Names): string
  /** The same rows with `_at`, the position (`Run.at`) of the batch that added them; for rows that are only added. */
  marked?(names: Names): string
  /**
   * One batch. Yields its statements one by one and is told how many rows each wrote (CREATE TABLE AS included); where that is
   * not known (a batch sent as one string), it is told 1. So a count may skip work and must not decide what is right.
   * Returns whether `run.change` was made and may hold rows; it must be made and net if `run.handsOn` and something changed.
   */
  maintain(run: Run): Generator<string, Handed, number>
  /** Where `run.tries` is given and nothing is handed on, it yields that of its new rows. */
  readonly canTry?: boolean
}

/** Is there a change? `added`: rows only came, and equal ones may stand in it one by one. Or the SELECT of one, which may be empty. */
export type Handed = boolean | 'added' | Told

/** A change that is no table: whoever reads it computes it. Nothing that it reads changes in the rest of the batch. */
export interface Told {
  /** SELECT of the columns in the operator's order, and `_w` BIGINT. */
  readonly select: string
  /** See `Handed`. */
  readonly isAdded: boolean
}

export interface Names {
  /** Quoted name of the main table. */
  readonly table: string
  /** Quoted name of a further table of the same version. */
  side(name: string): string
}

export interface Run extends Names {
  readonly inputs: readonly Input[]
  /** Quoted name for a temporary table of this batch, of this rule's own. Make it with CREATE OR REPLACE TEMP TABLE. */
  temp(name: string): string
  /** Somebody reads the change of these rows: make the temporary table `change` (columns by id, and `_w` BIGINT), net. */
  readonly handsOn: boolean
  readonly change: string
  /** Few rows and one reader: a change may be told instead of made (`hand-on.ts`). */
  readonly mayTell?: boolean
  /** Statement that computes what is shown of these rows (a FROM item, columns by id), which may raise. */
  readonly tries?: (rows: string) => string
  /** A few events, which go to DuckDB as one string with all that follows from them: each statement costs more than its rows. */
  readonly isSmall: boolean
  /** Sum of next offsets after the batch: rows that are only ever added are marked with it. */
  readonly at: bigint
  /** The first computation: the state is as created, each input's change is all of its rows, and there was nothing before. Nothing is handed on: whoever reads it is computed first too. */
  readonly isFirst: boolean
}

/** An input in one batch. Texts are FROM items without alias: parentheses or a name. */
export interface Input {
  readonly columns: readonly Col[]
  readonly insertOnly: boolean
  /** In this batch no row of it went. */
  readonly isOnlyAdded: boolean
  /** False: nothing of it changed; `change` is empty then. */
  readonly isChanged: boolean
  /** Rows that came (`_w` > 0) and went (`_w` < 0); columns by id and `_w`. Net per input unless it is computed by a join below, or rows only came (`isOnlyAdded`). Written anew into each statement that uses it. */
  change(): string
  /** All rows after the batch, repeated as often as they stand; columns by id. Only where `needsRows`. */
  rows(): string
  /** The same with `_w`. */
  weighted(): string
  /** Rows before the batch with `_w`, as weights that add up to them. */
  before(): string
  /**
   * Rows after the batch of which `from` (a FROM item) holds those columns that `referencesOf` was asked for: all columns, and those of
   * `from` that `more` names. Where the input is only added to and has such references.
   */
  refound(from: string, references: readonly Reference[], more: readonly string[]): string
}
