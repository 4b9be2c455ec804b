import { ident, list } from '../../../connectors/store/quote.ts'
import { ids, outputs, sameKeys } from '../algebra/select-of.ts'
import { matches } from './distinct-cells.ts'
import type { Input } from './rule.ts'
import { keptName, type Running, type RunningStage } from './running.ts'
import { ofTouched } from './touched.ts'
import { repeated } from './touched-rows.ts'

/** The texts of a running window's batch, each a SELECT. What they are put together to: `window-running.ts`. */

/** Names of a state's columns: keys, place, number of rows, and what the windows need. */
export function stateNames(running: Running): readonly string[] {
  return [...keyNames(running), '_o', '_n', ...running.stages.flatMap(statesOf)]
}

/** The state of the partitions whose last rows are in `fresh`, and their `_rid`. */
export function lastRows(running: Running, fresh: string): string {
  const keys = running.partition.map((key, i) => `${key.sql} AS _k${i}`)
  const calls = running.stages.flatMap((stage) => stage.calls)
  const cells = calls.flatMap((call) => call.state.map(({ name, sql }) => `${sql} AS ${ident(name)}`))
  return `SELECT ${[...keys, `${running.place.sql} AS _o`, '_n', ...cells, '_rid'].join(', ')} FROM ${fresh} WHERE _last`
}

/** The partitions of a batch, what is kept of them (`_rid` NULL: nothing), and whether something of it came too late for that. Where rows may go, `came` has weights and is not numbered yet. */
export function touchedPartitions(running: Running, came: string, state: string, mayTake: boolean): string {
  const { partition, place, equals } = running
  const keys = partition.map((key, i) => `${key.sql} AS _k${i}`).join(', ')
  const own = mayTake
    ? `SELECT ${keys}, ${place.descending ? 'max' : 'min'}(${place.sql}) AS _first, bool_or(_w < 0) AS _gone FROM ${came} GROUP BY ALL`
    : `SELECT ${keys}, ${place.sql} AS _first FROM ${came} WHERE _m = 1`
  const columns = partition.map((key, i) => ({ id: `_k${i}`, type: '', nullable: key.nullable }))
  const names = stateNames(running).filter((name) => !keyNames(running).includes(name))
  const found = matches(columns, 'own', state, ['t.rowid AS _rid', ...names.map((name) => `t.${ident(name)}`)])
  const isBehind = `own._first ${place.descending ? '<' : '>'}${equals === 'late' ? '' : '='} kept._o`
  const late = `coalesce(NOT (${isBehind}), FALSE)${mayTake ? ' OR own._gone' : ''} AS _late`
  const shown = [...columns.map(({ id }) => `own.${id}`), 'kept._rid', ...names.map((name) => `kept.${ident(name)}`), late]
  const same = sameKeys(columns.map(({ id, nullable }) => ({ left: `own.${id}`, right: `kept.${id}`, nullable })))
  return `WITH own AS MATERIALIZED (${own}), kept AS MATERIALIZED (${found}) SELECT ${shown.join(', ')} FROM own LEFT JOIN kept ON ${same}`
}

/** SELECT of the keys of the partitions that are computed anew: something came too late, or equals of the last row changed what they share. */
export function lateKeys(running: Running, touched: string, fresh: string): string {
  const late = `SELECT ${list(keyNames(running))} FROM ${touched} WHERE _late`
  if (running.equals !== 'behind if settled') return late
  return `${late} UNION SELECT ${running.partition.map((key) => key.sql).join(', ')} FROM ${fresh} WHERE _moved`
}

/** All rows of the partitions in `late`, from the input, or from what is kept and what came. */
export function lateRows(running: Running, late: string, from: { table: string; came: string; input: Input }): string {
  const { input, partition } = running
  if (!from.input.insertOnly) return ofTouched(from.input.rows(), late, partition)
  const of = (rows: string) => `SELECT ${ids(input.columns)} FROM ${ofTouched(rows, late, partition)}`
  return `(${of(from.table)} UNION ALL ${of(from.came)})`
}

/** The rows that came, as often as their weights say. Where one went, its partition is computed from its rows. */
export function rowsThatCame(running: Running, came: string): string {
  return `(${repeated(running.input.columns, came, ' WHERE _w > 0')})`
}

/** SELECT of rows with the lowest windows over them alone, their number `_m` in their partition's part of them, and `_last` where they end it. */
export function numberedRows(running: Running, rows: string): string {
  const { over, stages } = running
  return `SELECT *, row_number() ${over} AS _m, lead(FALSE, 1, TRUE) ${over} AS _last, ${batchWindows(running, stages[0])} FROM ${rows}`
}

