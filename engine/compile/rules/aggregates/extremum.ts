import { text } from '../../../../connectors/store/quote.ts'
import type { AggregateOutput } from '../../algebra/op.ts'
import { valueInOrder } from '../../ties-aggregates.ts'
import type { At, Kept, Pool } from './kept.ts'
import { type Call, overBatch, overGroup, type Rows, restricted, rowsKey } from './rows.ts'

/**
 * Aggregates that choose one row of a group, or meet in one value: rows that come can be merged. Of rows that go, only those
 * that may have been chosen matter: then the group is computed anew from its rows.
 */

/** What an input that also loses rows asks for. */
export type Losses = 'none' | 'hinted' | 'anew'

interface Extreme {
  readonly isLeast: boolean
  /** The value itself; the value of another argument, present or not; that of the first row in an order, present or not. */
  readonly kind: 'value' | 'at' | 'at or null' | 'first' | 'first or null'
}

const extremes = new Map<string, Extreme>([
  ['min', { isLeast: true, kind: 'value' }],
  ['max', { isLeast: false, kind: 'value' }],
  ['arg_min', { isLeast: true, kind: 'at' }],
  ['argmin', { isLeast: true, kind: 'at' }],
  ['min_by', { isLeast: true, kind: 'at' }],
  ['arg_max', { isLeast: false, kind: 'at' }],
  ['argmax', { isLeast: false, kind: 'at' }],
  ['max_by', { isLeast: false, kind: 'at' }],
  ['arg_min_null', { isLeast: true, kind: 'at or null' }],
  ['arg_max_null', { isLeast: false, kind: 'at or null' }],
  ['any_value', { isLeast: true, kind: 'first' }],
  ['first', { isLeast: true, kind: 'first or null' }],
  ['arbitrary', { isLeast: true, kind: 'first or null' }],
  ['last', { isLeast: false, kind: 'first or null' }],
])

/** min, max, arg_min, first … with their NULL rules; undefined for other aggregates and other numbers of arguments. */
export function extremum(call: Call, pool: Pool, losses: Losses): Kept | undefined {
  const bits = meeting(call, pool, losses)
  if (bits) return bits
  const known = extremes.get(call.name)
  const [value, order] = call.args
  if (!known || !value) return undefined
  const { isLeast, kind } = known
  const isPresent = (sql: string) => `(${sql}) IS NOT NULL`
  if (kind === 'value') {
    if (call.args.length !== 1) return undefined
    return chosen({ rows: call.rows, isLeast, by: value.sql, byType: call.type }, pool, losses)
  }
  if (kind === 'at' || kind === 'at or null') {
    if (call.args.length !== 2 || !order) return undefined
    const where = kind === 'at' ? [isPresent(value.sql), isPresent(order.sql)] : [isPresent(order.sql)]
    const rows = where.reduce(restricted, call.rows)
    const field = valueInOrder(order.type)
    if (field !== undefined) {
      // The order ends with the value itself, which decides ties: one column says both.
      const best = chosen({ rows, isLeast, by: order.sql, byType: order.type }, pool, losses)
      return { ...best, value: (at) => `CAST(struct_extract(${best.value(at)}, ${text(field)}) AS ${call.type})` }
    }
    return chosen({ rows, isLeast, by: order.sql, byType: order.type, value: value.sql, valueType: call.type }, pool, losses)
  }
  if (call.args.length !== 1 || call.order.length === 0) return undefined
  const rows = kind === 'first or null' ? call.rows : restricted(call.rows, isPresent(value.sql))
  return chosen({ rows, isLeast, by: sortKey(call.order), byType: 'BLOB', value: value.sql, valueType: call.type }, pool, losses)
}

interface Choice {
  readonly rows: Rows
  readonly isLeast: boolean
  /** What is compared. Rows where it is NULL are not chosen. */
  readonly by: string
  readonly byType: string
  /** What is shown of the chosen row; absent: `by` itself. */
  readonly value?: string
  readonly valueType?: string
}

function chosen(choice: Choice, pool: Pool, losses: Losses): Kept {
  const { rows, isLeast, by, byType, value, valueType } = choice
  const least = isLeast ? 'min' : 'max'
  const key = `${least} ${value ?? ''} by ${by} ${rowsKey(rows)}`
  return pool.once(key, (fresh, add) => {
    const best = fresh()
    const bestOf = (old: At, added: At) => `${isLeast ? 'least' : 'greatest'}(${old(best)}, ${added(best)})` // both pass over NULL
    const keep = (name: string, type: string, call: string, merge: (old: At, added: At) => string) => {
      const merged = losses === 'anew' ? {} : { merged: { partial: overBatch(call, rows), merge } }
      add({ name, type, whole: overGroup(call, rows), ...merged })
    }
    keep(best, byType, `${least}(${by})`, bestOf)
    let shown = best
    if (value !== undefined && valueType !== undefined) {
      shown = fresh()
      const isBetter = (old: At, added: At) => `${old(best)} IS NULL OR ${added(best)} ${isLeast ? '<' : '>'} ${old(best)}`
      keep(shown, valueType, `arg_${least}_null(${value}, ${by})`, (old, added) => {
        return `CASE WHEN ${isBetter(old, added)} THEN ${added(shown)} ELSE ${old(shown)} END`
      })
    }
    const kept = { value: (at: At) => at(shown) }
    if (losses !== 'hinted' || rows.weight === undefined) return kept
    const name = fresh()
    const partial = overBatch(`${least}(${by})`, restricted(rows, `${rows.weight} < 0`))
    // The batch's best may be of a row that went: it is then no better than what went, and the group is lost.
    const isLost = (old: At, added: At) => `${added(name)} ${isLeast ? '<=' : '>='} ${bestOf(old, added)}`
    return { ...kept, loss: { name, partial, isLost } }
  })
}

/** bit_and and bit_or: a bit that goes may have been the only one. */
function meeting(call: Call, pool: Pool, losses: Losses): Kept | undefined {
  const operator = call.name === 'bit_and' ? '&' : call.name === 'bit_or' ? '|' : undefined
  const [argument] = call.args
  if (operator === undefined || !argument || !/^U?(TINY|SMALL|BIG|HUGE)INT$|^U?INTEGER$/.test(argument.type)) return undefined
  const { rows } = call
  return pool.once(`${call.name} ${argument.sql} ${rowsKey(rows)}`, (fresh, add) => {
    const own = fresh()
    const whole = `${call.name}(${argument.sql})`
    const merge = (old: At, added: At) => `coalesce(${old(own)} ${operator} ${added(own)}, ${old(own)}, ${added(own)})`
    const merged = losses === 'anew' ? {} : { merged: { partial: overBatch(whole, rows), merge } }
    add({ name: own, type: call.type, whole: overGroup(whole, rows), ...merged })
    const kept = { value: (at: At) => at(own) }
    if (losses !== 'hinted' || rows.weight === undefined) return kept
    const name = fresh()
    const partial = overBatch(`count(${argument.sql})`, restricted(rows, `${rows.weight} < 0`))
    return { ...kept, loss: { name, partial, isLost: (_old, added) => `${added(name)} > 0` } }
  })
}

/** One comparable value for a whole ORDER BY. The text at its end makes it a BLOB whatever the types are. */
function sortKey(order: AggregateOutput['order']): string {
  const parts = order.map((term) => `${term.expr.sql}, '${term.descending ? 'DESC' : 'ASC'} NULLS ${term.nullsFirst ? 'FIRST' : 'LAST'}'`)
  return `create_sort_key(${[...parts, "'', 'ASC NULLS LAST'"].join(', ')})`
}
