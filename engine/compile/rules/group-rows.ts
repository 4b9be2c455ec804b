import { ident, list } from '../../../connectors/store/quote.ts'
import { at } from './aggregates/kept.ts'
import { byKeys, colsOf, keyCells, matchedRows, rowsOfTouched, sameGroup, touchedKeys } from './group-keys.ts'
import type { Source } from './group-source.ts'
import type { GroupState } from './group-state.ts'
import type { Input } from './rule.ts'

/** A grouped SELECT's batch as rows: of itself, of the groups that it touches, and of those that are computed anew. */

/** All rows at once into the empty state. */
export function firstRows(state: GroupState, table: string, source: Source): string {
  const cells = state.columns.map(({ name, merged, whole }) => `${merged?.partial ?? whole} AS ${ident(name)}`)
  const having = state.count === undefined ? '' : ` HAVING ${ident(state.count)} > 0`
  return `INSERT INTO ${table} (${stored(state)}) SELECT ${[...source.keys, ...cells].join(', ')} FROM ${source.from}${byKeys(state.keys)}${having}`
}

/** The batch's own groups: keys, partial results, and what tells that a group lost what it showed. */
export function batchRows(state: GroupState, source: Source): string {
  // Of what is grouped already each group has one row.
  const own = (name: string, partial: string) => `${source.isGrouped ? `any_value(${ident(name)})` : partial} AS ${ident(name)}`
  const partials = state.columns.flatMap(({ name, merged, ofValues }) => {
    if (!merged) return []
    return [ofValues ? `${merged.partial} AS ${ident(name)}` : own(name, merged.partial)]
  })
  const hints = state.losses.map(({ name, partial }) => own(name, partial))
  // One row says that the batch has any, where nothing is grouped and nothing summed.
  return `SELECT ${[...source.keys, ...partials, ...hints].join(', ') || 'DISTINCT 1 AS _one'} FROM ${source.from}${byKeys(state.keys)}`
}

/** What is computed anew, over all rows of the groups in `touched`. */
export function wholeRows(state: GroupState, input: Input, touched: string): string {
  const cells = state.columns.flatMap(({ name, merged, whole }) =>
    whole !== undefined && (state.anew.length === 0 || !merged) ? [`${whole} AS ${ident(name)}`] : [],
  )
  return `SELECT ${[...keyCells(state.keys), ...cells].join(', ')} FROM ${rowsOfTouched(state.keys, input.rows(), touched)}${byKeys(state.keys)}`
}

/** The touched groups: keys, `_rid` (NULL: a new group), the old state under `_o…`, the new one, and `_lost`. */
export function touchedRows(state: GroupState, table: string, batch: string, anew: string): string {
  const names = state.columns.map(({ name }) => name)
  const olds = names.map((name) => `m.${ident(name)} AS ${ident(`_o${name}`)}`)
  const news = state.columns.map(({ name, merged }) => {
    if (!merged) return `a.${ident(name)}`
    return `CASE WHEN m._rid IS NULL THEN g.${ident(name)} ELSE ${merged.merge(at('m'), at('g'))} END AS ${ident(name)}`
  })
  const lost = state.losses.map((loss) => `(${loss.isLost(at('m'), at('g'))})`).join(' OR ')
  const cells = [...touchedKeys(state.keys), 'm._rid', ...olds, ...news, ...(lost === '' ? [] : [`${lost} AS _lost`])]
  const same = (alias: string) => (state.keys.length > 0 ? sameGroup(state.keys, alias, 'g') : 'TRUE')
  const joined = state.anew.length > 0 ? ` LEFT JOIN ${anew} AS a ON ${same('a')}` : ''
  return `SELECT ${cells.join(', ')} FROM ${batch} AS g LEFT JOIN ${matchedRows(state.keys, batch, table, names)} AS m ON ${same('m')}${joined}`
}

/** Puts what was computed anew into the touched groups that are lost. */
export function replaceLost(state: GroupState, touched: string, anew: string): string {
  const sets = state.columns.flatMap(({ name, whole }) => (whole === undefined ? [] : [`${ident(name)} = a.${ident(name)}`]))
  const same = state.keys.length > 0 ? ` AND ${sameGroup(state.keys, 't', 'a')}` : ''
  return `UPDATE ${touched} AS t SET ${sets.join(', ')} FROM ${anew} AS a WHERE t._lost${same}`
}

/** What groups show; `from` is a FROM item with their keys and state. */
export function shownRows(state: GroupState, from: string, more = ''): string {
  const values = state.shown.map(({ id, value }) => `${value(at('s'))} AS ${ident(id)}`)
  const cells = [...colsOf(state.keys).map(({ id }) => ident(id)), ...values]
  return `SELECT ${cells.join(', ') || '1 AS _one'}${more} FROM ${from} AS s`
}

/** FROM item with the groups of a batch as they are after it, where they were compared. */
export function groupsAfter(state: GroupState, touched: string): string {
  return state.count === undefined ? touched : `(SELECT * FROM ${touched} WHERE ${ident(state.count)} <> 0)`
}

/** The same, where they were merged into the state. */
export function groupsFound(state: GroupState, table: string, batch: string): string {
  return matchedRows(
    state.keys,
    batch,
    table,
    state.columns.map(({ name }) => name),
  )
}

/** The columns of the main table. */
export function stored(state: GroupState): string {
  return list([...colsOf(state.keys).map((col) => col.id), ...state.columns.map(({ name }) => name)])
}
