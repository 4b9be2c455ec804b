import type { Log } from '../../connectors/log/log.ts'
import type { Store } from '../../connectors/store/store.ts'
import { type Ahead, workAhead } from './ahead.ts'
import type { Batch, Position, Source } from './batch.ts'
import type { Measurements } from './measurements.ts'
import type { Member } from './member.ts'
import { type ReadLimits, readBatch } from './read-batch.ts'
import { wantOf } from './want.ts'

export interface LookaheadOptions {
  readonly store: Store
  readonly log: Log
  readonly sources: ReadonlyMap<string, Source>
  readonly batch: ReadLimits
  readonly literalEventsMax?: number | undefined
  readonly measurements: Measurements
  /** Who is maintained now. */
  readonly members: () => readonly Member[]
  /** Some of them are computed for the first time: nothing is worked out before its turn. */
  readonly hasFresh: () => boolean
  /** See `PrepareContext.at`, of a batch that ends there. */
  readonly at: (position: Position) => bigint
}

/** A batch, and what was worked out of it before its turn. */
export interface Upcoming {
  readonly batch: Batch | undefined
  readonly ahead?: Ahead | undefined
}

/** For whom a batch was read, and from where: members that joined meanwhile may want more of an event, and after a failure another batch is due. */
interface Read {
  readonly members: readonly Member[]
  readonly from: Position
}

/**
 * The batches to come. While one is applied, the next is read and, as far as that follows from its events alone, worked out; and
 * where full batches wait, the one after it is read while DuckDB decodes the next, so that neither waits for the log. That is one
 * batch more in memory. With less waiting it would only cut the events into smaller batches, and so it is not done.
 */
export class Lookahead {
  readonly #options: LookaheadOptions
  /** Which of two places the tables of the batch that is worked on go to, and whose tables each holds. */
  #place: 0 | 1 = 0
  readonly #usedFor: (readonly Member[] | undefined)[] = []
  #next: Promise<Read & Upcoming> | undefined
  #later: (Read & { readonly batch: Promise<Batch | undefined> }) | undefined

  constructor(options: LookaheadOptions) {
    this.#options = options
  }

  /** The batch after `batch`, which is being applied; harmless when it is under way already. */
  begin(batch: Batch): void {
    this.#next ??= this.#readAhead(batch)
    this.#next.catch(() => undefined) // awaited when it is taken, where it throws
  }

  /** The batch at `position`: as it was read before its turn, or read now. */
  async take(position: Position): Promise<Upcoming> {
    const next = await this.#next
    this.#next = undefined
    return next?.batch !== undefined && this.#isDue(next, position) ? next : { batch: await this.#read(position) }
  }

  /** There is more than it holds, or so it seems. */
  isFull({ events, bytes }: Batch): boolean {
    return events >= this.#options.batch.events || bytes >= this.#options.batch.bytes
  }

  /** Resolves when nothing is read or decoded any more; what was is forgotten. */
  async settle(): Promise<void> {
    await this.#next?.catch(() => undefined) // what it is told of is told in its turn, which does not come
    await this.#later?.batch.catch(() => undefined)
    this.#next = undefined
    this.#later = undefined
  }

  async #readAhead({ to }: Batch): Promise<Read & Upcoming> {
    const { store, sources, literalEventsMax, measurements, hasFresh, at } = this.#options
    const members = this.#options.members()
    const later = this.#later
    this.#later = undefined
    const batch = (later && this.#isDue(later, to) ? await later.batch : undefined) ?? (await this.#read(to))
    if (!batch || hasFresh()) return { members, from: to, batch }
    const place = this.#place === 0 ? 1 : 0
    this.#place = place
    const ahead = await workAhead(store, batch, {
      sources,
      members,
      at: at(batch.to),
      schema: `live ${place}`,
      isStale: this.#usedFor[place] !== members,
      onBusy: () => this.#readLater(batch),
      literalEventsMax,
      measurements,
    })
    this.#usedFor[place] = ahead ? members : undefined // whatever failed may have left no place at all
    return { members, from: to, batch, ahead }
  }

  #readLater(batch: Batch): void {
    if (!this.isFull(batch)) return
    this.#later = { members: this.#options.members(), from: batch.to, batch: this.#read(batch.to) }
    this.#later.batch.catch(() => undefined) // awaited when its turn comes, where it throws
  }

  #isDue({ members, from }: Read, position: Position): boolean {
    return members === this.#options.members() && from === position
  }

  #read(from: Position): Promise<Batch | undefined> {
    const { log, sources, batch } = this.#options
    const members = this.#options.members()
    return readBatch(log, [...sources.values()], from, batch, (source) => wantOf(source, members))
  }
}
