import { ident } from '../../connectors/store/quote.ts'
import { type Ast, items, textOf } from './ast.ts'
import type { AggregateCall } from './group-ast.ts'

/**
 * How one aggregate is kept per group over append-only input: partial columns that a batch computes from its own rows,
 * how they are merged into the state, and how the SQL aggregate is had from them.
 */
export interface AggregateState {
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly partial: string
    readonly initial: '0' | 'NULL'
    readonly merge: (old: string, added: string) => string
  }[]
  /** The aggregate's value from its state columns. */
  readonly value: string
}

const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'])

/** `type` is the aggregate's own type, `argument` its argument's, `print` the text of a call of another function over the same rows. */
export function aggregateState(
  call: AggregateCall,
  type: string,
  argument: string | undefined,
  print: (name: string) => string,
): AggregateState | string {
  const name = textOf(call.call.function_name).toLowerCase()
  if (call.call.distinct === true) return `${name}(DISTINCT …) must know which values it has seen`
  if (items((call.call.order_bys as Ast | undefined)?.orders).length > 0) return `${name}(… ORDER BY …) depends on all values`
  const column = (
    suffix: string,
    columnType: string,
    partial: string,
    merge: (old: string, added: string) => string,
    initial: '0' | 'NULL' = 'NULL',
  ) => ({ name: `${call.name}${suffix}`, type: columnType, partial, merge, initial })
  const add = (old: string, added: string) => `coalesce(${old} + ${added}, ${old}, ${added})`
  const own = ident(call.name)
  switch (name) {
    case 'count_star':
    case 'count':
    case 'count_if':
    case 'countif':
      return {
        columns: [column('', 'BIGINT', `CAST(${print(name)} AS BIGINT)`, (old, added) => `${old} + ${added}`, '0')],
        value: `CAST(${own} AS ${type})`,
      }
    case 'min':
    case 'max': {
      if (items(call.call.children).length !== 1) return `${name}(x, n) keeps several values`
      if (argument === 'FLOAT' || argument === 'DOUBLE') return `${name}() over floats is not kept yet (NaN, -0.0)`
      const merge = (old: string, added: string) => `${name === 'min' ? 'least' : 'greatest'}(${old}, ${added})` // both pass over NULL
      return { columns: [column('', type, print(name), merge)], value: own }
    }
    case 'sum': {
      const stateType = sumState(argument)
      if (stateType === undefined) return `sum(${argument ?? '?'}) has no exact state`
      return { columns: [column('', stateType, `CAST(${print('sum')} AS ${stateType})`, add)], value: `CAST(${own} AS ${type})` }
    }
    case 'avg':
    case 'mean': {
      const stateType = sumState(argument)
      if (stateType === undefined || stateType.startsWith('DECIMAL(38') || type !== 'DOUBLE')
        return `avg(${argument ?? '?'}) has no exact state`
      const n = `${call.name}n`
      return {
        columns: [
          column('', stateType, `CAST(${print('sum')} AS ${stateType})`, add),
          column('n', 'BIGINT', `CAST(${print('count')} AS BIGINT)`, (old, added) => `${old} + ${added}`, '0'),
        ],
        value: quotient(own, ident(n), argument ?? ''),
      }
    }
    default:
      return `${name}() is not kept by partial results yet`
  }
}

/** DuckDB divides a decimal's unscaled sum by count × 10^scale; 16-bit types in 64-bit floats, all others in 80-bit ones. */
function quotient(sum: string, count: string, argument: string): string {
  const [, width = '0', scale = '0'] = /^DECIMAL\((\d+),(\d+)\)$/.exec(argument) ?? []
  const power = 10n ** BigInt(scale)
  const unscaled = power === 1n ? `CAST(${sum} AS HUGEINT)` : `CAST(CAST(${sum} AS DECIMAL(38,${scale})) * ${power} AS HUGEINT)`
  const isShort = argument === 'SMALLINT' || (width !== '0' && Number(width) <= 4)
  const value = isShort
    ? `CAST(${unscaled} AS DOUBLE) / (CAST(${count} AS DOUBLE) * ${power})`
    : `_evert.exact_quotient(${unscaled}, CAST(${count} AS HUGEINT) * ${power})`
  return `CASE WHEN ${count} > 0 THEN ${value} END`
}

/**
 * Sums are kept in 64 bits: DuckDB's own HUGEINT and DECIMAL(38) are ten times dearer to update and to scan (facts of the
 * engine, 1.5). A sum beyond them fails its view loudly; it never wraps.
 */
function sumState(argument: string | undefined): string | undefined {
  if (argument === undefined) return undefined
  if (integers.has(argument)) return 'BIGINT'
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(argument)
  if (!decimal) return undefined
  return Number(decimal[2]) <= 9 && Number(decimal[1]) <= 18 ? `DECIMAL(18,${decimal[2]})` : `DECIMAL(38,${decimal[2]})`
}
