import type { Log } from '../../connectors/log/log.ts'
import type { Store } from '../../connectors/store/store.ts'
import { asEvertError, EvertError } from '../../errors.ts'
import { applyBatch } from '../run/apply.ts'
import { type Batch, isAt, type Position, positionSum, type Source } from '../run/batch.ts'
import { crashPoint } from '../run/crash.ts'
import { decodedSchemas, forgetDecoding } from '../run/decoded.ts'
import type { Derivation } from '../run/derivation.ts'
import type { Background, Loop } from '../run/loop.ts'
import { type Member, ViewFailed } from '../run/member.ts'
import { type ReadLimits, readBatch } from '../run/read-batch.ts'
import {
  dropBuild,
  freeTable,
  idOf,
  insertVersion,
  isView,
  readAllVersions,
  setVersionState,
  stateTable,
  type VersionRow,
} from '../run/registry.ts'
import { wantOf } from '../run/want.ts'
import { joinAside } from './join-aside.ts'
import { swap } from './swap.ts'

export interface BuildOptions {
  readonly store: Store
  readonly log: Log
  readonly loop: Loop
  readonly sources: ReadonlyMap<string, Source>
  /** What to build, in order of dependence. */
  readonly derivations: readonly Derivation[]
  /** The order of all members after the swap, by id. */
  readonly order: readonly string[]
  readonly batch: ReadLimits
  /** What the live views must have reached first: what is kept of the events before it is then computed from in one pass. */
  readonly notBefore?: Position
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Other plans of the same definitions: who reads a view of them is computed anew only where a row has changed all the same. */
  readonly keepsRows?: boolean
  /** How many previous versions of a view go on beside the public one; default 0: what is replaced is dropped. */
  readonly keepPrevious?: number
  /** The built versions join beside the public ones, ready to be promoted, and replace nothing. */
  readonly isAside?: boolean
  /** A view that raises is marked as failed, with those that read it, and the others go on. Absent: the whole build fails. */
  readonly onViewFailed?: (view: string, error: string) => void
}

export interface Built {
  readonly events: number
  readonly position: Position
}

/**
 * New versions beside the live ones: built from the beginning of the log in steps between the live batches, and swapped in
 * one transaction at the moment when both stand at the same position. Until then no reader can see them. A build that is
 * killed leaves its tables marked `building`; the next start drops them.
 */
export class Build implements Background {
  readonly #options: BuildOptions
  #rows: VersionRow[] = []
  #members: Member[] = []
  #position: Position = new Map()
  #coming: { readonly members: readonly Member[]; readonly from: Position; readonly batch: Promise<Batch | undefined> } | undefined
  #events = 0
  #started = false
  /** Streams whose schema is not the one by which their dead letters were found. */
  #redecoded: ReadonlySet<string> = new Set()
  #cancelled = false
  #isDone = false
  readonly done: Promise<Built>
  #finish!: { resolve: (built: Built) => void; reject: (error: unknown) => void }

  constructor(options: BuildOptions) {
    this.#options = options
    this.done = new Promise((resolve, reject) => {
      this.#finish = { resolve, reject }
    })
    this.done.catch(() => undefined) // whoever started the build awaits it; a failed one must not end the process
  }

  get views(): readonly string[] {
    return this.#options.derivations.filter((derivation) => derivation.kind !== 'part').map((derivation) => derivation.name)
  }

