import { ident, list } from '../../../connectors/store/quote.ts'
import { at, type StateColumn } from './aggregates/kept.ts'
import { isRowOf } from './by-rowid.ts'
import { arePlain, colsOf, sameGroup } from './group-keys.ts'
import { stored } from './group-rows.ts'
import type { GroupState } from './group-state.ts'

/** How a batch's groups get into the state, and what is handed on of them. */

/** Written in place whenever its row is. */
const narrow = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|BOOLEAN|DATE|TIME|TIMESTAMP.*|DECIMAL\((\d|1[0-8]),\d+\)|ENUM.*)$/
/** Written in place where it differs: twice as dear as a number. Of other types the rows are replaced, which is dear as well: dead rows pile up. */
const text = 'VARCHAR'

/** Can one MERGE by the keys do it all? By IS NOT DISTINCT FROM it would read the whole state. `isOnlyAdded`: no group loses what it shows. */
export function isMergeable(state: GroupState, isOnlyAdded: boolean): boolean {
  return (
    (isOnlyAdded || state.losses.length === 0) &&
    arePlain(state.keys) &&
    state.columns.every((column) => column.merged) &&
    areInPlace(state)
  )
}

function areInPlace(state: GroupState): boolean {
  return state.columns.every(({ type }) => narrow.test(type) || type === text)
}

/** The batch's groups into the state in one statement; nothing is known afterwards of what was there. `isSmall`: few groups. */
export function mergeRows(state: GroupState, table: string, batch: string, isSmall: boolean): string {
  const merged = (column: StateColumn) => column.merged?.merge(at('s'), at('g'))
  const sets = (columns: readonly StateColumn[]) => columns.map((column) => `${ident(column.name)} = ${merged(column)}`).join(', ')
  // One case more costs more than to write the texts of a few groups.
  const texts = state.columns.filter(({ type }) => type === text && !isSmall)
  const others = state.columns.filter((column) => !texts.includes(column))
  const differs = texts.map((column) => `${merged(column)} IS DISTINCT FROM ${at('s')(column.name)}`).join(' OR ')
  const cells = [...colsOf(state.keys).map((col) => col.id), ...state.columns.map(({ name }) => name)]
  const gone = state.count === undefined ? '' : ` WHEN MATCHED AND ${at('s')(state.count)} + ${at('g')(state.count)} = 0 THEN DELETE`
  const updateAll = texts.length > 0 ? ` WHEN MATCHED AND (${differs}) THEN UPDATE SET ${sets(state.columns)}` : ''
  const update = others.length > 0 ? ` WHEN MATCHED THEN UPDATE SET ${sets(others)}` : ''
  const isNew = state.count === undefined ? '' : ` AND ${at('g')(state.count)} <> 0`
  const insert = ` WHEN NOT MATCHED${isNew} THEN INSERT (${list(cells)}) VALUES (${cells.map((name) => `g.${ident(name)}`).join(', ')})`
  return `MERGE INTO ${table} AS s USING ${batch} AS g ON ${state.keys.length > 0 ? sameGroup(state.keys, 's', 'g') : 'TRUE'}${gone}${updateAll}${update}${insert}`
}

/** Writes the touched groups: in place where that is cheap. Rowids hold until rows are deleted: that comes last. */
export function* writeRows(state: GroupState, table: string, touched: string, count: number): Generator<string, void, number> {
  const size = state.count === undefined ? undefined : at('t')(state.count)
  const isThere = size === undefined ? '' : ` AND ${size} <> 0`
  const differs = (columns: readonly StateColumn[]) =>
    columns.map(({ name }) => `${at('t')(name)} IS DISTINCT FROM ${at('t', '_o')(name)}`).join(' OR ') || 'FALSE'
  const isChanged = state.columns.some(({ countsRows }) => countsRows) ? 'TRUE' : `(${differs(state.columns)})`
  const insert = `INSERT INTO ${table} (${stored(state)}) SELECT ${stored(state)} FROM ${touched} AS t WHERE `
  const delete_ = `DELETE FROM ${table} AS s USING ${touched} AS t WHERE ${isRowOf('s', 't', colsOf(state.keys))} AND `
  if (!areInPlace(state)) {
    yield `${delete_}(${isChanged}${size === undefined ? '' : ` OR ${size} = 0`})`
    yield `${insert}(t._rid IS NULL OR ${isChanged})${isThere}`
    return
  }
  const update = (columns: readonly StateColumn[], where: string) =>
    `UPDATE ${table} AS s SET ${columns.map(({ name }) => `${ident(name)} = ${at('t')(name)}`).join(', ')} FROM ${touched} AS t WHERE ${isRowOf('s', 't', colsOf(state.keys))} AND ${where}${isThere}`
  const texts = state.columns.filter(({ type }) => type === text)
  const others = state.columns.filter(({ type }) => type !== text)
  // A count of 1 may stand for a number that is not known; more than that is one.
  const isAll = (written: number) => count > 1 && written === count
  let written = 0
  if (others.length > 0) written += yield update(others, isChanged)
  if (state.keys.length > 0 && !isAll(written)) written += yield `${insert}t._rid IS NULL${isThere}`
  if (texts.length > 0) yield update(texts, `(${differs(texts)})`)
  if (size !== undefined && !isAll(written)) yield `${delete_}${size} = 0`
}

/** The rows that the touched groups showed and show, where they differ: each group once as it was, once as it is. */
export function netChange(state: GroupState, touched: string): string {
  const keys = colsOf(state.keys)
  const values = state.shown.flatMap(({ value }, i) => [`${value(at('t', '_o'))} AS _old${i}`, `${value(at('t'))} AS _new${i}`])
  const is = state.count === undefined ? 'TRUE' : `t.${ident(state.count)} <> 0`
  const cells = [...keys.map(({ id }) => ident(id)), 't._rid IS NOT NULL AS _was', `${is} AS _is`, ...values]
  const shown = state.shown.map(({ id }, i) => `CASE WHEN _w < 0 THEN _old${i} ELSE _new${i} END AS ${ident(id)}`)
  const differs = ['_was <> _is', ...state.shown.map((_, i) => `_old${i} IS DISTINCT FROM _new${i}`)].join(' OR ')
  const both = `SELECT ${cells.join(', ')}, CAST(unnest([-1, 1]) AS BIGINT) AS _w FROM ${touched} AS t`
  return `SELECT ${[...keys.map(({ id }) => ident(id)), ...shown, '_w'].join(', ')} FROM (${both}) WHERE (CASE WHEN _w < 0 THEN _was ELSE _is END) AND (${differs})`
}
