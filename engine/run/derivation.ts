import type { Chunk } from '../../connectors/log/log.ts'
import type { Column, Parameter, Transaction } from '../../connectors/store/store.ts'
import type { Strategy } from '../compile/rules/rule.ts'
import type { BadEvent, Batch } from './batch.ts'
import type { Binder } from './source.ts'

/** One statement of a batch's transaction. */
export interface Statement {
  readonly sql: string
  readonly parameters?: readonly Parameter[] | undefined
  /** It follows from the batch's events alone and does nothing but make this temporary table, so it may be run before the transaction. */
  readonly makes?: string
  /** Where statements are not told what they wrote, this one is: its count mostly skips several others. */
  readonly asks?: boolean
  /** The transaction fails unless the statement changes this many rows. */
  readonly rows?: number
}

/**
 * Statements that follow from each other: each is yielded, and told how many rows it wrote (CREATE TABLE AS included). Where
 * that is not known, since the batch goes as one string, it is told 1: a count may skip work and must not decide what is right.
 */
export type Steps = Generator<Statement, void, number>

/** Which derivations changed in this batch, and by what: each hands its net change on to those that read it. */
export interface Changes {
  /** Did the rows of this derivation change? Asked by those that come after it. */
  has(name: string): boolean
  /** It did; where somebody reads it, `table(name)` holds the change. `onlyAdded`: its rows only came. */
  add(name: string, onlyAdded?: boolean): void
  /** The same, where its one reader computes the change: `table(name)` is this SELECT in parentheses. */
  tell(name: string, select: string, onlyAdded: boolean): void
  /** Did its rows only come, as far as is known? */
  isAdded(name: string): boolean
  /** Does anybody read its change? */
  isRead(name: string): boolean
  /** How many do. */
  readers(name: string): number
  /** FROM item of its net change, a temporary table's quoted name if it was made: its columns and `_w` BIGINT, which is how many more there are. */
  table(name: string): string
  /** Name of that table before it is known where it is: for `place`. */
  changeName(name: string): string
  /** Quoted name of a temporary table of this batch, where it is now. */
  place(temporary: string): string
  /** Was it made from the batch's events alone, before the transaction? */
  isAhead(temporary: string): boolean
}

/** How a batch's events are had in SQL; one per statement, since parameters are numbered by statement. */
export interface Deltas {
  /** FROM item with the wanted columns of a stream's events in this batch: a subquery, or a temporary table's. */
  from(stream: string, options: { needs: ReadonlySet<string> | undefined; placed: boolean; type?: string; tombstones?: boolean }): string
  readonly binder: Binder
}

/** See `Project.foldCodes`. */
export interface FoldCode {
  readonly text: string
  readonly packages: readonly string[]
}

/** What a derivation answers for one batch. */
export interface Prepared {
  readonly statements: readonly Statement[] | (() => Steps)
  /** Events that this derivation itself could not apply (a fold whose handler threw), beside those that could not be decoded. */
  readonly rejected?: readonly Rejected[]
  /** Called when the batch's transaction has committed, or not: caches follow the store, never lead it. */
  readonly settled?: (committed: boolean) => void
}

export interface Rejected extends BadEvent {
  readonly chunk: Chunk
}

/** Events of a batch that one statement reads. */
export interface Use {
  readonly stream: string
  /** One event type only. */
  readonly type?: string
  readonly needs: ReadonlySet<string> | undefined
  readonly placed: boolean
}

/**
 * One thing that is kept in the store: a stream's history, a table, a SQL view, a fold. A version of it owns one table.
 * The loop prepares all of them for a batch, in the order of dependence, and runs their statements in one transaction.
 */
export interface Derivation {
  /** Of this version of a view; for all else the name. What others read, and what changes, is told by it. */
  readonly id: string
  /** The name that users know it by; a part, which is what several views, or one, keep on the way to their rows, has none but its id. */
  readonly name: string
  readonly kind: 'history' | 'table' | 'part' | 'sql' | 'fold'
  readonly strategy: Strategy | 'fold' | 'table' | 'history'
  readonly reason: string
  /** Names a version: the definition and all that it reads. */
  readonly fingerprint: string
  /** The engine has chosen to compute it anew, which the registry remembers (`choose-plans.ts`). */
  readonly isChosenWhole?: boolean
  /** The definition's text, for the registry. */
  readonly source: string
  /** Ids of the views that its SELECT names, likewise. */
  readonly views?: readonly string[]
  /** A fold's code, from which it is loaded again when its declaration has become another. */
  readonly code?: FoldCode
  readonly columns: readonly Column[]
  /** Streams and tables whose events of a batch it reads, with the columns needed (lower case; undefined: all). */
  readonly streams: ReadonlyMap<string, { needs: ReadonlySet<string> | undefined; placed: boolean }>
  /** The same, one event type at a time, where it reads single types. */
  readonly uses?: readonly Use[]
  /** Ids of other derivations whose rows it reads when a batch is applied. They are applied before it. */
  readonly reads: readonly string[]
  /** False: its rows follow from the state alone, so a build computes it once, at the end. */
  readonly byEvents: boolean
  /** Statements that make the empty state in `table` (a quoted name). */
  create(table: string): readonly string[]
  /** Statements that (re)point the names by which others read it at `table`. */
  expose(table: string): readonly string[]
  /** Statements that take these names away. */
  conceal(): readonly string[]
  /** Statements that (re)point a view's public name at this version. */
  publish(): readonly string[]
  /** Statements that take it away. */
  unpublish(): readonly string[]
  prepare(batch: Batch, table: string, context: PrepareContext): Promise<Prepared>
}

export interface PrepareContext {
  /** A new statement's deltas: `parameters` belong to that statement. */
  deltas(parameters: Parameter[]): Deltas
  /** Reads of the state as it was before the batch. Folds load their states with it. */
  readonly before: Transaction
  readonly literal: boolean
  readonly changes: Changes
  /** It is computed from its inputs' rows, whatever changed in this batch: it has just joined. */
  readonly isFirst: boolean
  /** A number for the batch, greater than that of every batch before: the sum of next offsets after it, over all topics ever read. */
  readonly at: bigint
}
