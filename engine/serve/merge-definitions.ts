import { isWhole } from '../compile/choosable.ts'
import { withoutUnread, withWhole } from '../run/choose-plans.ts'
import type { Definitions } from '../run/define.ts'
import type { Loop } from '../run/loop.ts'

/** The running definitions with the replayed versions (by id) in place; views that were changed on disk but not replayed stay as they run. */
export function merged(running: Definitions, read: Definitions, replayed: ReadonlySet<string>, loop: Loop): Definitions {
  const all = read.inParts.derivations
  const names = new Set(all.filter(({ id }) => replayed.has(id)).map(({ name }) => name))
  const replaced = new Set(running.inParts.derivations.filter(({ name }) => names.has(name)).map(({ id }) => id))
  const pick = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...before].filter(([id]) => !replaced.has(id)).concat([...after].filter(([id]) => replayed.has(id))))
  const plans = pick(running.inParts.plans, read.inParts.plans)
  // A view that is computed anew may want its parts later.
  const anew = new Set([...replayed, ...[...replayed].flatMap((id) => read.inParts.plans.get(id)?.parts.map((part) => part.name) ?? [])])
  const before = new Map(running.inParts.derivations.map((derivation) => [derivation.name, derivation]))
  const declared = new Set(all.map(({ name }) => name))
  const live = new Set(loop.members.map((member) => member.derivation.id))
  const undeclared = running.inParts.derivations.filter((one) => !declared.has(one.name) && (one.kind === 'part' || live.has(one.id)))
  const derivations = withoutUnread([
    ...all.flatMap((derivation) => (anew.has(derivation.id) ? [derivation] : (before.get(derivation.name) ?? []))),
    ...undeclared,
  ])
  const whole = [...pick(running.plans, read.plans).values()].filter(isWhole).map((plan) => plan.id)
  const inParts = { derivations, plans }
  const catalog = new Map([
    ...running.catalog,
    ...[...read.catalog].filter(([name, { source }]) => names.has(source) || !running.catalog.has(name)),
  ])
  return withWhole({ ...inParts, inParts, folds: pick(running.folds, read.folds), sources: running.sources, catalog }, new Set(whole))
}
