import { keyCells } from './group-keys.ts'
import { batchRows, firstRows, groupsAfter, groupsFound, replaceLost, shownRows, touchedRows, wholeRows } from './group-rows.ts'
import { batchSource } from './group-source.ts'
import type { GroupState } from './group-state.ts'
import { isMergeable, mergeRows, netChange, writeRows } from './group-write.ts'
import { handOn } from './hand-on.ts'
import type { Handed, Run } from './rule.ts'

/**
 * One batch of a grouped SELECT. It is grouped by itself; its groups are found in the state once, old and new beside each
 * other; what changed is written, and handed on as the rows that were shown and those that are.
 */
export function* maintainGroup(state: GroupState, run: Run): Generator<string, Handed, number> {
  const [input] = run.inputs
  if (!input?.isChanged || state.keys.length + state.columns.length === 0) return false
  // Rows that repeat what is computed anew cannot stand beside values that crossed zero.
  const isFirst = run.isFirst && state.keys.length > 0 && (state.anew.length === 0 || state.distinct.length === 0)
  if (isFirst && state.anew.length > 0) {
    const from = `(SELECT *, CAST(1 AS BIGINT) AS _w FROM ${input.rows()})`
    yield firstRows(state, run.table, { from, keys: keyCells(state.keys), isGrouped: false })
    return false
  }
  const source = yield* batchSource(state, run, input)
  if (source === undefined) return false
  if (isFirst) {
    yield firstRows(state, run.table, source)
    return false
  }
  const isMerged = !run.handsOn && isMergeable(state, input.isOnlyAdded)
  if (run.isSmall && isMerged && !run.tries) {
    yield mergeRows(state, run.table, `(${batchRows(state, source)})`, true)
    return false
  }
  // A small batch is grouped within the statement that reads it, where only one does.
  const isWithin = run.isSmall && !isMerged && state.anew.length === 0
  const batch = isWithin ? 'batch' : run.temp('batch')
  const grouped = batchRows(state, source)
  if (!isWithin && (yield `CREATE OR REPLACE TEMP TABLE ${batch} AS ${grouped}`) === 0) return false
  if (isMerged) {
    yield mergeRows(state, run.table, batch, run.isSmall)
    if (run.tries) yield run.tries(`(${shownRows(state, groupsFound(state, run.table, batch))})`)
    return false
  }
  const anew = run.temp('anew')
  if (state.anew.length > 0) yield `CREATE OR REPLACE TEMP TABLE ${anew} AS ${wholeRows(state, input, batch)}`
  const touched = run.temp('touched')
  const within = isWithin ? `WITH ${batch} AS MATERIALIZED (${grouped}) ` : ''
  const count = yield `CREATE OR REPLACE TEMP TABLE ${touched} AS ${within}${touchedRows(state, run.table, batch, anew)}`
  if (state.losses.length > 0) {
    const lost = `(SELECT * FROM ${touched} WHERE _lost)`
    if ((yield `CREATE OR REPLACE TEMP TABLE ${anew} AS ${wholeRows(state, input, lost)}`) > 0) yield replaceLost(state, touched, anew)
  }
  yield* writeRows(state, run.table, touched, count)
  if (run.tries) yield run.tries(`(${shownRows(state, groupsAfter(state, touched))})`)
  return run.handsOn ? yield* handOn(run, netChange(state, touched)) : false
}
