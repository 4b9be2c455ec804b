import { ident } from '../../connectors/store/quote.ts'
import { type Group, inputsOf, type Op, type Scan } from '../../engine/compile/algebra/op.ts'
import { conjunction, ids, outputs, selectOf } from '../../engine/compile/algebra/select-of.ts'
import type { ViewPlan } from '../../engine/compile/plan.ts'

/** Events of one type: the columns that are read, of those that pass the WHERE right above. */
interface Events {
  readonly scan: Scan
  readonly where: string
}

/**
 * The history that a view needs beside its own rows, as SELECTs over the relations' schema. It follows from the plan. Whatever stands
 * below the view and takes in events (a join's input, a window's) needs their columns, of each event once; what is computed on
 * the way from these needs nothing of its own. A view that takes them in itself goes on from the rows that it has, unless it
 * counts DISTINCT values: then it needs those, once in each group.
 */
export function historyOf({ parts, root }: ViewPlan): readonly string[] {
  const read = parts.filter((part) => part !== root).flatMap((part) => eventsOf(part.op, part.streams))
  const events = read.filter(
    (one, index) => !read.some((other, at) => at !== index && holds(other, one) && !(holds(one, other) && at > index)),
  )
  const selects = events.map(({ scan, where }) => `SELECT ${ids(scan.columns)} FROM (${selectOf(scan)})${where}`)
  return [...selects, ...new Set(distinctOf(root.op))]
}

function eventsOf(op: Op, streams: readonly Scan[]): readonly Events[] {
  if (op.kind === 'scan') return streams.includes(op) ? [{ scan: op, where: '' }] : []
  if (op.kind === 'map' && op.input.kind === 'scan')
    return eventsOf(op.input, streams).map(({ scan }) => ({ scan, where: conjunction(' WHERE ', op.where) }))
  return inputsOf(op).flatMap((input) => eventsOf(input, streams))
}

/** Whether all that `one` needs is in `other`. */
function holds(other: Events, one: Events): boolean {
  const { names } = other.scan
  return (
    other.where === '' &&
    other.scan.read.relation.name === one.scan.read.relation.name &&
    one.scan.names.every((name) => names.includes(name))
  )
}

function distinctOf(op: Op): readonly string[] {
  if (op.kind === 'map') return distinctOf(op.input)
  return op.kind === 'group' ? valuesOf(op) : []
}

function valuesOf({ input, keys, aggregates }: Group): readonly string[] {
  return aggregates
    .filter((aggregate) => aggregate.distinct)
    .map(({ args }) => {
      const values = args.map(({ sql }, index) => `${sql} AS ${ident(`value${index}`)}`)
      return `SELECT DISTINCT ${[...(keys.length > 0 ? [outputs(keys)] : []), ...values].join(', ')} FROM (${selectOf(input)})`
    })
}
