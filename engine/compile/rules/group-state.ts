import type { AggregateOutput, Col, Group, Output } from '../algebra/op.ts'
import { extremum, type Losses } from './aggregates/extremum.ts'
import { type At, type Kept, type Loss, openPool, type Pool, type StateColumn } from './aggregates/kept.ts'
import { counted, linear } from './aggregates/linear.ts'
import { moment } from './aggregates/moments.ts'
import { type Call, isNullable, type Rows } from './aggregates/rows.ts'

/** What is kept of each group, and what its row shows of that. */
export interface GroupState {
  readonly keys: readonly Output[]
  readonly columns: readonly StateColumn[]
  /** State column with the number of rows, where a group may go. */
  readonly count: string | undefined
  /** The aggregates' columns and values. */
  readonly shown: readonly { readonly id: string; readonly value: (at: At) => string }[]
  readonly losses: readonly Loss[]
  /** Aggregates that are computed anew for each group that a batch touches. */
  readonly anew: readonly AggregateOutput[]
}

/** Each aggregate in the cheapest way that is exact for it. */
export function groupState(op: Group, insertOnly: boolean): GroupState {
  const hinted = withLosses(op, insertOnly, insertOnly ? 'none' : 'hinted')
  // Where rows of the touched groups are read anyway, what went from them need not be watched.
  return !insertOnly && hinted.anew.length > 0 ? withLosses(op, insertOnly, 'anew') : hinted
}

function withLosses(op: Group, insertOnly: boolean, losses: Losses): GroupState {
  const pool = openPool()
  const weight = insertOnly ? undefined : '_w'
  const anew: AggregateOutput[] = []
  // A global group has its row whatever comes and goes.
  const count = insertOnly || op.keys.length === 0 ? undefined : counted(pool, { where: [], weight })
  const kept = op.aggregates.map((one): Kept => {
    const found = keep(one, op.input.columns, { where: one.filter ? [one.filter.sql] : [], weight }, pool, losses)
    if (found) return found
    anew.push(one)
    return computedAnew(one, pool)
  })
  return {
    keys: op.keys,
    columns: pool.columns,
    count,
    shown: kept.map((one, i) => ({ id: op.aggregates[i]?.col.id ?? '', value: one.value })),
    losses: kept.flatMap((one) => (one.loss ? [one.loss] : [])),
    anew,
  }
}

/** In any number of equal values, these find what they find in one. */
const deafToDistinct = new Set(['min', 'max', 'bool_and', 'bool_or', 'bit_and', 'bit_or'])

function keep(one: AggregateOutput, columns: readonly Col[], rows: Rows, pool: Pool, losses: Losses): Kept | undefined {
  const args = one.args.map((arg) => ({ sql: arg.sql, type: arg.type, nullable: isNullable(arg, columns) }))
  const call: Call = { name: one.name, type: one.col.type, args, order: one.order, rows }
  if (one.distinct && !deafToDistinct.has(one.name)) return undefined
  return linear(call, pool) ?? moment(call, pool) ?? extremum(call, pool, losses)
}

function computedAnew(one: AggregateOutput, pool: Pool): Kept {
  const name = pool.once(`anew ${one.sql}`, (fresh, add) => {
    const own = fresh()
    add({ name: own, type: one.col.type, whole: one.sql })
    return own
  })
  return { value: (at) => at(name) }
}
