import { createHash } from 'node:crypto'
import { EvertError } from '../../errors.ts'
import type { Analyzer } from '../compile/analyzer.ts'
import { compileView, type ParsedView, parseView, readsOf } from '../compile/compile.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { type Relation, shownName } from '../compile/relations.ts'
import type { FoldModel, Project } from '../model/types.ts'
import { assemble, type Definitions, sourceRelations } from './assemble.ts'
import type { Source } from './batch.ts'
import type { Derivation } from './derivation.ts'
import { derivePart } from './derive-part.ts'
import { deriveHistory, deriveTable } from './derive-stream.ts'
import { deriveFold } from './fold/derive-fold.ts'

/** Compiles a project, every view in parts. Throws `sql-invalid`, `declaration-invalid` with the place. */
export async function define(project: Project, analyzer: Analyzer): Promise<Definitions> {
  const catalog = new Map<string, Relation>()
  const sources = new Map<string, Source>([...project.streams, ...project.tables])
  const add = async (relation: Relation) => {
    catalog.set(shownName(relation).toLowerCase(), relation)
    await analyzer.declare(relation)
  }
  for (const source of sources.values()) for (const relation of sourceRelations(source)) await add(relation)
  const folds = new Map<string, FoldModel>()
  const derivedFolds: Derivation[] = []
  for (const fold of project.folds.values()) {
    const derived = deriveFold(fold, project.codeFingerprints.get(fold.name) ?? '', { code: project.foldCodes.get(fold.name) })
    folds.set(derived.id, fold)
    derivedFolds.push(derived)
    await add(relationOfVersion(derived))
  }

  const parsed: ParsedView[] = []
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
  }
  const plans = new Map<string, ViewPlan>()
  const texts = new Map<string, string>()
  for (const view of inOrder(parsed, catalog)) {
    const plan = await compileView(analyzer, view, catalog)
    plans.set(plan.id, plan)
    texts.set(plan.id, view.text)
    await add(relationOfVersion(plan, plan))
  }
  const histories = new Set([...plans.values()].flatMap((plan) => plan.history))
  const derivations: Derivation[] = []
  for (const stream of project.streams.values()) if (stream.history || histories.has(stream.name)) derivations.push(deriveHistory(stream))
  for (const table of project.tables.values()) derivations.push(deriveTable(table))
  derivations.push(...derivedFolds)
  derivations.push(...viewsOf(plans, texts))
  const compiled = { derivations, plans, folds }
  const publicIds = new Set([...folds.keys(), ...plans.keys()])
  return assemble({ compiled, publicIds, wholeIds: new Set(), sources })
}

/** Every view, each after the parts that it alone, or the first of several, keeps on the way. */
export function viewsOf(plans: ReadonlyMap<string, ViewPlan>, texts: ReadonlyMap<string, string>): Derivation[] {
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
      derivePart(plan.root, { ...plan, kind: 'sql', source: texts.get(plan.id) ?? '', views: viewsRead(plan) }),
    ]
  })
}

/** Ids of the views that it names. */
function viewsRead({ reads }: ViewPlan): readonly string[] {
  return reads.flatMap(({ relation }) => (relation.kind === 'view' ? [relation.name] : []))
}

/** What those that are kept know of a view: one version of it. */
export function relationOfVersion({ id, name, columns }: Pick<Derivation, 'id' | 'name' | 'columns'>, plan?: ViewPlan): Relation {
  const marked = plan?.root.rule.marked === undefined ? {} : { marked: true }
  return { name: id, shown: name, kind: 'view', source: id, columns, appendOnly: false, ...marked }
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
