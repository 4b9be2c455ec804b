import { limits } from '../../limits.ts'
import { isWhole } from '../compile/choosable.ts'
import type { ViewPlan } from '../compile/plan.ts'

/**
 * Which plan the engine has chosen for a view, and why. `inParts` is the view's plan in parts, `rows` what it reads and shows has. None for
 * a view that leaves no choice, or would have so few parts that there is nothing to choose.
 */
export function recomputeNotes(plan: ViewPlan, inParts: ViewPlan, rows: number): readonly string[] {
  const { recomputeRowsMax, recomputePartsMin, recomputeMsMax } = limits
  const parts = inParts.parts.length + 1
  if (!inParts.whole || (parts < recomputePartsMin && !isWhole(plan))) return []
  const has = `what it reads and what it shows has ${count(rows)} rows in all`
  if (isWhole(plan))
    return [
      `chosen: computed anew, since ${has}; up to ${count(recomputeRowsMax)} that takes about two thirds of the time of its ${parts} parts. Beyond ${count(2 * recomputeRowsMax)}, or when the SELECT takes more than ${recomputeMsMax} ms, it goes over to parts by itself. WITH (plan = 'incremental') has it in parts from the start`,
    ]
  if (rows === 0) return []
  return [
    rows > recomputeRowsMax
      ? `chosen: kept in ${parts} parts, since ${has}; up to ${count(recomputeRowsMax)} a view is computed anew that comes to be`
      : `kept in ${parts} parts, as was chosen when there was more to come or more there; now ${has}: evert replay ${plan.name} has it computed anew, which takes about two thirds of the time`,
  ]
}

function count(rows: number): string {
  return rows.toLocaleString('en-US')
}
