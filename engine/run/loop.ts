import type { Log } from '../../connectors/log/log.ts'
import type { Amount, Store } from '../../connectors/store/store.ts'
import { limits } from '../../limits.ts'
import type { Ahead } from './ahead.ts'
import { applyBatch } from './apply.ts'
import { type Batch, type Position, positionSum, type Source } from './batch.ts'
import { type Checkpoint, Checkpoints } from './checkpoints.ts'
import type { Changes } from './derivation.ts'
import { Lookahead } from './lookahead.ts'
import { Measurements } from './measurements.ts'
import { consumerOf, type Member, tableOf, ViewFailed } from './member.ts'
import { positionStatement } from './position-statement.ts'
import type { ReadLimits } from './read-batch.ts'
import { setVersionState, writeFresh } from './registry.ts'

export interface LoopOptions {
  readonly store: Store
  readonly log: Log
  readonly sources: ReadonlyMap<string, Source>
  readonly position: Position
  /** Offsets of topics that are read no more: a batch's number must not fall behind those that counted them. */
  readonly retired?: bigint
  readonly members: readonly Member[]
  readonly batch: ReadLimits
  /** Batches of at most this many events go to DuckDB as constants; default `limits.literalEventsMax`. */
  readonly literalEventsMax?: number | undefined
  /** A view's SELECT raised; it and the views that read it are taken out, the others go on. A version beside the public one is told by its id. */
  readonly onViewFailed: (view: string, error: string) => void
  readonly onCommit?: (commit: Commit) => void
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void
}

export interface Commit {
  readonly position: Position
  readonly events: number
  readonly at: Date
  readonly views: readonly string[]
  /** What each derivation handed on; its tables are there until the batch after the next is worked on. */
  readonly changes: Changes
}

/** Work that is done between live batches, a step at a time: a build. */
export interface Background {
  /** `more`: call again soon; `wait`: nothing to do before the next commit; `done`: never call again. */
  step(): Promise<'more' | 'wait' | 'done'>
}

/** The loop of design §4: read, decode, maintain, record, commit, publish. One a data directory. */
export class Loop {
  /** What the last batches took, by derivation. */
  readonly measurements = new Measurements()
  readonly #options: LoopOptions
  #position: Position
  #members: readonly Member[]
  #fresh = new Set<string>()
  #background: Background[] = []
  #boundary: (() => Promise<void>)[] = []
  #wake = new AbortController()
  readonly #lookahead: Lookahead
  readonly #checkpoints: Checkpoints
  #committedAt: Date | undefined

