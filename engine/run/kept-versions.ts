import type { Log } from '../../connectors/log/log.ts'
import type { Store } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import type { Analyzer } from '../compile/analyzer.ts'
import { compileView, parseView } from '../compile/compile.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { type Relation, shownName } from '../compile/relations.ts'
import type { FoldModel, StreamModel } from '../model/types.ts'
import { assemble, type Definitions, sourceRelations } from './assemble.ts'
import { promotedVersions } from './control.ts'
import { relationOfVersion, viewsOf } from './define.ts'
import { inDependence } from './dependence.ts'
import type { Derivation, FoldCode } from './derivation.ts'
import { deriveHistory } from './derive-stream.ts'
import { deriveFold } from './fold/derive-fold.ts'
import { exchangeRoles, idOf, initialize, isView, readAllVersions, readTexts, type VersionRow, type VersionText } from './registry.ts'

/** Loads a fold from the code that is kept of it; undefined where that cannot be done any more. */
export type LoadFold = (name: string, code: FoldCode) => Promise<{ readonly fold: FoldModel; readonly codeFingerprint: string } | undefined>

export interface KeptOptions {
  readonly analyzer: Analyzer
  readonly store: Store
  readonly log: Log
  readonly loadFold: LoadFold
  /** What is public stays so although another is declared: whoever is about to build that one needs it as it stands. */
  readonly keepsChanged: boolean
}

/**
 * The declared definitions with the versions that the store keeps beside them, compiled from the texts that it has of them: a version that
 * was rolled back to is public, whatever is declared, as long as the declared one is kept as well (so somebody decided). A version that is
 * not compiled to what it was, since Evert or a schema is another now, is left out.
 */
export async function withKept(
  definitions: Definitions,
  { analyzer, store, log, loadFold, keepsChanged }: KeptOptions,
): Promise<Definitions> {
  await initialize(store)
  const finished = await finishPromotion(store, log)
  const [rows, texts] = await store.transaction(async (tx) => [await readAllVersions(tx), await readTexts(tx)] as const)
  const declared = new Map(definitions.derivations.flatMap(({ kind, name, id }) => (isView(kind) ? [[name, id] as const] : [])))
  const views = rows.filter((row) => isView(row.kind) && row.state === 'live' && declared.has(row.name))
  // One that failed was rolled back from as well.
  const aside = new Set(rows.filter(({ role, state }) => role !== 'public' && state !== 'building').map(idOf))
  const isDecided = ({ name }: VersionRow) => keepsChanged || aside.has(declared.get(name) ?? '')
  const wanted = views.filter((row) => declared.get(row.name) !== idOf(row) && (row.role !== 'public' || isDecided(row)))
  const found = new Known(definitions, analyzer, loadFold)
  for (const row of wanted) await found.take(row, wanted, texts)
  const publicIds = new Set(definitions.publicIds)
  for (const row of views) {
    if (row.role !== 'public' || !found.has(idOf(row)) || !isDecided(row)) continue
    publicIds.delete(declared.get(row.name) ?? '')
    publicIds.add(idOf(row))
  }
  const all = assemble({ ...definitions, compiled: found.compiled(), publicIds })
  const names = all.all.filter(({ id }) => finished.has(id) && publicIds.has(id)).flatMap((derivation) => derivation.publish())
  if (names.length > 0) await store.script(names)
  return all
}

/** The log has promoted a version that the store keeps beside another: a crash came between. */
async function finishPromotion(store: Store, log: Log): Promise<ReadonlySet<string>> {
  const promoted = await promotedVersions(log)
  const rows = await store.transaction(readAllVersions)
  const left = rows.filter((row) => row.role !== 'public' && row.state === 'live' && promoted.get(row.name) === row.fingerprint)
  const statements = left.flatMap((row) => {
    const other = rows.find((one) => one.name === row.name && one.role === 'public' && isView(one.kind) && one.state !== 'building')
    return exchangeRoles(row, other, row.role === 'previous')
  })
  if (statements.length > 0) await store.script(statements)
  return new Set(left.map(idOf))
}

