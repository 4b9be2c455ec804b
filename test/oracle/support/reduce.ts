import type { Case, Step } from './case.ts'

/**
 * A smaller case that fails as well: views, steps and events are left out one by one, for at most `milliseconds`. A case
 * that cannot be run (a view lacks the one that it reads) does not fail in this sense: `fails` says so.
 */
export async function reduce(one: Case, fails: (candidate: Case) => Promise<boolean>, milliseconds: number): Promise<Case> {
  const until = Date.now() + milliseconds
  let best = one
  for (let found = true; found && Date.now() < until; ) {
    found = false
    for (const candidate of smaller(best)) {
      if (Date.now() >= until) break
      if (!(await fails(candidate))) continue
      best = candidate
      found = true
      break
    }
  }
  return best
}

/** Candidates, the greatest cuts first. */
function* smaller(one: Case): Generator<Case> {
  for (let n = one.views.length - 1; n >= 0 && one.views.length > 1; n--)
    yield { ...one, views: one.views.filter((_, i) => i !== n), early: n < one.early ? one.early - 1 : one.early }
  if (one.early < one.views.length) yield { ...one, early: one.views.length }
  if (one.recomputeRowsMax) yield { ...one, recomputeRowsMax: 0 }
  if (one.durable) yield { ...one, durable: false }
  for (let n = one.steps.length - 1; n >= 0; n--) yield withStep(one, n)
  for (const [n, step] of one.steps.entries()) {
    if (!('to' in step)) continue
    for (let size = step.events.length >> 1; size >= 1; size >>= 1)
      for (let from = 0; from < step.events.length; from += size)
        yield withStep(one, n, { ...step, events: step.events.filter((_, i) => i < from || i >= from + size) } as Step)
  }
}

function withStep(one: Case, n: number, ...instead: readonly Step[]): Case {
  return { ...one, steps: [...one.steps.slice(0, n), ...instead, ...one.steps.slice(n + 1)] }
}
