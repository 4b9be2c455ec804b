import type { Log } from '../../connectors/log/log.ts'
import { text } from '../../connectors/store/quote.ts'
import type { Store } from '../../connectors/store/store.ts'
import { asEvertError, EvertError } from '../../errors.ts'
import { applyBatch } from '../run/apply.ts'
import { type Batch, isAt, type Position, positionSum, type Source } from '../run/batch.ts'
import { announce } from '../run/control.ts'
import { crashPoint } from '../run/crash.ts'
import { buildingConsumer } from '../run/dead-letters.ts'
import { adoptDecoding, decodedSchemas, forgetDecoding } from '../run/decoded.ts'
import type { Derivation } from '../run/derivation.ts'
import type { Background, Loop } from '../run/loop.ts'
import { type Member, tableOf, ViewFailed } from '../run/member.ts'
import { type ReadLimits, readBatch } from '../run/read-batch.ts'
import {
  concealed,
  dropBuild,
  dropTables,
  dropVersion,
  freeTable,
  idOf,
  insertVersion,
  readFresh,
  readVersions,
  setVersionState,
  stateTable,
  type VersionRow,
  writeFresh,
} from '../run/registry.ts'
import { wantOf } from '../run/want.ts'
import { computeFromState } from './compute-from-state.ts'
import { differing } from './differing.ts'
import { inOrder, orphansOf } from './members.ts'

export interface BuildOptions {
  readonly store: Store
  readonly log: Log
  readonly loop: Loop
  readonly sources: ReadonlyMap<string, Source>
  /** What to build, in order of dependence. */
  readonly derivations: readonly Derivation[]
  /** The order of all members after the swap, by name. */
  readonly order: readonly string[]
  readonly batch: ReadLimits
  /** What the live views must have reached first: what is kept of the events before it is then computed from in one pass. */
  readonly notBefore?: Position
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Other plans of the same definitions: who reads a view of them is computed anew only where a row has changed all the same. */
  readonly keepsRows?: boolean
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
    const taken = [...(await this.#options.store.transaction(readVersions))]
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
      }
      taken.push(row)
      this.#rows.push(row)
      this.#members.push({ derivation, table: stateTable(row) })
      statements.push(...derivation.create(stateTable(row)), insertVersion(row, derivation.source))
    }
    this.#redecoded = (await this.#options.store.transaction((tx) => decodedSchemas(tx, this.#sources()))).changed
    await this.#options.store.script(statements)
    this.#position = new Map(
      this.#sources().map((source) => [source.topic, (this.#options.loop.position.get(source.topic) ?? []).map(() => 0n)]),
    )
  }

  /** Between two live batches, so that the live views stand still: announce, then compute, repoint and drop in one transaction. */
  async #swap(): Promise<void> {
    const { store, log, loop, order } = this.#options
    const derivations = this.#members.map((member) => member.derivation)
    crashPoint('swap-before-announce')
    const replaced = (await store.transaction(readVersions)).filter(
      (row) =>
        row.state !== 'building' && derivations.some((derivation) => derivation.name === row.name && sameKind(derivation.kind, row.kind)),
    )
    const names = new Set(derivations.map((derivation) => derivation.name))
    const others = loop.members.filter((member) => !names.has(member.derivation.name))
    // What a declared view needs stays, though the view may have failed, or is not replayed yet.
    const orphans = orphansOf([...others, ...this.#members]).filter((member) => !order.includes(member.derivation.id))
    const announced = derivations.filter((derivation) => derivation.kind === 'sql' || derivation.kind === 'fold')
    await store.transaction(async (tx) => {
      const changed = new Set<string>()
      for (const [i, derivation] of derivations.entries()) {
        const row = this.#rows[i] as VersionRow
        if (!derivation.byEvents) await computeFromState(tx, this.#members[i] as Member, loop)
        const isReplaced = replaced.some((old) => idOf(old) === derivation.id)
        const differ = this.#options.keepsRows && isReplaced ? await differing(tx, derivation.id) : undefined
        for (const statement of [...derivation.expose(stateTable(row)), ...derivation.publish()]) await tx.run(statement)
        if (differ === undefined || (await differ())) changed.add(derivation.id)
        await tx.run(setVersionState(row.table, 'live'))
        await tx.run(`DELETE FROM _evert.dead_letters WHERE consumer = ${text(derivation.name)}`)
        await tx.run(`DELETE FROM _evert.counts WHERE consumer = ${text(derivation.name)}`)
        await tx.run(
          `UPDATE _evert.dead_letters SET consumer = ${text(derivation.name)} WHERE consumer = ${text(buildingConsumer(derivation.name))}`,
        )
        await tx.run(
          `UPDATE _evert.counts SET consumer = ${text(derivation.name)} WHERE consumer = ${text(buildingConsumer(derivation.name))}`,
        )
      }
      for (const source of this.#sources())
        if (this.#redecoded.has(source.name)) for (const statement of adoptDecoding(source)) await tx.run(statement)
      for (const member of this.#followers(changed)) {
        for (const statement of [...dropTables(member.table), ...member.derivation.create(member.table)]) await tx.run(statement)
        await computeFromState(tx, member, loop)
      }
      const ids = new Set(derivations.map((derivation) => derivation.id))
      for (const row of replaced)
        for (const statement of [...(ids.has(idOf(row)) ? [] : concealed(row)), ...dropVersion(row)]) await tx.run(statement)
      // One that failed when it joined was left to be computed: it is now.
      for (const statement of writeFresh((await readFresh(tx)).filter((id) => !ids.has(id) && replaced.every((row) => idOf(row) !== id))))
        await tx.run(statement)
      for (const { derivation, table } of orphans)
        for (const statement of [...derivation.conceal(), ...dropVersion({ table: tableOf({ derivation, table }) })])
          await tx.run(statement)
      // The log learns of it before the store does; a crash between the two makes the next start build it again.
      await announce(
        log,
        announced.map((derivation) => ({
          kind: 'promoted' as const,
          view: derivation.name,
          version: derivation.fingerprint,
          source: derivation.source,
        })),
      )
      crashPoint('swap-after-announce')
    })
    crashPoint('swap-after-commit')
    this.#rows = [] // they are live now, and no longer this build's to take away
    loop.setMembers(
      inOrder(
        [...others, ...this.#members].filter((member) => !orphans.includes(member)),
        order,
      ),
    )
  }

  /** Live views over the changed ones that are not built anew themselves: they follow in the same transaction. */
  #followers(changed: ReadonlySet<string>): Member[] {
    const built = new Set(this.#options.derivations.map((derivation) => derivation.id))
    const ids = new Set(changed)
    return this.#options.loop.members.filter(({ derivation }) => {
      const isFollower = !built.has(derivation.id) && !derivation.byEvents && derivation.reads.some((read) => ids.has(read))
      if (isFollower) ids.add(derivation.id)
      return isFollower
    })
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

function sameKind(one: string, other: string): boolean {
  const view = (kind: string) => (kind === 'sql' || kind === 'fold' ? 'view' : kind)
  return view(one) === view(other)
}
