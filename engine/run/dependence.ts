import type { Derivation } from './derivation.ts'

/** In the order of these names, and each after what it reads; what has none of them comes first. */
export function inDependence(derivations: readonly Derivation[], names: readonly string[]): readonly Derivation[] {
  const byId = new Map(derivations.map((derivation) => [derivation.id, derivation]))
  const at = new Map(names.map((name, i) => [name, i]))
  const placed = new Set<Derivation>()
  const place = (derivation: Derivation): void => {
    if (placed.has(derivation)) return
    for (const read of derivation.reads) {
      const input = byId.get(read)
      if (input) place(input)
    }
    placed.add(derivation)
  }
  for (const derivation of derivations.toSorted((one, other) => (at.get(one.name) ?? -1) - (at.get(other.name) ?? -1))) place(derivation)
  return [...placed]
}
