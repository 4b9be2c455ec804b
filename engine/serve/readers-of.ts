import type { Derivation } from '../run/derivation.ts'

/** Views and folds over it, through parts and other views. */
export function readersOf(id: string, derivations: readonly Derivation[]): readonly Derivation[] {
  const over = new Set([id])
  for (const one of derivations) if (one.reads.some((read) => over.has(read))) over.add(one.id)
  return derivations.filter((one) => one.id !== id && one.kind !== 'part' && over.has(one.id))
}
