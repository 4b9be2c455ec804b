import { ident } from '../../../connectors/store/quote.ts'
import { changedValues, crossedRows, firstValues, writeValues } from './aggregates/distinct.ts'
import { colsOf, keyCells } from './group-keys.ts'
import { type GroupState, valuesTable } from './group-state.ts'
import type { Input, Run } from './rule.ts'

/** The rows that a batch is grouped from: a FROM item, and how the keys are had from it. */
export interface Source {
  readonly from: string
  readonly keys: readonly string[]
}

/**
 * The input's change; with DISTINCT aggregates also the values that came or went, as rows beside it (`_src` tells them
 * apart), so that everything is grouped in one pass.
 */
export function* batchSource(state: GroupState, run: Run, input: Input): Generator<string, Source, number> {
  if (state.distinct.length === 0) return { from: input.change(), keys: keyCells(state.keys) }
  const change = yield* changeOnce(state, run, input)
  const crossed: string[] = []
  for (const index of state.distinct.keys()) {
    const table = valuesTable(state, index)
    const name = run.side(`distinct ${index}`)
    if (run.isFirst) {
      yield firstValues(table, name, change)
      crossed.push(crossedRows(table, name, true))
      continue
    }
    const changed = run.temp(`distinct ${index}`)
    const count = yield `CREATE OR REPLACE TEMP TABLE ${changed} AS ${changedValues(table, name, change)}`
    if (count > 0) yield* writeValues(table, name, changed, count)
    crossed.push(crossedRows(table, changed, false))
  }
  const keys = colsOf(state.keys).map(({ id }) => id)
  const read = [...state.uses].filter((id) => !keys.includes(id)).map(ident)
  const own = `SELECT ${[...keyCells(state.keys), ...read, '0 AS _src'].join(', ')} FROM ${change}`
  return { from: `(${[own, ...crossed].join(' UNION ALL BY NAME ')})`, keys: keys.map(ident) }
}

/** A change that is a text of its own is computed once, where several statements read it. */
function* changeOnce(state: GroupState, run: Run, input: Input): Generator<string, string, number> {
  const change = input.change()
  if (run.isFirst || !change.startsWith('(')) return change
  const staged = run.temp('staged')
  const uses = new Set([...state.uses, ...state.keys.flatMap(({ expr }) => [...expr.uses]), ...state.valueUses, '_w'])
  yield `CREATE OR REPLACE TEMP TABLE ${staged} AS SELECT ${[...uses].map(ident).join(', ')} FROM ${change}`
  return staged
}
