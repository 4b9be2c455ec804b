import type { Handed, Run } from './rule.ts'

/**
 * Hands on the net change that `select` computes: columns in the operator's order and `_w`. It is made a table, or, where one reader
 * computes it for itself, told (a statement less: of a few events, most of a batch's time is what its statements cost in themselves).
 * Where it is told, nothing that `select` reads may be written to after it. `isAdded`: see `Handed`.
 */
export function* handOn(run: Pick<Run, 'change' | 'mayTell'>, select: string, isAdded = false): Generator<string, Handed, number> {
  if (run.mayTell) return { select, isAdded }
  if ((yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${select}`) === 0) return false
  return isAdded ? 'added' : true
}

/** FROM item of a change that a rule handed on; `table` is where it is if it was made. */
export function changeIn(handed: Handed, table: string): string {
  return typeof handed === 'object' ? `(${handed.select})` : table
}

/** Did rows only come? */
export function isAdded(handed: Handed): boolean {
  return typeof handed === 'object' ? handed.isAdded : handed === 'added'
}
