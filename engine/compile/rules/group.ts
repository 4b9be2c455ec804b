import { ident } from '../../../connectors/store/quote.ts'
import type { Group } from '../algebra/op.ts'
import { createValues, crossedCols } from './aggregates/distinct.ts'
import { maintainGroup } from './group-batch.ts'
import { shownRows, stored } from './group-rows.ts'
import { type GroupState, groupState, valuesTable } from './group-state.ts'
import type { Names, Rule, Traits } from './rule.ts'

/**
 * GROUP BY, and aggregates without it. A batch touches only its own groups: δ(γ(R)) follows from the old groups and γ(δR)
 * wherever an aggregate can be merged; where it cannot, the touched groups are computed anew from their rows.
 */
export function planGroup(op: Group, [input]: readonly Traits[]): Rule {
  const state = groupState(op, input?.insertOnly === true)
  return {
    ...described(op, state),
    insertOnly: false,
    needsRows: [state.anew.length > 0 || state.losses.length > 0],
    create: (names) => createState(op, state, names),
    rows: ({ table }) => shownRows(state, table),
    weighted: ({ table }) => shownRows(state, table, ', CAST(1 AS BIGINT) AS _w'),
    canTry: true,
    maintain: (run) => maintainGroup(state, run),
  }
}

/** The empty state. Without keys there is one row from the start, which is what the aggregates make of no rows. */
function createState(op: Group, state: GroupState, { table, side }: Names): string[] {
  const cells = [...op.keys.map(({ col }) => col), ...state.columns.map(({ name, type }) => ({ id: name, type }))]
  if (cells.length === 0) return [`CREATE TABLE ${table} (_one INTEGER)`, `INSERT INTO ${table} VALUES (1)`]
  const create = `CREATE TABLE ${table} (${cells.map(({ id, type }) => `${ident(id)} ${type}`).join(', ')})`
  const tables = state.distinct.map((_, i) => createValues(valuesTable(state, i), side(`distinct ${i}`)))
  if (op.keys.length > 0) return [create, ...tables]
  const values = state.columns.map(({ merged, whole }) => merged?.partial ?? whole)
  const crossed = state.distinct.flatMap((_, i) => crossedCols(valuesTable(state, i)))
  const read = [...op.input.columns, { id: '_w', type: 'BIGINT' }, { id: '_src', type: 'INTEGER' }, ...crossed]
  const nothing = read.map(({ id, type }) => `CAST(NULL AS ${type}) AS ${ident(id)}`)
  return [
    create,
    ...tables,
    `INSERT INTO ${table} (${stored(state)}) SELECT ${values.join(', ')} FROM (SELECT ${nothing.join(', ')}) AS nothing WHERE FALSE`,
  ]
}

function described(op: Group, state: GroupState): Pick<Rule, 'strategy' | 'reason' | 'state' | 'advice'> {
  const what = op.keys.length > 0 ? 'GROUP BY' : 'aggregates without GROUP BY'
  const names = [...new Set(state.anew.map((one) => `${one.name}(${one.distinct ? 'DISTINCT …' : '…'})`))].join(', ')
  const kept = 'partial results per group'
  if (state.anew.length > 0) {
    const floats = state.anew.some((one) => ['sum', 'avg', 'mean'].includes(one.name) && /^(DOUBLE|FLOAT)$/.test(one.args[0]?.type ?? ''))
    return {
      strategy: op.keys.length > 0 ? 'affected keys' : 'full',
      reason: `${what}: ${names} cannot be kept by partial results: computed anew for ${op.keys.length > 0 ? 'the groups that a batch touches' : 'each batch'}`,
      state: op.aggregates.length > state.anew.length ? `${kept}, and the values of ${names}` : `the values of ${names}`,
      ...(floats ? { advice: 'A sum of decimals is exact and is kept: sum(x::DECIMAL(18, 2))' } : {}),
    }
  }
  if (state.losses.length > 0)
    return {
      strategy: 'affected keys',
      reason: `${what}: a group is computed anew when a row goes that may have been its minimum or maximum; all else is merged`,
      state: kept,
    }
  return { strategy: 'linear', reason: `${what}: a batch is grouped by itself and merged into the groups that it touches`, state: kept }
}
