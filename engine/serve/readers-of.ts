import type { Derivation } from '../run/derivation.ts'

/** Views and folds over it, through parts and other views. */
export function readersOf(name: string, derivations: readonly Derivation[]): readonly string[] {
  const over = new Set([name])
  for (const one of derivations) if (one.reads.some((read) => over.has(read))) over.add(one.name)
  return derivations.filter((one) => one.name !== name && one.kind !== 'part' && over.has(one.name)).map((one) => one.name)
}
