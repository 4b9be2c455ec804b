import { isWhole } from '../compile/choosable.ts'
import { assemble, type Definitions } from '../run/assemble.ts'
import { inDependence } from '../run/dependence.ts'
import type { Derivation } from '../run/derivation.ts'
import type { Loop } from '../run/loop.ts'
import { isView } from '../run/registry.ts'

/**
 * The running definitions with the replayed versions (by id), as they were read, in their places; or `aside`, beside what is public. What stood
 * there before stays known as long as it is kept; views that were changed on disk but not replayed stay as they run.
 */
export function merged(
  running: Definitions,
  read: Definitions,
  replayed: ReadonlySet<string>,
  loop: Loop,
  where: 'in place' | 'aside' = 'in place',
): Definitions {
  const isAside = where === 'aside'
  const names = new Set(read.compiled.derivations.filter(({ id }) => replayed.has(id)).map(({ name }) => name))
  const kept = new Set(loop.members.map((member) => member.derivation.id))
  // A view that is computed anew may want its parts later.
  const parts = [...replayed].flatMap((id) => read.compiled.plans.get(id)?.parts.map((part) => part.name) ?? [])
  const anew = new Set([...replayed, ...parts])
  const stays = ({ kind, name, id }: Derivation) => !anew.has(id) && (kind === 'part' || isAside || !names.has(name) || kept.has(id))
  const derivations = inDependence(
    [...read.compiled.derivations.filter(({ id }) => anew.has(id)), ...running.compiled.derivations.filter(stays)],
    read.compiled.derivations.map(({ name }) => name),
  )
  const left = new Set(derivations.map(({ id }) => id))
  const pick = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...[...before].filter(([id]) => left.has(id)), ...[...after].filter(([id]) => replayed.has(id))])
  const isPublic = ({ id, name }: Derivation) => (!isAside && names.has(name) ? replayed.has(id) : running.publicIds.has(id))
  const publicIds = derivations.filter((one) => isView(one.kind) && isPublic(one)).map(({ id }) => id)
  const whole = [...running.wholeIds].filter((id) => left.has(id) && !replayed.has(id))
  const wholeAnew = [...replayed].filter((id) => {
    const plan = read.plans.get(id)
    return plan !== undefined && isWhole(plan)
  })
  return assemble({
    compiled: {
      derivations,
      plans: pick(running.compiled.plans, read.compiled.plans),
      folds: pick(running.compiled.folds, read.compiled.folds),
    },
    publicIds: new Set(publicIds),
    wholeIds: new Set([...whole, ...wholeAnew]),
    sources: running.sources,
  })
}