/** Which rows `freshRows` shows: of partitions that begin with them, and what is known of these; or those behind what is kept. */
export interface From {
  /** FROM item: numbered rows. */
  readonly rows: string
  /** FROM item of the partitions; absent: none is kept. */
  readonly touched?: string
  readonly isBehind: boolean
}

/** Rows with their windows, `_anew` where they are not behind what is kept, `_moved` where they tie with it and change what they share (`behind if settled`), `_last` where one ends its partition, and what that leaves for the state: `_n`, `_rid`, hidden values. */
export function freshRows(running: Running, { rows, touched, isBehind }: From): string {
  const [lowest, ...others] = running.stages
  const same = sameKeys(running.partition.map((key, i) => ({ left: key.sql, right: `s._k${i}`, nullable: key.nullable })))
  const cells = [
    ...valuesOf(lowest, isBehind),
    `${isBehind ? 'coalesce(s._n, 0) + b._m' : 'b._m'} AS _n`,
    touched ? 's._rid' : 'CAST(NULL AS BIGINT) AS _rid',
    ...(isBehind ? keptNames(running).map((name) => `s.${ident(name)} AS ${ident(keptName(name))}`) : []),
  ]
  let from = `(SELECT b.*, ${cells.join(', ')} FROM ${rows} AS b${touched ? ` JOIN ${touched} AS s ON ${same}` : ''})`
  for (const stage of others) {
    const between = stage.between.filter(({ col, expr }) => expr.sql !== ident(col.id))
    if (between.length > 0) from = `(SELECT *, ${outputs(between)} FROM ${from})`
    from = `(SELECT b.*, ${valuesOf(stage, isBehind).join(', ')} FROM (SELECT *, ${batchWindows(running, stage)} FROM ${from}) AS b)`
  }
  const hidden = running.stages.flatMap(({ calls }) =>
    calls.flatMap(({ state }) => state.filter((one) => one.hidden).map(({ name }) => name)),
  )
  const marks = [
    `${!isBehind} AS _anew`,
    ...(running.equals === 'behind if settled' ? [`${isBehind ? isMoved(running) : 'FALSE'} AS _moved`] : []),
  ]
  return `SELECT ${[ids(running.columns), ...marks, '_last', '_n', ...hidden.map(ident), '_rid'].join(', ')} FROM ${from}`
}

/** What is kept of a partition that its rows are seen with: for the windows over the lowest ones, and for what equals share. */
function keptNames(running: Running): readonly string[] {
  const [, ...others] = running.stages
  const above = others.length > 0 ? ['_n', ...others.flatMap(statesOf)] : []
  return [
    ...new Set([...above, ...(running.equals === 'behind if settled' ? ['_o', ...sharedStates(running).map(({ name }) => name)] : [])]),
  ]
}

/**
 * Does a row that ties with the last one kept change the values that it shares? They follow from the kept ones and the row as those of a row
 * behind would, so where the state stays as it is, no value that was shown becomes another.
 */
function isMoved(running: Running): string {
  const differs = sharedStates(running).map(({ name, sql }) => `${sql} IS DISTINCT FROM ${ident(keptName(name))}`)
  return `coalesce(${running.place.sql} = ${ident(keptName('_o'))} AND (${differs.join(' OR ')}), FALSE)`
}

function sharedStates(running: Running): readonly { readonly name: string; readonly sql: string }[] {
  return running.stages.flatMap(({ calls }) => calls.flatMap((call) => (call.sharesWithPeers ? call.state : [])))
}

/** The windows over the batch alone. */
function batchWindows({ by, over }: Running, { calls }: RunningStage): string {
  const all = calls.flatMap((call) => [call.batch, ...call.more({ partition: by, longest: over })])
  return all.map(([name, sql]) => `${sql} AS ${ident(name)}`).join(', ')
}

function valuesOf({ calls }: RunningStage, isBehind: boolean): readonly string[] {
  const values = calls.map((call) => `${isBehind ? call.value : `b.${ident(call.batch[0])}`} AS ${ident(call.col.id)}`)
  const hidden = calls.flatMap(({ state }) =>
    state.flatMap((one) => (one.hidden ? [`${isBehind ? one.hidden.behind : one.hidden.alone} AS ${ident(one.name)}`] : [])),
  )
  return [...values, ...hidden]
}

function statesOf({ calls }: RunningStage): readonly string[] {
  return calls.flatMap((call) => call.state.map(({ name }) => name))
}

function keyNames(running: Running): readonly string[] {
  return running.partition.map((_, i) => `_k${i}`)
}
