import { limits } from '../../limits.ts'
import { inputsOf, type Op } from '../compile/algebra/op.ts'
import type { Part } from '../compile/algebra/part.ts'
import { isWhole } from '../compile/choosable.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { askedFor } from '../compile/plan-option.ts'
import { hasPlace, shownName } from '../compile/relations.ts'
import type { Facts } from './explain-facts.ts'
import { type Growth, growthOfPart, growthOfRows, isUnbounded, most } from './explain-growth.ts'
import { rewriteOf } from './explain-rewrites.ts'

/** What a view costs that may surprise whoever declares it. Sentences; none for a view that is cheap for ever. */
export function warningsOf(plan: ViewPlan, facts: Facts): readonly string[] {
  return [...costWarnings(plan, facts), ...boundWarnings(facts.inParts.get(plan.id) ?? plan, facts)]
}

/** Of the parts that are computed anew over many rows, with the rewrite where one is known. */
export function costWarnings(plan: ViewPlan, facts: Facts): readonly string[] {
  if (isWhole(plan)) return [] // while that is cheap; then it goes over to parts by itself
  return [...plan.parts, plan.root].flatMap((part) => fullWarning(plan, part, facts))
}

/** Computed anew over the events, or over more rows than `limits.fullRowsMax`. */
function fullWarning(plan: ViewPlan, part: Part, facts: Facts): string[] {
  const { strategy, reason } = part.rule
  if (strategy !== 'full') return []
  const rows = part.reads.reduce((sum, name) => sum + (facts.sizeOf(name)?.rows ?? 0), 0)
  const isGrowing = isUnbounded(growthOfInputs(part.op, facts.inParts))
  if (!isGrowing && rows <= limits.fullRowsMax) return []
  const over = isGrowing ? 'rows that grow with the events: each batch costs more than the last' : `${rows.toLocaleString('en-US')} rows`
  const rewrite = reason.endsWith(askedFor)
    ? 'leave the option out, and the view is kept in parts'
    : (rewriteOf(part) ?? 'group or filter what it reads in a view of its own, and read that view')
  return [
    `${plan.name} is computed anew in each batch, over ${over} (${reason.replace(/^computed anew[^:]*: /, '')}). Rewrite: ${rewrite}.`,
  ]
}

/** Growth of what an operator reads again. */
function growthOfInputs(op: Op, plans: ReadonlyMap<string, ViewPlan>): Growth {
  if (op.kind === 'map') return growthOfInputs(op.input, plans)
  const inputs = inputsOf(op)
  return inputs.length === 0 ? growthOfRows(op, plans) : most(inputs.map((input) => growthOfRows(input, plans)))
}

/** Of the parts whose state nothing bounds: one sentence for all of them. */
export function boundWarnings(plan: ViewPlan, facts: Facts): readonly string[] {
  const kept = plan.history.map((stream) => `every event of ${stream}`)
  for (const part of [...plan.parts, plan.root]) {
    const growth = growthOfPart(part, facts.inParts)
    if (!isUnbounded(growth)) continue
    const whose = part === plan.root ? 'its own rows' : `${part.rule.state} of ${sourcesOf(part.op).join(', ')}`
    kept.push(`${whose} (${growth === 'values' ? 'one for each distinct value' : 'one or more for each event'})`)
  }
  if (kept.length === 0) return []
  const hint = plan.reads.some((read) => hasPlace(read.relation))
    ? ` A retention would bound it: WITH (retention = '90 days', event_time = 'a field') behind the view's name.`
    : ''
  return [`${plan.name} keeps a state without bound: ${[...new Set(kept)].join('; ')}. It grows as long as events come.${hint}`]
}

/** Names of the relations below an operator. */
function sourcesOf(op: Op): readonly string[] {
  const own =
    op.kind === 'scan' ? [shownName(op.read.relation)] : op.kind === 'opaque' ? op.reads.map((read) => shownName(read.relation)) : []
  return [...new Set([...own, ...inputsOf(op).flatMap(sourcesOf)])]
}
