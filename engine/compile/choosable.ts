import type { Part } from './algebra/part.ts'
import type { Analyzer } from './analyzer.ts'
import { type Bound, type Parts, partsOf } from './parts.ts'
import type { ViewPlan } from './plan.ts'
import { type PlanOption, smallInputs } from './plan-option.ts'
import { hasPlace } from './relations.ts'
import type { Read } from './resolve.ts'

/**
 * The view as one part that is computed anew, where the engine may choose that: none of its parts is computed anew in any case, and it
 * reads tables and views whose rows go as well as come. Rows that are only added to soon are many, and who reads such a view relies on it.
 */
export async function choosable(
  analyzer: Analyzer,
  option: PlanOption,
  bound: Bound,
  { root, parts }: Parts,
  reads: readonly Read[],
): Promise<Part | undefined> {
  const all = [...parts, root]
  const onlyGrows = ({ relation }: Read) => hasPlace(relation) || relation.marked === true
  if (option !== 'auto' || reads.length === 0 || reads.some(onlyGrows)) return undefined
  if (root.rule.insertOnly || all.some((part) => part.byEvents || part.rule.strategy === 'full')) return undefined
  const whole = { ...bound.whole, why: smallInputs }
  return (await partsOf(analyzer, { ...bound, op: whole, whole })).root
}

/** The plan with the view computed anew as a whole. Its version is the same: it is another way to the same rows. */
export function asWhole(plan: ViewPlan): ViewPlan {
  if (!plan.whole) return plan
  const { advice: _, ...rest } = plan
  const { strategy, reason } = plan.whole.rule
  return { ...rest, root: plan.whole, parts: [], strategy, reason, floats: plan.columns.some((column) => /FLOAT|DOUBLE/.test(column.type)) }
}

/** Has the engine chosen to compute the view anew? */
export function isWhole(plan: ViewPlan): boolean {
  return plan.root === plan.whole
}