/** What is compiled, as more of it becomes known. */
class Known {
  readonly #definitions: Definitions
  readonly #analyzer: Analyzer
  readonly #loadFold: LoadFold
  readonly #relations: Map<string, Relation>
  readonly #plans = new Map<string, ViewPlan>()
  readonly #texts = new Map<string, string>()
  readonly #tried = new Set<string>()
  readonly #foldsTaken = new Map<string, { readonly fold: FoldModel; readonly derivation: Derivation }>()

  constructor(definitions: Definitions, analyzer: Analyzer, loadFold: LoadFold) {
    this.#definitions = definitions
    this.#analyzer = analyzer
    this.#loadFold = loadFold
    const { compiled } = definitions
    const views = compiled.derivations.filter(({ kind }) => isView(kind))
    this.#relations = new Map(views.map((one) => [one.id, relationOfVersion(one, compiled.plans.get(one.id))]))
  }

  has(id: string): boolean {
    return this.#relations.has(id)
  }

  /** Compiles a version after those that it names. */
  async take(row: VersionRow, rows: readonly VersionRow[], texts: ReadonlyMap<string, VersionText>): Promise<void> {
    const id = idOf(row)
    const text = texts.get(row.table)
    if (this.#tried.has(id) || !text) return
    this.#tried.add(id)
    for (const read of text.views) {
      const other = rows.find((one) => idOf(one) === read)
      if (other) await this.take(other, rows, texts)
      if (!this.has(read)) return
    }
    if (row.kind === 'fold') return this.#takeFold(row, text)
    const plan = await this.#compile(id, text)
    if (plan?.id !== id) return
    this.#plans.set(id, plan)
    this.#texts.set(id, text.source)
    await this.#add(relationOfVersion(plan, plan))
  }

  /** All that is known, in order of dependence. */
  compiled(): Definitions['compiled'] {
    const { compiled } = this.#definitions
    const known = new Set(compiled.derivations.map(({ id }) => id))
    const views = viewsOf(this.#plans, this.#texts).filter(({ id }) => !known.has(id))
    const histories = [...this.#plans.values()].flatMap(({ history }) => history).filter((name) => !known.has(name))
    const made = [...new Set(histories)].map((name) => deriveHistory(this.#definitions.sources.get(name) as StreamModel))
    const folds = [...this.#foldsTaken.values()].map(({ derivation }) => derivation)
    const names = compiled.derivations.map(({ name }) => name)
    return {
      derivations: inDependence([...made, ...folds, ...compiled.derivations, ...views], names),
      plans: new Map([...compiled.plans, ...this.#plans]),
      folds: new Map([...compiled.folds, ...[...this.#foldsTaken].map(([id, { fold }]) => [id, fold] as const)]),
    }
  }

  async #takeFold(row: VersionRow, { code }: VersionText): Promise<void> {
    const kept = code && (await this.#loadFold(row.name, code))
    if (!kept) return
    const { fold, codeFingerprint } = kept
    // Its events are decoded by the stream's schema of today.
    if (fold.from.fingerprint !== this.#definitions.sources.get(fold.from.name)?.fingerprint) return
    const derivation = deriveFold(fold, codeFingerprint, { code })
    if (derivation.id !== idOf(row)) return
    this.#foldsTaken.set(derivation.id, { fold, derivation })
    await this.#add(relationOfVersion(derivation))
  }

  async #add(relation: Relation): Promise<void> {
    this.#relations.set(relation.name, relation)
    await this.#analyzer.declare(relation)
  }

  async #compile(id: string, { source, views }: VersionText): Promise<ViewPlan | undefined> {
    const read = views.flatMap((view) => this.#relations.get(view) ?? [])
    const relations = [...[...this.#definitions.sources.values()].flatMap(sourceRelations), ...read]
    const catalog = new Map(relations.map((relation) => [shownName(relation).toLowerCase(), relation]))
    try {
      return await compileView(this.#analyzer, await parseView(this.#analyzer, id, source), catalog)
    } catch (error) {
      if (error instanceof EvertError) return undefined // a stream that it reads has changed, or is gone
      throw error
    }
  }
}
