import { isBackward, isKnown } from '../algebra/asof.ts'
import type { Asof } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'

/** Texts for which rows an ASOF join must look at. Each is a FROM item in parentheses, or a SELECT where it says so. */

/** Of a left row that looks back in time: the right times before it are passed, the last of them is its partner's. */
function directed(op: Asof) {
  const isBack = isBackward(op.time.sign)
  return {
    /** The time that comes last on the way from a left row to its partner, and the one that comes first. */
    farthest: isBack ? 'min' : 'max',
    nearest: isBack ? 'max' : 'min',
    /** Is the one no farther than the other? */
    isWithin: (time: string, bound: string) => `${time} ${isBack ? '>=' : '<='} ${bound}`,
    isBeyond: (time: string, bound: string) => `${time} ${isBack ? '>' : '<'} ${bound}`,
    /** May a left row of the one time have a right row of the other? */
    mayHave: (left: string, right: string) => `${left} ${op.time.sign} ${right}`,
  }
}

/** The right rows that the asked left rows may have as partners: of their keys, from the partner of the farthest row on. */
export function near(op: Asof, asked: string, rows: string): string {
  const { farthest, nearest, isWithin, mayHave } = directed(op)
  const time = `(${op.time.right.sql})`
  const own = `SELECT ${cells(op, 'left')}${nearest}(${op.time.left.sql}) AS _first, ${farthest}(${op.time.left.sql}) AS _last FROM ${asked} AS l WHERE ${isKnown(op, 'left')}${grouped(op)}`
  const met = `${onKeys(op, 'right')} AND ${mayHave('_first', time)}`
  const floor = `SELECT ${names(op)}_first, ${nearest}(CASE WHEN ${mayHave('_last', time)} THEN ${time} END) AS _floor FROM _own JOIN ${rows} AS r ON ${met} GROUP BY ALL`
  return `(WITH _own AS MATERIALIZED (${own}), _from AS MATERIALIZED (${floor}) SELECT ${ids(op.right.columns)} FROM ${rows} AS r JOIN _from ON ${met} AND (_floor IS NULL OR ${isWithin(time, '_floor')}))`
}

/** SELECT of the touched right times by key: from the farthest of them (`_from`) to the next untouched one (`_until`, NULL: none). */
export function spans(op: Asof, theirs: string, rows: string): string {
  const { farthest, nearest, isBeyond } = directed(op)
  const time = `(${op.time.right.sql})`
  const touched = `SELECT ${cells(op, 'right')}${farthest}(${time}) AS _from, ${nearest}(${time}) AS _to FROM ${theirs}${grouped(op)}`
  return `WITH _touched AS MATERIALIZED (${touched}) SELECT ${names(op)}_from, ${farthest}(CASE WHEN ${isBeyond(time, '_to')} THEN ${time} END) AS _until FROM _touched LEFT JOIN ${rows} AS r ON ${onKeys(op, 'right')} GROUP BY ${names(op)}_from`
}

/** SELECT of the left rows in these spans, with their weights. */
export function concerned(op: Asof, between: string, rows: string): string {
  const { mayHave } = directed(op)
  const time = `(${op.time.left.sql})`
  const inside = `${mayHave(time, '_from')} AND (_until IS NULL OR NOT (${mayHave(time, '_until')}))`
  return `SELECT ${op.left.columns.length > 0 ? `${ids(op.left.columns)}, ` : ''}_w FROM ${rows} AS l JOIN ${between} AS s ON ${onKeys(op, 'left')} AND ${inside}`
}

/** The right rows of other keys and times than the touched ones: they are now as they were. */
export function untouched(op: Asof, theirs: string, rows: string): string {
  return `(SELECT r.* FROM ${rows} AS r ANTI JOIN ${touchedTimes(op, theirs)} AS t ON ${onTimes(op)})`
}

/** SELECT of the right rows of the touched keys and times as they were before the batch, each once. */
export function touchedBefore(op: Asof, theirs: string, rows: string): string {
  const columns = ids(op.right.columns)
  const now = `SELECT ${columns}, 1 AS _n FROM ${rows} AS r SEMI JOIN ${touchedTimes(op, theirs)} AS t ON ${onTimes(op)}`
  return `SELECT ${columns} FROM (${now} UNION ALL SELECT ${columns}, -_w FROM ${theirs}) GROUP BY ALL HAVING sum(_n) > 0`
}

function touchedTimes(op: Asof, theirs: string): string {
  return `(SELECT DISTINCT ${cells(op, 'right')}${op.time.right.sql} AS _at FROM ${theirs})`
}

function onTimes(op: Asof): string {
  return `${onKeys(op, 'right')} AND (${op.time.right.sql}) = _at`
}

function cells(op: Asof, side: 'left' | 'right'): string {
  return op.keys.map((key, i) => `${key[side].sql} AS _k${i}, `).join('')
}

function names(op: Asof): string {
  return op.keys.map((_, i) => `_k${i}, `).join('')
}

/** Without keys an aggregate would have a row for no rows. */
function grouped(op: Asof): string {
  return op.keys.length > 0 ? ` GROUP BY ${op.keys.map((_, i) => i + 1).join(', ')}` : ' HAVING count(*) > 0'
}

function onKeys(op: Asof, side: 'left' | 'right'): string {
  return op.keys.map((key, i) => `(${key[side].sql}) = _k${i}`).join(' AND ') || 'TRUE'
}
