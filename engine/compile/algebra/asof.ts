import { ident } from '../../../connectors/store/quote.ts'
import type { Asof } from './op.ts'
import { ids } from './select-of.ts'

/**
 * The rows of an ASOF join without DuckDB's ASOF JOIN, which takes any of the right rows that tie, and did not end on some inputs
 * with one thread (1.5.6). Both sides stand in one order of time, each left row behind the right rows that it may have; the last of
 * these is its partner. Right rows of one time stand in the order of all their columns, so the greatest is taken.
 */
export function asofRows(op: Asof, left: string, right: string, isWeighted = false): string {
  const weight = isWeighted ? ', _w' : ''
  const keys = op.keys.map((_, i) => `_k${i}`)
  const cells = (side: 'left' | 'right') =>
    [...op.keys.map((key, i) => `${key[side].sql} AS _k${i}`), `${op.time[side].sql} AS _t`].join(', ')
  const type = `STRUCT(${op.right.columns.map((column, i) => `${field(i)} ${column.type}`).join(', ')})`
  const packed = `struct_pack(${op.right.columns.map((column, i) => `${field(i)} := ${ident(column.id)}`).join(', ')})`
  const nothing = op.left.columns.map((column) => `CAST(NULL AS ${column.type}), `).join('')
  const own = op.left.columns.map((column) => `${ident(column.id)}, `).join('')
  const ours = `SELECT ${own}${isWeighted ? '_w, ' : ''}CAST(NULL AS ${type}) AS _r, ${cells('left')}, 1 AS _s FROM ${left} AS l`
  const theirs = `SELECT ${nothing}${isWeighted ? 'CAST(NULL AS BIGINT), ' : ''}${packed}, ${cells('right')}, 0 FROM ${right} AS r WHERE ${isKnown(op, 'right')}`
  const { sign } = op.time
  const order = `_t ${isBackward(sign) ? 'ASC' : 'DESC'} NULLS LAST, _s ${isStrict(sign) ? 'DESC' : 'ASC'}, _r ASC NULLS FIRST`
  const by = keys.length > 0 ? `PARTITION BY ${keys.join(', ')} ` : ''
  const partner = `last_value(_r IGNORE NULLS) OVER (${by}ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  const shown = op.columns.map((column) => {
    const at = op.right.columns.findIndex((one) => one.id === column.id)
    return at < 0 ? ident(column.id) : `struct_extract(_p, '${field(at)}') AS ${ident(column.id)}`
  })
  const both = `SELECT *, CASE WHEN _t IS NOT NULL THEN ${partner} END AS _p FROM (${ours} UNION ALL ${theirs})`
  return `SELECT ${shown.join(', ') || ids([])}${weight} FROM (${both}) WHERE _s = 1${op.type === 'inner' ? ' AND _p IS NOT NULL' : ''}`
}

/** Does a left row look back in time? */
export function isBackward(sign: Asof['time']['sign']): boolean {
  return sign.startsWith('>')
}

/** NULL has no partner and is none. */
export function isKnown(op: Asof, side: 'left' | 'right'): string {
  return [...op.keys, op.time].map((one) => `(${one[side].sql}) IS NOT NULL`).join(' AND ')
}

function isStrict(sign: Asof['time']['sign']): boolean {
  return sign.length === 1
}

function field(at: number): string {
  return `c${at}`
}
