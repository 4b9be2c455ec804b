import { asWhole, isWhole } from '../compile/choosable.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { type Relation, relationOfTable, relationsOfStream } from '../compile/relations.ts'
import type { FoldModel } from '../model/types.ts'
import type { Source } from './batch.ts'
import type { Derivation } from './derivation.ts'
import { derivePart } from './derive-part.ts'
import { isView } from './registry.ts'

/** What is kept, and by which plans. */
export interface Kept {
  /** In order of dependence. */
  readonly derivations: readonly Derivation[]
  /** By id. */
  readonly plans: ReadonlyMap<string, ViewPlan>
}

/** All versions that are known, every view in parts. */
export interface Compiled extends Kept {
  /** By id. */
  readonly folds: ReadonlyMap<string, FoldModel>
}

/** Which of the versions are what. */
export interface Versions {
  readonly compiled: Compiled
  /** Ids of the versions that the public names point at. */
  readonly publicIds: ReadonlySet<string>
  /** Ids of the views that are computed anew as a whole (`choose-plans.ts`). */
  readonly wholeIds: ReadonlySet<string>
  /** Streams and tables by name. */
  readonly sources: ReadonlyMap<string, Source>
}

/** All that is kept, compiled: what a batch maintains, and what can be asked. */
export interface Definitions extends Versions, Kept {
  /** The versions that are public, with all that they need, as they are kept; without the others. */
  readonly derivations: readonly Derivation[]
  /** The same with every view in parts. */
  readonly inParts: Kept
  readonly folds: ReadonlyMap<string, FoldModel>
  /** With the versions beside the public ones, and what these need. */
  readonly all: readonly Derivation[]
  /** What a query may name, by lower-case name: of views, the versions that their public names point at. */
  readonly catalog: ReadonlyMap<string, Relation>
}

export function assemble({ compiled, publicIds, wholeIds, sources }: Versions): Definitions {
  const isPublic = (id: string) => publicIds.has(id)
  const plans = new Map([...compiled.plans].map(([id, plan]) => [id, wholeIds.has(id) ? asWhole(plan) : plan]))
  const all = withoutUnread(compiled.derivations.map((derivation) => asKept(derivation, plans)))
  const isServed = ({ kind, id }: Derivation) => !isView(kind) || isPublic(id)
  const derivations = withoutUnread(all.filter(isServed))
  const ofPublic = <T>(of: ReadonlyMap<string, T>) => new Map([...of].filter(([id]) => isPublic(id)))
  return {
    compiled,
    publicIds,
    wholeIds,
    sources,
    derivations,
    plans: ofPublic(plans),
    inParts: { derivations: withoutUnread(compiled.derivations.filter(isServed)), plans: ofPublic(compiled.plans) },
    folds: ofPublic(compiled.folds),
    all,
    catalog: catalogOf(sources, derivations),
  }
}

/** The same with these views computed anew as a whole, and without the parts that nobody else needs. Versions stay what they are. */
export function withWhole(definitions: Definitions, wholeIds: ReadonlySet<string>): Definitions {
  return assemble({ ...definitions, wholeIds })
}

function asKept(derivation: Derivation, plans: ReadonlyMap<string, ViewPlan>): Derivation {
  const plan = derivation.kind === 'sql' ? plans.get(derivation.id) : undefined
  if (!plan || !isWhole(plan)) return derivation
  const { fingerprint, source, views = [] } = derivation
  return derivePart(plan.root, { ...plan, kind: 'sql', fingerprint, source, views, isChosenWhole: true })
}

/** Without parts that nobody reads. */
function withoutUnread(derivations: readonly Derivation[]): readonly Derivation[] {
  const read = new Set(derivations.flatMap((derivation) => derivation.reads))
  const left = derivations.filter(({ kind, id }) => kind !== 'part' || read.has(id))
  return left.length === derivations.length ? left : withoutUnread(left)
}

/** A query reads the version that a name points at when it runs: the relation of that name. */
function catalogOf(sources: ReadonlyMap<string, Source>, derivations: readonly Derivation[]): ReadonlyMap<string, Relation> {
  const views = derivations.filter(({ kind }) => isView(kind))
  const relations = [
    ...[...sources.values()].flatMap(sourceRelations),
    ...views.map(({ name, columns }): Relation => ({ name, kind: 'view', source: name, columns, appendOnly: false })),
  ]
  return new Map(relations.map((relation) => [relation.name.toLowerCase(), relation]))
}

/** The names that a stream or table gives to SQL. */
export function sourceRelations(source: Source): readonly Relation[] {
  return source.kind === 'stream' ? relationsOfStream(source) : [relationOfTable(source)]
}
