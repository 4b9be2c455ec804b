import type { At, Kept, Pool } from './kept.ts'
import { type Argument, type Call, overBatch, type Rows, restricted, rowsKey } from './rows.ts'

/**
 * Aggregates whose change is the aggregate of the change (counts, sums, parity): a partial result per group, to which a
 * batch's own is added, negative where rows went.
 */

/** Counts and sums by name; undefined where the aggregate is none of them, or its argument has no exact sum. */
export function linear(call: Call, pool: Pool): Kept | undefined {
  const [argument] = call.args
  switch (call.name) {
    case 'count_star':
      return shown(call.type, counted(pool, call.rows))
    case 'count':
      if (call.args.length > 1) return undefined
      return shown(call.type, argument ? countedValues(pool, call.rows, argument) : counted(pool, call.rows))
    case 'count_if': // over no value but NULL it is NULL, as a sum is
    case 'countif':
    case 'sum':
      return argument && sum(call, argument, pool)
    case 'bool_and':
    case 'bool_or':
      return argument && truth(call, argument, pool)
    case 'bit_xor':
      return argument && parity(call, argument, pool)
    default:
      return undefined
  }
}

/** State column with the number of rows. */
export function counted(pool: Pool, rows: Rows): string {
  return pool.once(`count ${rowsKey(rows)}`, (fresh, add) => {
    const name = fresh()
    const partial =
      rows.weight === undefined ? overBatch('count(*)', rows) : `CAST(coalesce(${overBatch(`sum(${rows.weight})`, rows)}, 0) AS BIGINT)`
    const merge = (old: At, added: At) => `${old(name)} + ${added(name)}`
    add({ name, type: 'BIGINT', merged: { partial, merge }, countsRows: rows.where.length === 0 && (rows.weight ?? '_w') === '_w' })
    return name
  })
}

/** State column with the number of rows whose argument is not NULL. */
export function countedValues(pool: Pool, rows: Rows, argument: Argument): string {
  return counted(pool, argument.nullable ? restricted(rows, `(${argument.sql}) IS NOT NULL`) : rows)
}

/** State column with an exact sum of `sql`, 0 where rows go and nothing is left; NULL where nothing was added and none goes. */
export function summed(pool: Pool, rows: Rows, sql: string, type: string): string {
  return pool.once(`sum ${type} ${sql} ${rowsKey(rows)}`, (fresh, add) => {
    const name = fresh()
    if (rows.weight === undefined) {
      const merge = (old: At, added: At) => `coalesce(${old(name)} + ${added(name)}, ${old(name)}, ${added(name)})`
      add({ name, type, merged: { partial: `CAST(${overBatch(`sum(${sql})`, rows)} AS ${type})`, merge } })
    } else {
      const partial = `CAST(coalesce(${overBatch(`sum(${sql} * ${rows.weight})`, rows)}, 0) AS ${type})`
      add({ name, type, merged: { partial, merge: (old, added) => `${old(name)} + ${added(name)}` } })
    }
    return name
  })
}

const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'])

/**
 * The type that a sum is kept in: 64 bits, since DuckDB's own HUGEINT and DECIMAL(38) are ten times dearer to update and to
 * scan (facts of the engine, 1.5). A sum beyond it raises, and fails its view. undefined: there is no exact sum.
 */
export function sumType(argument: string): string | undefined {
  if (integers.has(argument) || argument === 'BOOLEAN') return 'BIGINT'
  if (argument === 'UBIGINT' || argument === 'HUGEINT') return 'HUGEINT'
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(argument)
  if (!decimal) return undefined
  return Number(decimal[2]) <= 9 && Number(decimal[1]) <= 18 ? `DECIMAL(18,${decimal[2]})` : `DECIMAL(38,${decimal[2]})`
}

/** The argument as it is multiplied and added: the product of a 64-bit number and a weight needs more than 64 bits. */
export function addend(argument: Argument): string {
  if (argument.type === 'BOOLEAN') return `CAST(${argument.sql} AS INTEGER)`
  return argument.type === 'BIGINT' || argument.type === 'UBIGINT' ? `CAST(${argument.sql} AS HUGEINT)` : `(${argument.sql})`
}

function sum(call: Call, argument: Argument, pool: Pool): Kept | undefined {
  const type = sumType(argument.type)
  if (type === undefined) return undefined
  if (call.rows.weight === undefined) return shown(call.type, summed(pool, call.rows, argument.sql, type))
  const total = summed(pool, call.rows, addend(argument), type)
  const values = countedValues(pool, call.rows, argument)
  return { value: (at) => `CASE WHEN ${at(values)} > 0 THEN CAST(${at(total)} AS ${call.type}) END` }
}

function truth(call: Call, argument: Argument, pool: Pool): Kept {
  const isAnd = call.name === 'bool_and'
  if (call.rows.weight === undefined) {
    const name = pool.once(`${call.name} ${argument.sql} ${rowsKey(call.rows)}`, (fresh, add) => {
      const own = fresh()
      const merge = (old: At, added: At) => `coalesce(${old(own)} ${isAnd ? 'AND' : 'OR'} ${added(own)}, ${old(own)}, ${added(own)})`
      add({ name: own, type: 'BOOLEAN', merged: { partial: overBatch(`${call.name}(${argument.sql})`, call.rows), merge } })
      return own
    })
    return { value: (at) => at(name) }
  }
  const values = countedValues(pool, call.rows, argument)
  const decisive = counted(pool, restricted(call.rows, isAnd ? `NOT (${argument.sql})` : argument.sql))
  return { value: (at) => `CASE WHEN ${at(values)} > 0 THEN ${at(decisive)} ${isAnd ? '= 0' : '> 0'} END` }
}

/** A row that goes changes the bits as one that comes: only odd weights matter. */
function parity(call: Call, argument: Argument, pool: Pool): Kept | undefined {
  if (!integers.has(argument.type)) return undefined
  const { rows } = call
  const odd = rows.weight === undefined ? rows : restricted(rows, `${rows.weight} % 2 <> 0`)
  const name = pool.once(`xor ${argument.sql} ${rowsKey(rows)}`, (fresh, add) => {
    const own = fresh()
    const merge = (old: At, added: At) => `coalesce(xor(${old(own)}, ${added(own)}), ${old(own)}, ${added(own)})`
    add({ name: own, type: call.type, merged: { partial: overBatch(`bit_xor(${argument.sql})`, odd), merge } })
    return own
  })
  if (rows.weight === undefined) return { value: (at) => at(name) }
  const values = countedValues(pool, rows, argument)
  // Where every value stands an even number of times no weight was odd, and the bits are none: 0, not NULL.
  return { value: (at) => `CASE WHEN ${at(values)} > 0 THEN coalesce(${at(name)}, CAST(0 AS ${call.type})) END` }
}

function shown(type: string, column: string): Kept {
  return { value: (at) => `CAST(${at(column)} AS ${type})` }
}
