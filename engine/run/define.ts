import { createHash } from 'node:crypto'
import { EvertError } from '../../errors.ts'
import type { Analyzer } from '../compile/analyzer.ts'
import { compileView, type ParsedView, parseView, readsOf } from '../compile/compile.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { type Relation, relationOfTable, relationsOfStream, shownName } from '../compile/relations.ts'
import type { FoldModel, Project } from '../model/types.ts'
import type { Source } from './batch.ts'
import type { Derivation } from './derivation.ts'
import { derivePart } from './derive-part.ts'
import { deriveHistory, deriveTable } from './derive-stream.ts'
import { deriveFold } from './fold/derive-fold.ts'

/** What is kept, and by which plans. */
export interface Kept {
  readonly derivations: readonly Derivation[]
  /** By id. */
  readonly plans: ReadonlyMap<string, ViewPlan>
}

/** All that a project declares, compiled: what is kept, in the order in which a batch is applied. */
export interface Definitions extends Kept {
  /** The same with every view in parts, whatever is chosen (`choose-plans.ts`). */
  readonly inParts: Kept
  /** By id. */
  readonly folds: ReadonlyMap<string, FoldModel>
  /** Streams and tables by name. */
  readonly sources: ReadonlyMap<string, Source>
  /** What a query may name, by lower-case name: of views, the versions that their public names point at. */
  readonly catalog: ReadonlyMap<string, Relation>
}

/** Compiles a project, every view in parts. Throws `sql-invalid`, `declaration-invalid` with the place. */
export async function define(project: Project, analyzer: Analyzer): Promise<Definitions> {
  const catalog = new Map<string, Relation>()
  const sources = new Map<string, Source>([...project.streams, ...project.tables])
  const add = async (relation: Relation) => {
    catalog.set(shownName(relation).toLowerCase(), relation)
    await analyzer.declare(relation)
  }
  for (const stream of project.streams.values()) for (const relation of relationsOfStream(stream)) await add(relation)
  for (const table of project.tables.values()) await add(relationOfTable(table))
  const folds = new Map<string, FoldModel>()
  const derivedFolds: Derivation[] = []
  for (const fold of project.folds.values()) {
    const derived = deriveFold(fold, project.codeFingerprints.get(fold.name) ?? '')
    folds.set(derived.id, fold)
    derivedFolds.push(derived)
    await add(relationOfVersion(derived))
  }

  const parsed: ParsedView[] = []
  const texts = new Map<string, string>()
  for (const view of project.sqlViews) {
    const one = await parseView(analyzer, view.file, view.text)
    const other = catalog.get(one.name.toLowerCase()) ?? parsed.find((known) => known.name.toLowerCase() === one.name.toLowerCase())
    if (other)
      throw new EvertError(
        'declaration-invalid',
        `${view.file}: the name ${one.name} is taken by another view, stream, table or fold. Give this view another name.`,
        { details: { file: view.file, name: one.name } },
      )
    parsed.push(one)
    texts.set(one.name, view.text)
  }
  const plans = new Map<string, ViewPlan>()
  for (const view of inOrder(parsed, catalog)) {
    const plan = await compileView(analyzer, view, catalog)
    plans.set(plan.id, plan)
    await add({ ...relationOfVersion(plan), ...(plan.root.rule.marked ? { marked: true } : {}) })
  }
  const histories = new Set([...plans.values()].flatMap((plan) => plan.history))
  const derivations: Derivation[] = []
  for (const stream of project.streams.values()) if (stream.history || histories.has(stream.name)) derivations.push(deriveHistory(stream))
  for (const table of project.tables.values()) derivations.push(deriveTable(table))
  derivations.push(...derivedFolds)
  derivations.push(...viewsOf(plans, texts))
  const inParts = { derivations, plans }
  return { ...inParts, inParts, folds, sources, catalog: asPublished(catalog) }
}

/** Every view, each after the parts that it alone, or the first of several, keeps on the way. */
function viewsOf(plans: ReadonlyMap<string, ViewPlan>, texts: ReadonlyMap<string, string>): Derivation[] {
  const known = new Set<string>()
  return [...plans.values()].flatMap((plan) => {
    const parts = plan.parts.filter((part) => !known.has(part.name))
    for (const part of parts) known.add(part.name)
    return [
      ...parts.map((part) =>
        derivePart(part, {
          name: part.name,
          kind: 'part',
          strategy: part.rule.strategy,
          reason: part.rule.reason,
          fingerprint: hash(part.canonical),
          source: part.canonical,
          columns: part.op.columns.map((column, i) => ({ name: part.names[i] ?? '', type: column.type })),
          order: '',
        }),
      ),
      derivePart(plan.root, { ...plan, kind: 'sql', source: texts.get(plan.name) ?? '' }),
    ]
  })
}

/** What those that are kept know of a view: one version of it. */
function relationOfVersion({ id, name, columns }: Pick<Derivation, 'id' | 'name' | 'columns'>): Relation {
  return { name: id, shown: name, kind: 'view', source: id, columns, appendOnly: false }
}

/** A query reads the version that the name points at when it runs. */
function asPublished(catalog: ReadonlyMap<string, Relation>): ReadonlyMap<string, Relation> {
  const published = (relation: Relation): Relation => {
    const { shown, ...rest } = relation
    return shown === undefined ? relation : { ...rest, name: shown, source: shown }
  }
  return new Map([...catalog].map(([name, relation]) => [name, published(relation)]))
}

/** Views after the views that they read; a cycle is an error that names it. */
function inOrder(views: readonly ParsedView[], catalog: ReadonlyMap<string, Relation>): ParsedView[] {
  const byName = new Map(views.map((view) => [view.name.toLowerCase(), view]))
  const unknown = (view: ParsedView): Relation => ({ name: view.name, kind: 'view', source: view.name, columns: [], appendOnly: false })
  const names = new Map([...catalog, ...[...byName].map(([name, view]) => [name, unknown(view)] as const)])
  const done = new Set<ParsedView>()
  const path: ParsedView[] = []
  const take = (view: ParsedView): void => {
    if (done.has(view)) return
    if (path.includes(view)) {
      const cycle = [...path.slice(path.indexOf(view)), view].map((step) => step.name).join(' → ')
      throw new EvertError(
        'declaration-invalid',
        `${view.file}: views read each other in a circle: ${cycle}. Take one of these reads out.`,
        { details: { file: view.file, cycle } },
      )
    }
    path.push(view)
    for (const { relation } of readsOf(view, names)) {
      const read = relation.kind === 'view' ? byName.get(relation.name.toLowerCase()) : undefined
      if (read) take(read)
    }
    path.pop()
    done.add(view)
  }
  for (const view of views) take(view)
  return [...done]
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
