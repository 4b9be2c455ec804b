import { isWhole } from '../compile/choosable.ts'
import { withoutUnread, withWhole } from '../run/choose-plans.ts'
import type { Definitions } from '../run/define.ts'
import type { Loop } from '../run/loop.ts'

/** The running definitions with the replayed ones in place; views that were changed on disk but not replayed stay as they run. */
export function merged(running: Definitions, read: Definitions, replayed: ReadonlySet<string>, loop: Loop): Definitions {
  const keep = (name: string) => !replayed.has(name)
  const pick = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...before].filter(([name]) => keep(name)).concat([...after].filter(([name]) => replayed.has(name))))
  const plans = pick(running.inParts.plans, read.inParts.plans)
  // A view that is computed anew may want its parts later.
  const anew = new Set([
    ...replayed,
    ...[...replayed].flatMap((name) => read.inParts.plans.get(name)?.parts.map((part) => part.name) ?? []),
  ])
  const before = new Map(running.inParts.derivations.map((derivation) => [derivation.name, derivation]))
  const declared = new Set(read.inParts.derivations.map((derivation) => derivation.name))
  const live = new Set(loop.members.map((member) => member.derivation.name))
  const undeclared = running.inParts.derivations.filter(({ name, kind }) => !declared.has(name) && (kind === 'part' || live.has(name)))
  const derivations = withoutUnread([
    ...read.inParts.derivations.flatMap((derivation) => (anew.has(derivation.name) ? [derivation] : (before.get(derivation.name) ?? []))),
    ...undeclared,
  ])
  const whole = [...pick(running.plans, read.plans).values()].filter(isWhole).map((plan) => plan.name)
  const inParts = { derivations, plans }
  const catalog = new Map([
    ...running.catalog,
    ...[...read.catalog].filter(([name]) => replayed.has(name) || ![...running.catalog.keys()].includes(name)),
  ])
  return withWhole({ ...inParts, inParts, folds: pick(running.folds, read.folds), sources: running.sources, catalog }, new Set(whole))
}
