import { limits } from '../../limits.ts'
import type { Op } from '../compile/algebra/op.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { placeNames } from '../compile/relations.ts'
import type { Facts } from './explain-facts.ts'

/**
 * Histories are shared where they are equal (ARCHITECTURE.md, "Sharing goes by equal parts"). Views that keep other columns of the
 * same events keep some of them twice; a view of the columns that all of them need, which they read instead of the stream, has them
 * once. What that view would be is told here.
 */
interface History {
  readonly part: string
  readonly view: string
  /** The stream or event type. */
  readonly of: string
  readonly columns: readonly string[]
  /** All of its events. */
  readonly isWhole: boolean
  readonly bytes: number
}

/** A note for each stream or event type of which this view and others keep columns twice, over more rows than `limits.fullRowsMax`. */
export function historyNotes(plan: ViewPlan, facts: Facts): readonly string[] {
  const all = [...facts.plans.values()].flatMap((one) => historiesOf(one, facts))
  const own = all.filter((history) => history.view === plan.name)
  return [...new Set(own.map((history) => history.of))].flatMap((of) => {
    const mine = own.filter((history) => history.of === of)
    const theirs = all.filter((other) => other.of === of && other.view !== plan.name && mine.some((history) => overlaps(history, other)))
    const both = [...mine, ...theirs]
    // A view that keeps events which none of them keeps would be more than they are.
    if (theirs.length === 0 || !both.some((history) => history.isWhole)) return []
    const views = [...new Set(theirs.map((history) => history.view))]
    const columns = [...new Set(both.flatMap((history) => history.columns))]
    const bytes = [...new Map(both.map((history) => [history.part, history.bytes])).values()].reduce((sum, one) => sum + one, 0)
    return [
      `${plan.name} and ${views.join(', ')} keep some columns of ${of} twice (${Math.round(bytes / 1e6)} MB in all): a view of what they need, SELECT ${columns.map(named).join(', ')} FROM ${of}, is kept once for all that read it instead of ${of}`,
    ]
  })
}

/** Parts that keep events as rows straight from the stream, and many of them. */
function historiesOf(plan: ViewPlan, facts: Facts): readonly History[] {
  return plan.parts.flatMap((part): History[] => {
    const [scan] = part.streams
    const size = facts.sizeOf(part.name)
    if (!scan || part.reads.length > 0 || !isRowByRow(part.op) || !size || size.rows <= limits.fullRowsMax) return []
    const { name: of } = scan.read.relation
    return [{ part: part.name, view: plan.name, of, columns: scan.names, isWhole: !filters(part.op), bytes: size.bytes }]
  })
}

function isRowByRow(op: Op): boolean {
  return op.kind === 'scan' || (op.kind === 'map' && isRowByRow(op.input))
}

function filters(op: Op): boolean {
  return op.kind === 'map' && (op.where.length > 0 || filters(op.input))
}

/** Not the same part, which is kept once as it is, and yet a column of both. */
function overlaps(one: History, other: History): boolean {
  return one.part !== other.part && one.columns.some((column) => other.columns.includes(column))
}

/** A view's column may not begin with `_`. */
function named(column: string): string {
  return placeNames.has(column) ? `${column} AS ${column.slice(1)}` : column
}
