import { inputsOf, type Op, type Scan } from '../compile/algebra/op.ts'
import type { Part } from '../compile/algebra/part.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { topOf } from '../compile/rules/top.ts'

/**
 * How the rows of a state come to be more. `fixed`: there is a highest number in the text. `keys`: one or some per key.
 * `retained`: as the stream's retention leaves. `values`: one per distinct value that was ever seen. `events`: each event may
 * add some, and nothing takes them away.
 */
export type Growth = 'fixed' | 'keys' | 'retained' | 'values' | 'events'

const order: readonly Growth[] = ['fixed', 'keys', 'retained', 'values', 'events']

/** A state that nothing in the text bounds. */
export function isUnbounded(growth: Growth): boolean {
  return growth === 'values' || growth === 'events'
}

/** The one with the least bound. */
export function most(all: readonly Growth[]): Growth {
  return all.reduce((one, other) => (order.indexOf(other) > order.indexOf(one) ? other : one), 'fixed')
}

/** Growth of what a part keeps. `plans` holds the views that it reads. */
export function growthOfPart(part: Part, plans: ReadonlyMap<string, ViewPlan>): Growth {
  const { op } = part
  const rows = growthOfRows(op, plans)
  if (op.kind === 'group' && isUnbounded(growthOfRows(op.input, plans))) {
    const keepsValues = op.aggregates.some((one) => one.distinct || collecting.has(one.name))
    return keepsValues ? most([rows, 'values']) : rows
  }
  return op.kind === 'map' && op.input.kind === 'group' ? most([rows, growthOfPart({ ...part, op: op.input }, plans)]) : rows
}

/** Growth of all that a view keeps. */
export function growthOfView(name: string, inParts: ReadonlyMap<string, ViewPlan>): Growth {
  const plan = inParts.get(name)
  return plan ? most([...plan.parts, plan.root].map((part) => growthOfPart(part, inParts))) : 'keys'
}

/** Aggregates whose value holds every value that they saw. */
const collecting = new Set(['list', 'array_agg', 'string_agg', 'group_concat', 'listagg', 'histogram'])

/** Growth of a relation's rows, down to the events. */
export function growthOfRows(op: Op, plans: ReadonlyMap<string, ViewPlan>): Growth {
  const below = () => most(inputsOf(op).map((input) => growthOfRows(input, plans)))
  switch (op.kind) {
    case 'scan':
      return growthOfScan(op, plans)
    case 'constant':
      return 'fixed'
    case 'opaque':
      return most(['keys', ...op.reads.map((read) => growthOfScan({ kind: 'scan', read, columns: [], names: [] }, plans))])
    case 'map':
      return op.input.kind === 'window' && topOf(op) ? byKeys(op.input.partition.length, below()) : below()
    case 'outer':
      return op.type === 'left' || op.type === 'full' ? below() : growthOfRows(op.left, plans)
    case 'group':
      return byKeys(op.keys.length, below())
    case 'distinct':
    case 'setop':
      return below() === 'events' ? 'values' : below()
    case 'retain':
      return below() === 'events' ? 'retained' : below()
    case 'limit':
      return op.limit === undefined ? below() : 'fixed'
    default:
      return below()
  }
}

function byKeys(keys: number, input: Growth): Growth {
  if (keys === 0 || input === 'fixed') return 'fixed'
  return 'keys'
}

function growthOfScan({ read: { relation } }: Scan, plans: ReadonlyMap<string, ViewPlan>): Growth {
  if (relation.kind === 'stream' || relation.kind === 'type') return 'events'
  const plan = relation.kind === 'view' ? plans.get(relation.name) : undefined
  return plan ? growthOfRows(plan.root.op, plans) : 'keys'
}

/** Why a state grows, in words of the user's SQL. */
export function growthText(part: Part, growth: Growth): string {
  switch (growth) {
    case 'fixed':
      return 'bounded by the SELECT itself'
    case 'keys':
      return 'bounded by the keys: it grows with new keys only'
    case 'retained':
      return "bounded by the stream's retention"
    case 'values':
      return 'unbounded: it grows with every distinct value that was ever seen'
    case 'events':
      return `unbounded: it grows with the events, ${part.op.kind === 'join' ? 'by each pair that joins' : 'a row or more for each'}`
  }
}