  constructor(options: LoopOptions) {
    this.#options = options
    this.#position = options.position
    this.#members = options.members
    this.#lookahead = new Lookahead({
      ...options,
      measurements: this.measurements,
      members: () => this.#members,
      hasFresh: () => this.#fresh.size > 0,
      at: (position) => this.#at(position),
    })
    this.#checkpoints = new Checkpoints(options.store, options.onCheckpoint)
  }

  #at(position: Position): bigint {
    return (this.#options.retired ?? 0n) + positionSum(position)
  }

  /** Number of the last batch. */
  get at(): bigint {
    return this.#at(this.#position)
  }

  get position(): Position {
    return this.#position
  }

  get members(): readonly Member[] {
    return this.#members
  }

  get committedAt(): Date | undefined {
    return this.#committedAt
  }

  /** Runs `work` between two batches, when no transaction is under way. */
  atBoundary<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#boundary.push(() => work().then(resolve, reject))
      this.#wake.abort()
    })
  }

  /** Only within `atBoundary` or before `run`: other members from the next batch on. `fresh` ones are computed then in any case. */
  setMembers(members: readonly Member[], fresh: Iterable<string> = []): void {
    this.#members = members
    for (const name of fresh) this.#fresh.add(name)
  }

  addBackground(work: Background): void {
    this.#background.push(work)
    this.#wake.abort()
  }

  removeBackground(work: Background): void {
    this.#background = this.#background.filter((known) => known !== work)
  }

  /** Until `signal` aborts; the batch under way is finished. Rejects when the engine must halt. */
  async run(signal: AbortSignal): Promise<void> {
    const onStop = () => this.#wake.abort()
    signal.addEventListener('abort', onStop)
    try {
      while (!signal.aborted) {
        this.#wake = new AbortController() // whoever wakes the loop in this turn ends the idling at its end
        const batch = await this.#turn()
        if (batch) {
          // With more events waiting than a batch holds, a build must be faster than the live views, or it never meets them.
          await this.#stepBackground()
          if (this.#lookahead.isFull(batch)) await this.#stepBackground()
        } else if (!(await this.#stepBackground())) await this.#idle()
        await this.#checkpoints.between()
      }
    } finally {
      signal.removeEventListener('abort', onStop)
      await this.settle()
      await this.#runBoundary()
    }
  }

  /** Applies what is there now and returns the number of events, 0 when caught up. For engines that are stepped by hand. */
  async step(): Promise<number> {
    const batch = await this.#turn()
    const progressed = await this.#stepBackground()
    return batch?.events ?? (progressed ? 1 : 0)
  }

  /** Resolves when nothing is read or decoded ahead any more; for whoever steps by hand and goes on with another loop. */
  async settle(): Promise<void> {
    await this.#lookahead.settle()
  }

  /** One batch, if there is one; while DuckDB works on it, the next is read. */
  async #turn(): Promise<Batch | undefined> {
    await this.#runBoundary()
    const { batch, ahead } = await this.#lookahead.take(this.#position)
    if (!batch) return undefined
    const readAhead = () => this.#lookahead.begin(batch)
    await this.#apply(batch, ahead, readAhead)
    readAhead()
    return batch
  }

  async #apply(batch: Batch, ahead?: Ahead, onBusy?: () => void): Promise<void> {
    const { store, sources } = this.#options
    store.expect(this.#amountOf(batch))
    const at = new Date()
    const { members: met } = this
    let changes: Changes
    for (;;) {
      const members = this.#members
      try {
        changes = await applyBatch(store, batch, {
          sources,
          members,
          ...(onBusy ? { onBusy } : {}),
          ahead: members === met && this.#fresh.size === 0 ? ahead : undefined,
          at: this.#at(batch.to),
          fresh: this.#fresh,
          measurements: this.measurements,
          literalEventsMax: this.#options.literalEventsMax,
          also: (refused) => [positionStatement(sources, batch, this.#position, refused, at), ...this.#computed()],
        })
        break
      } catch (error) {
        if (!(error instanceof ViewFailed)) throw error
        await this.#fail(error)
      }
    }
    this.#fresh.clear()
    this.#position = batch.to
    this.#committedAt = at
    const views = this.#members.map((member) => member.derivation.id)
    this.#options.onCommit?.({ position: batch.to, events: batch.events, at, views, changes })
  }

  /** What is computed anew from all of its input has many rows whatever the batch. */
  #amountOf({ events }: Batch): Amount {
    const isWhole =
      this.#fresh.size > 0 || this.#members.some(({ derivation }) => derivation.strategy === 'full' && derivation.isChosenWhole !== true)
    return isWhole || events > limits.stagedEventsMax ? 'many' : 'few'
  }

  /** Computes members that have just joined although no event came; a no-op without any. */
  async computeFresh(): Promise<void> {
    this.#options.store.expect('many')
    while (this.#fresh.size > 0) {
      const batch: Batch = { chunks: new Map(), events: 0, bytes: 0, to: this.#position }
      try {
        await applyBatch(this.#options.store, batch, {
          sources: this.#options.sources,
          members: this.#members,
          at: this.#at(batch.to),
          fresh: this.#fresh,
          also: () => this.#computed(),
        })
        this.#fresh.clear()
      } catch (error) {
        if (!(error instanceof ViewFailed)) throw error
        await this.#fail(error)
      }
    }
  }

  /** What the transaction that computes the fresh members writes beside their rows. */
  #computed(): { sql: string }[] {
    return this.#fresh.size > 0 ? writeFresh([]).map((sql) => ({ sql })) : []
  }

  async #fail(error: ViewFailed): Promise<void> {
    const out = new Set([error.member.derivation.id])
    for (const member of this.#members) if (member.derivation.reads.some((read) => out.has(read))) out.add(member.derivation.id)
    const failed = this.#members.filter((member) => out.has(member.derivation.id))
    await this.#options.store.transaction(async (tx) => {
      for (const member of failed) {
        const isOwn = member === error.member || error.member.derivation.kind === 'part'
        const why = isOwn ? error.message : `it reads ${error.member.derivation.name}, which failed: ${error.message}`
        await tx.run(setVersionState(tableOf(member), 'failed', why))
        const names = member.isAside === true ? [] : member.derivation.unpublish()
        for (const statement of [...names, ...member.derivation.conceal()]) await tx.run(statement)
        if (member.derivation.kind !== 'part') this.#options.onViewFailed(consumerOf(member), why)
      }
    })
    for (const name of out) this.#fresh.delete(name)
    this.#members = this.#members.filter((member) => !out.has(member.derivation.id))
  }

  async #runBoundary(): Promise<void> {
    for (let work = this.#boundary.shift(); work; work = this.#boundary.shift()) await work()
  }

  async #stepBackground(): Promise<boolean> {
    const work = this.#background[0]
    if (!work) return false
    this.#options.store.expect('many')
    const result = await work.step()
    if (result === 'done') this.removeBackground(work)
    return result !== 'wait'
  }

  async #idle(): Promise<void> {
    const { signal } = this.#wake
    if (signal.aborted) return
    const timeoutMs = this.#checkpoints.quietMs
    const hasEvents = await this.#options.log.wait(this.#position, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
    if (!hasEvents && !signal.aborted && timeoutMs !== undefined) await this.#checkpoints.quiet()
  }
}
