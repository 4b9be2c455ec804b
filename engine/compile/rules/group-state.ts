import type { AggregateOutput, Col, Expr, Group, Output } from '../algebra/op.ts'
import { type DistinctValues, type ValuesTable, valuesOf } from './aggregates/distinct.ts'
import { extremum, type Losses } from './aggregates/extremum.ts'
import { type At, type Kept, type Loss, ofValues, openPool, type Pool, type StateColumn } from './aggregates/kept.ts'
import { counted, linear } from './aggregates/linear.ts'
import { moment } from './aggregates/moments.ts'
import { type Call, isNullable, type Rows } from './aggregates/rows.ts'

/** What is kept of each group, and what its row shows of that. */
export interface GroupState {
  readonly keys: readonly Output[]
  /** No row of the input ever goes. */
  readonly insertOnly: boolean
  readonly columns: readonly StateColumn[]
  /** State column with the number of rows, where a group may go. */
  readonly count: string | undefined
  /** The aggregates' columns and values. */
  readonly shown: readonly { readonly id: string; readonly value: (at: At) => string }[]
  readonly losses: readonly Loss[]
  /** Values that are kept once each, in a table of their own. */
  readonly distinct: readonly DistinctValues[]
  /** Aggregates that are computed anew for each group that a batch touches. */
  readonly anew: readonly AggregateOutput[]
  /** Columns of the change that partial results are computed from. */
  readonly uses: ReadonlySet<string>
  /** Columns of the change that the distinct values are computed from. */
  readonly valueUses: ReadonlySet<string>
}

/** Each aggregate in the cheapest way that is exact for it. */
export function groupState(op: Group, insertOnly: boolean): GroupState {
  const hinted = build(op, insertOnly, insertOnly ? 'none' : 'hinted')
  // Where rows of the touched groups are read anyway, what went from them need not be watched.
  return !insertOnly && hinted.anew.length > 0 ? build(op, insertOnly, 'anew') : hinted
}

/** The `index`th table of distinct values, as its statements are made from it. */
export function valuesTable(state: GroupState, index: number): ValuesTable {
  const values = state.distinct[index]
  if (!values) throw new RangeError(`There are ${state.distinct.length} tables of distinct values; asked for number ${index}.`)
  return { keys: state.keys, values, index, insertOnly: state.insertOnly }
}

function build(op: Group, insertOnly: boolean, losses: Losses): GroupState {
  const pool = openPool()
  const weight = insertOnly ? undefined : '_w'
  const among = op.aggregates.some(isOfValues) ? { among: '_src = 0' } : {}
  // A group without keys has its row whatever comes and goes.
  const count = insertOnly || op.keys.length === 0 ? undefined : counted(pool, { where: [], weight, ...among })
  const distinct: (DistinctValues & { readonly filters: string[] })[] = []
  const anew: AggregateOutput[] = []
  const kept = op.aggregates.map((one): Kept => {
    const call = callOf(one, op.input.columns, { where: one.filter ? [one.filter.sql] : [], weight, ...among })
    const found = isOfValues(one)
      ? exact(overValues(call, one.filter, distinct, insertOnly), ofValues(pool))
      : one.distinct && !deafToDistinct.has(one.name)
        ? undefined
        : (exact(call, pool) ?? extremum(call, pool, losses))
    if (found) return found
    anew.push(one)
    return computedAnew(one, pool)
  })
  const partial = op.aggregates.filter((one) => !isOfValues(one) && !anew.includes(one))
  return {
    keys: op.keys,
    insertOnly,
    columns: pool.columns,
    count,
    shown: kept.map((one, i) => ({ id: op.aggregates[i]?.col.id ?? '', value: one.value })),
    losses: kept.flatMap((one) => (one.loss ? [one.loss] : [])),
    distinct,
    anew,
    uses: new Set([...partial.flatMap(usesOf), ...(insertOnly ? [] : ['_w'])]),
    valueUses: new Set(op.aggregates.filter(isOfValues).flatMap(usesOf)),
  }
}

/** In any number of equal values, these find what they find in one. */
const deafToDistinct = new Set(['min', 'max', 'bool_and', 'bool_or', 'bit_and', 'bit_or'])

/** Is it an aggregate over DISTINCT values that follows from which values came and went? */
function isOfValues(one: AggregateOutput): boolean {
  if (!one.distinct || deafToDistinct.has(one.name) || one.args.length !== 1) return false
  return exact(callOf(one, [], { where: [], weight: '_w' }), openPool()) !== undefined
}

function exact(call: Call, pool: Pool): Kept | undefined {
  return linear(call, pool) ?? moment(call, pool)
}

function callOf(one: AggregateOutput, columns: readonly Col[], rows: Rows): Call {
  const args = one.args.map((arg) => ({ sql: arg.sql, type: arg.type, nullable: isNullable(arg, columns) }))
  return { name: one.name, type: one.col.type, args, order: one.order, rows }
}

/** The same aggregate over the values that came and went, which are kept with those of the same argument. */
function overValues(
  call: Call,
  filter: Expr | undefined,
  distinct: (DistinctValues & { readonly filters: string[] })[],
  insertOnly: boolean,
): Call {
  const [argument] = call.args
  if (!argument) return call
  let index = distinct.findIndex((one) => one.argument.sql === argument.sql)
  if (index < 0) index = distinct.push({ argument, filters: [] }) - 1
  const filters = distinct[index]?.filters ?? []
  const condition = filter?.sql ?? 'TRUE'
  if (!filters.includes(condition)) filters.push(condition)
  const values = valuesOf(index, filters.indexOf(condition), argument.type, insertOnly)
  return { ...call, args: [values.argument], rows: values.rows }
}

function computedAnew(one: AggregateOutput, pool: Pool): Kept {
  const name = pool.once(`anew ${one.sql}`, (fresh, add) => {
    const own = fresh()
    add({ name: own, type: one.col.type, whole: one.sql })
    return own
  })
  return { value: (at) => at(name) }
}

function usesOf(one: AggregateOutput): string[] {
  const parts = [...one.args, ...(one.filter ? [one.filter] : []), ...one.order.map((term) => term.expr)]
  return parts.flatMap((part) => [...part.uses])
}
