import type { Log } from '../../connectors/log/log.ts'
import type { Store } from '../../connectors/store/store.ts'
import { asEvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { selectOf } from '../compile/algebra/select-of.ts'
import { isWhole } from '../compile/choosable.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { type Definitions, withWhole } from '../run/assemble.ts'
import { rowsRead } from '../run/choose-plans.ts'
import type { Derivation } from '../run/derivation.ts'
import type { Loop } from '../run/loop.ts'
import type { ReadLimits } from '../run/read-batch.ts'
import { readVersions } from '../run/registry.ts'
import { Build } from './build.ts'

export interface ReplanOptions {
  readonly store: Store
  readonly log: Log
  readonly loop: Loop
  readonly batch: ReadLimits
  /** As they are kept now. */
  readonly definitions: () => Definitions
  /** Called in the same turn of the loop, when other plans have come into their place. */
  readonly onReplanned: (definitions: Definitions, views: readonly string[]) => void
  /** The view is kept as it was: its parts could not be computed. */
  readonly onFailed: (view: string, error: string) => void
  /** Something is being built or replayed: not now. */
  readonly isBusy: () => boolean
  /** Default `limits.recomputeRowsMax`. */
  readonly rowsMax?: number | undefined
}

/**
 * Views that are computed anew since they read little are kept in parts when that has become much: more rows than twice the limit up to
 * which it is chosen, or twice running longer than `limits.recomputeMsMax` for the SELECT. All that a view's parts need is kept
 * already, so they are computed from it, and take the view's place, in one transaction between two batches: no reader and no crash
 * comes between. Never the other way round, so no view goes to and fro; a replay chooses anew.
 */
export class Replanner {
  readonly #options: ReplanOptions
  #checkedAt = Number.NEGATIVE_INFINITY
  #isUnderWay = false
  #looking: Promise<readonly string[]> = Promise.resolve([])
  /** Views whose last SELECT took too long, and those that could not be kept in parts. */
  #slow = new Set<string>()
  readonly #failed = new Set<string>()

  constructor(options: ReplanOptions) {
    this.#options = options
  }

  /** For every commit: now and then it looks, beside the loop, and what has outgrown its plan is planned anew between two batches. */
  async committed(): Promise<void> {
    const now = performance.now()
    if (this.#isUnderWay || this.#options.isBusy() || now - this.#checkedAt < limits.replanCheckMs) return
    this.#isUnderWay = true
    try {
      this.#looking = this.outgrown()
      const views = await this.#looking
      if (views.length > 0) await this.#options.loop.atBoundary(() => this.replan(views))
    } finally {
      this.#checkedAt = performance.now()
      this.#isUnderWay = false
    }
  }

  /** Resolves when nothing of the store is read any more, after the last commit. */
  async settle(): Promise<void> {
    await this.#looking.catch(() => undefined) // told where it was asked for
  }

  /** Ids of views that would be cheaper in parts by now. */
  async outgrown(): Promise<readonly string[]> {
    const { store, loop, definitions, rowsMax = limits.recomputeRowsMax } = this.#options
    const live = new Set(loop.members.map((member) => member.derivation.id))
    const plans = [...definitions().plans.values()].filter((plan) => isWhole(plan) && live.has(plan.id) && !this.#failed.has(plan.id))
    if (plans.length === 0) return []
    const reader = await store.reader()
    try {
      const rows = await readVersions(reader)
      const slow = new Set<string>()
      const views: string[] = []
      for (const plan of plans) {
        if ((await rowsRead(reader, plan, rows)) > rowsMax * 2) views.push(plan.id)
        else if (!(await this.#isQuick(plan, (sql) => reader.all(sql)))) slow.add(plan.id)
      }
      views.push(...[...slow].filter((name) => this.#slow.has(name)))
      this.#slow = slow
      return views
    } finally {
      await reader.close()
    }
  }

  /** Few rows can be many pairs. */
  async #isQuick({ root }: ViewPlan, run: (sql: string) => Promise<unknown>): Promise<boolean> {
    const begin = performance.now()
    await run(`SELECT bit_xor(hash(t)) AS h FROM (${selectOf(root.op)}) AS t`)
    return performance.now() - begin <= limits.recomputeMsMax
  }

  /** Keeps these views in parts from now on. Only between two batches. */
  async replan(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (!this.#options.isBusy()) await this.#replanOne(id)
  }

  async #replanOne(id: string): Promise<void> {
    const { store, log, loop, batch, onReplanned, onFailed } = this.#options
    const before = this.#options.definitions()
    const whole = [...before.plans.values()].filter(isWhole).map((plan) => plan.id)
    const view = before.plans.get(id)?.name
    if (view === undefined || !whole.includes(id)) return
    const definitions = withWhole(before, new Set(whole.filter((other) => other !== id)))
    const build = new Build({
      store,
      log,
      loop,
      sources: definitions.sources,
      derivations: lacking(definitions.derivations, id, loop),
      order: definitions.all.map((derivation) => derivation.id),
      batch,
      keepsRows: true,
    })
    while ((await build.step()) !== 'done');
    try {
      await build.done
    } catch (error) {
      // Whatever it is, the view stands as it was, and is right: it is only dearer.
      this.#failed.add(id)
      return onFailed(view, asEvertError(error).message)
    }
    onReplanned(definitions, [view])
  }
}

/** The view and those of its parts that nobody keeps yet, in order of dependence. */
function lacking(derivations: readonly Derivation[], view: string, loop: Loop): readonly Derivation[] {
  const live = new Set(loop.members.map((member) => member.derivation.id))
  const byId = new Map(derivations.map((derivation) => [derivation.id, derivation]))
  const wanted = new Set<Derivation>()
  const take = (id: string): void => {
    const derivation = byId.get(id)
    if (!derivation || wanted.has(derivation) || (live.has(id) && id !== view)) return
    for (const read of derivation.reads) take(read)
    wanted.add(derivation)
  }
  take(view)
  return [...wanted]
}
