import { exactQuotient } from './exact-quotient.ts'
import type { At, Kept, Pool } from './kept.ts'
import { addend, countedValues, summed, sumType } from './linear.ts'
import { type Argument, type Call, overBatch, rowsKey } from './rows.ts'

/** Aggregates that follow from exact sums of powers: the average, and the variances. */

/** avg and the variance family over exact types; undefined for others. */
export function moment(call: Call, pool: Pool): Kept | undefined {
  const [argument] = call.args
  if (!argument || call.type !== 'DOUBLE') return undefined
  switch (call.name) {
    case 'avg':
    case 'mean':
      return average(call, argument, pool)
    case 'var_pop':
    case 'var_samp':
    case 'variance':
    case 'stddev':
    case 'stddev_pop':
    case 'stddev_samp':
    case 'sem':
      return variance(call, argument, pool)
    default:
      return undefined
  }
}

/** The type of the sum that an average is had from; undefined where it is too wide, or not exact. */
export function averagedSum(argument: string): string | undefined {
  const type = sumType(argument)
  return type === 'HUGEINT' || type?.startsWith('DECIMAL(38') ? undefined : type
}

function average(call: Call, argument: Argument, pool: Pool): Kept | undefined {
  const type = averagedSum(argument.type)
  if (type === undefined) return undefined
  const sum = summed(pool, call.rows, call.rows.weight === undefined ? argument.sql : addend(argument), type)
  const count = countedValues(pool, call.rows, argument)
  return { value: (at) => quotient(at(sum), at(count), argument.type) }
}

/** The average of numbers of the type `argument`, from their sum and their count. DuckDB divides a decimal's unscaled sum by count × 10^scale; 16-bit types in 64-bit floats, all others in 80-bit ones. */
export function quotient(sum: string, count: string, argument: string): string {
  const { width, scale } = decimalOf(argument)
  const power = 10n ** BigInt(scale)
  const unscaled = scale === 0 ? `CAST(${sum} AS HUGEINT)` : unscaledText(sum, scale)
  const isShort = /^U?TINYINT$|^SMALLINT$/.test(argument) || (width > 0 && width <= 4)
  const divisor = scale === 0 ? `CAST(${count} AS HUGEINT)` : `CAST(${count} AS HUGEINT) * ${power}`
  return `CASE WHEN ${count} > 0 THEN ${isShort ? `CAST(${unscaled} AS DOUBLE) / (${divisor})` : exactQuotient(unscaled, `(${divisor})`)} END`
}

/**
 * DuckDB's own variance is Welford's, in floats: it depends on the order of the rows. Here it is had from the exact sums of
 * the numbers and of their squares, by moving them to the integer next to the mean, which is exact too.
 */
function variance(call: Call, argument: Argument, pool: Pool): Kept | undefined {
  const { width, scale } = decimalOf(argument.type)
  if (!/^(U?(TINY|SMALL)INT|U?INTEGER|BIGINT)$/.test(argument.type) && (width === 0 || width > 18)) return undefined
  const number = scale === 0 ? `CAST(${argument.sql} AS HUGEINT)` : unscaledText(argument.sql, scale)
  const count = countedValues(pool, call.rows, argument)
  const sum = wideSum(call, number, pool)
  const squares = wideSum(call, `${number} * ${number}`, pool)
  const isSample = call.name === 'var_samp' || call.name === 'variance' || call.name === 'stddev' || call.name === 'stddev_samp'
  return {
    value: (at) => {
      const n = at(count)
      const spread = `${squaresAroundMean(n, sum(at), squares(at))} / 1e${2 * scale} / (${isSample ? `${n} - 1` : n})`
      const value = call.name === 'sem' ? `sqrt(${spread}) / sqrt(${n})` : call.name.startsWith('std') ? `sqrt(${spread})` : spread
      return `CASE WHEN ${n} > ${isSample ? 1 : 0} THEN ${value} END`
    },
  }
}

/** Σ(x − mean)², from n, Σx and Σx²: Σ(x − m)² − r²/n, where m is the integer next to the mean and r = Σx − n·m. */
function squaresAroundMean(n: string, sum: string, squares: string): string {
  const mean = '(2 * v.s + CASE WHEN v.s < 0 THEN -v.n ELSE v.n END) // (2 * v.n)'
  const moved = 'CAST(v.q - m * v.s - m * (v.s - v.n * m) AS DOUBLE) - pow(CAST(v.s - v.n * m AS DOUBLE), 2) / v.n'
  // Lambdas name what is used more than once: written out, the text takes longer to plan than to run.
  return `list_transform([{n: CAST(${n} AS HUGEINT), s: ${sum}, q: ${squares}}], lambda v: list_transform([${mean}], lambda m: greatest(${moved}, 0))[1])[1]`
}

/** A 128-bit sum in two 64-bit columns, which are far cheaper to update and to scan. Beyond 127 bits it raises. */
function wideSum(call: Call, sql: string, pool: Pool): (at: At) => string {
  const { weight } = call.rows
  return pool.once(`wide ${sql} ${rowsKey(call.rows)}`, (fresh, add) => {
    const high = fresh()
    const low = fresh()
    const whole = (at: At) => `(CAST(${at(high)} AS HUGEINT) * 18446744073709551616 + ${at(low)})`
    const partial = `coalesce(${overBatch(`sum(${weight === undefined ? sql : `${sql} * ${weight}`})`, call.rows)}, 0)`
    const merged = (old: At, added: At) => `(${whole(old)} + ${whole(added)})`
    add({ name: high, type: 'BIGINT', merged: { partial: upper(partial), merge: (old, added) => upper(merged(old, added)) } })
    add({ name: low, type: 'UBIGINT', merged: { partial: lower(partial), merge: (old, added) => lower(merged(old, added)) } })
    return whole
  })
}

function upper(wide: string): string {
  return `CAST(${wide} >> 64 AS BIGINT)`
}

function lower(wide: string): string {
  return `CAST(${wide} & 18446744073709551615 AS UBIGINT)`
}

function decimalOf(type: string): { readonly width: number; readonly scale: number } {
  const [, width = '0', scale = '0'] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? []
  return { width: Number(width), scale: Number(scale) }
}

/** A decimal without its point, exactly. */
function unscaledText(sql: string, scale: number): string {
  return `CAST(CAST(${sql} AS DECIMAL(38,${scale})) * ${10n ** BigInt(scale)} AS HUGEINT)`
}