  get progress(): { readonly done: number; readonly total: number } {
    return { done: this.#events, total: this.#total() }
  }

  /** Takes every trace away at the next step. */
  cancel(): void {
    this.#cancelled = true
  }

  /** Takes every trace away now. Only when nobody else steps it any more. */
  async abandon(): Promise<void> {
    if (this.#isDone) return
    this.cancel()
    await this.step()
  }

  async step(): Promise<'more' | 'wait' | 'done'> {
    try {
      if (this.#cancelled)
        throw new EvertError('interrupted', `The build of ${this.views.join(', ')} was interrupted; the live versions stand as they were.`)
      if (!this.#started) await this.#begin()
      const to = this.#options.loop.position
      const batch = await this.#next(to)
      if (batch) {
        await applyBatch(this.#options.store, batch, {
          sources: this.#options.sources,
          onBusy: () => {
            this.#coming = { members: this.#members, from: batch.to, batch: this.#read(batch.to, to) }
            this.#coming.batch.catch(() => undefined) // awaited in the next step, where it throws
          },
          members: this.#members.filter((member) => member.derivation.byEvents),
          at: positionSum(batch.to),
          also: () => [],
          building: { redecoded: this.#redecoded },
        })
        crashPoint('build-batch')
        this.#position = batch.to
        this.#events += batch.events
        this.#options.onProgress?.(this.#events, this.#total())
        // Events that never cease must not put the swap off: it comes as soon as both stand at one position.
        if (!isAt(this.#position, to)) return 'more'
      }
      if (this.#options.notBefore && !isAt(this.#options.loop.position, this.#options.notBefore)) return 'wait'
      await this.#swap()
      this.#isDone = true
      this.#finish.resolve({ events: this.#events, position: to })
      return 'done'
    } catch (error) {
      if (error instanceof ViewFailed && this.#options.onViewFailed && this.#members.includes(error.member)) {
        await this.#exclude(error)
        return 'more'
      }
      this.#isDone = true
      await this.#discard()
      this.#finish.reject(
        error instanceof ViewFailed
          ? new EvertError(
              'replay-failed',
              `Building ${error.member.derivation.kind === 'part' ? this.views.join(', ') : error.member.derivation.name}: ${error.message}. The live version stands as it was.`,
              { cause: error },
            )
          : asEvertError(error),
      )
      return 'done'
    }
  }

  /** The next batch that ends at `to` or before; it may have been read while the one before it was applied. */
  async #next(to: Position): Promise<Batch | undefined> {
    const coming = this.#coming
    this.#coming = undefined
    const ahead = coming?.members === this.#members && coming.from === this.#position ? await coming.batch : undefined
    return ahead ?? this.#read(this.#position, to)
  }

  #read(from: Position, to: Position): Promise<Batch | undefined> {
    const { log, batch } = this.#options
    return readBatch(log, this.#sources(), from, batch, (source) => wantOf(source, this.#members), to)
  }

  #sources(): Source[] {
    const names = new Set(this.#options.derivations.flatMap((derivation) => [...derivation.streams.keys()]))
    return [...this.#options.sources.values()].filter((source) => names.has(source.name))
  }

  #total(): number {
    let total = 0n
    for (const source of this.#sources()) for (const offset of this.#options.loop.position.get(source.topic) ?? []) total += offset
    return Number(total)
  }

  async #begin(): Promise<void> {
    this.#started = true
    const taken = [...(await this.#options.store.transaction(readAllVersions))]
    const statements: string[] = []
    for (const derivation of this.#options.derivations) {
      const row: VersionRow = {
        name: derivation.name,
        kind: derivation.kind,
        fingerprint: derivation.fingerprint,
        table: freeTable(derivation.name, derivation.fingerprint, taken),
        state: 'building',
        error: null,
        plan: derivation.isChosenWhole === true ? 'recompute' : null,
        role: this.#options.isAside === true && isView(derivation.kind) ? 'ready' : 'public',
      }
      taken.push(row)
      this.#rows.push(row)
      this.#members.push({ derivation, table: stateTable(row) })
      statements.push(...derivation.create(stateTable(row)), insertVersion(row, derivation))
    }
    this.#redecoded = (await this.#options.store.transaction((tx) => decodedSchemas(tx, this.#sources()))).changed
    await this.#options.store.script(statements)
    this.#position = new Map(
      this.#sources().map((source) => [source.topic, (this.#options.loop.position.get(source.topic) ?? []).map(() => 0n)]),
    )
  }

  async #swap(): Promise<void> {
    const { store, log, loop, order, keepsRows = false, keepPrevious = 0 } = this.#options
    const built = this.#members.map((member, i) => ({ member, row: this.#rows[i] as VersionRow }))
    const redecoded = this.#sources().filter((source) => this.#redecoded.has(source.name))
    if (this.#options.isAside === true) await joinAside(built, { store, loop, order })
    else await swap(built, { store, log, loop, order, redecoded, keepsRows, keepPrevious })
    this.#rows = [] // they are live now, and no longer this build's to take away
  }

  /** Goes on without a view that raised, and without those that read it. */
  async #exclude(error: ViewFailed): Promise<void> {
    const { id, name, kind } = error.member.derivation
    const out = new Map([[id, error.message]])
    // A part has no name that users know: it is the view itself that fails.
    const why = kind === 'part' ? error.message : `it reads ${name}, which failed: ${error.message}`
    for (const { derivation } of this.#members) if (derivation.reads.some((read) => out.has(read))) out.set(derivation.id, why)
    const failed = this.#rows.filter((row) => out.has(idOf(row)))
    this.#rows = this.#rows.filter((row) => !out.has(idOf(row)))
    this.#members = this.#members.filter((member) => !out.has(member.derivation.id))
    await this.#options.store.script(failed.map((row) => setVersionState(row.table, 'failed', out.get(idOf(row)))))
    for (const { kind, name: view, ...row } of failed)
      if (kind !== 'part') this.#options.onViewFailed?.(view, out.get(idOf({ ...row, kind, name: view })) ?? '')
  }

  async #discard(): Promise<void> {
    if (this.#rows.length > 0) await this.#options.store.script([...this.#rows.flatMap(dropBuild), ...forgetDecoding()])
  }
}
