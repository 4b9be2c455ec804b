import { limits } from '../../limits.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { hasPlace } from '../compile/relations.ts'
import type { Facts } from './explain-facts.ts'

/**
 * Where the inputs are small, what a batch costs is the number of its statements, and a part has about five. Measured with questions of
 * TPC-H's kind over tables of 1,000, 8,000 and 32,000 rows in all, one row a batch: those of three parts and more take 0.4 to 0.7 of the
 * CPU when they are computed anew, those of one part as much.
 */
const partsMin = 3

/** A note for a view of several parts whose inputs, tables and views, have few rows: it is cheaper to compute it anew. */
export function recomputeNotes(plan: ViewPlan, facts: Facts): readonly string[] {
  const parts = plan.parts.length + 1
  if (parts < partsMin || plan.strategy === 'full' || plan.reads.some((read) => hasPlace(read.relation))) return []
  const names = [...new Set(plan.reads.map((read) => read.relation.name))]
  const rows = names.map((name) => facts.sizeOf(name)?.rows ?? Number.NaN).reduce((sum, one) => sum + one, 0)
  // Not while nothing is there yet: the first rows are many in one batch.
  if (!(rows > 0 && rows <= limits.recomputeRowsMax)) return []
  return [
    `what it reads has ${rows.toLocaleString('en-US')} rows in all: WITH (plan = 'recompute') behind its name computes it anew in each batch that changes them, which takes about half the time of ${parts} parts up to some ${limits.recomputeRowsMax.toLocaleString('en-US')} rows`,
  ]
}
