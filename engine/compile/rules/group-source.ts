import { ident } from '../../../connectors/store/quote.ts'
import { batchValues, changedValues, crossedRows, firstValues, writeValues } from './aggregates/distinct.ts'
import { byKeys, colsOf, keyCells } from './group-keys.ts'
import { type GroupState, valuesTable } from './group-state.ts'
import type { Input, Run } from './rule.ts'

/** The rows that a batch is grouped from: a FROM item, and how the keys are had from it. */
export interface Source {
  readonly from: string
  readonly keys: readonly string[]
  /** Its own rows are grouped already: one a group, with their partial results by name. */
  readonly isGrouped: boolean
}

/**
 * The input's change; with DISTINCT aggregates also the values that came or went, as rows beside it (`_src` tells them
 * apart), so that everything is grouped in one pass. What follows from the batch alone comes first: its rows with their keys,
 * its own partial results, its values by group; only then the state is read. Undefined: there is no row.
 */
export function* batchSource(state: GroupState, run: Run, input: Input): Generator<string, Source | undefined, number> {
  if (state.distinct.length === 0 || run.isFirst) return yield* firstSource(state, run, input)
  const source = yield* staged(state, run, input)
  if (source === undefined) return undefined
  // Grouped by themselves first, many rows are few beside the values; of a few, grouping twice costs more than it brings.
  const own = run.isSmall ? undefined : yield* made(run, 'own', ownRows(state, source))
  const values: string[] = []
  for (const index of state.distinct.keys())
    values.push(yield* made(run, `values ${index}`, batchValues(valuesTable(state, index), source)))
  const crossed: string[] = []
  for (const [index, batch] of values.entries()) {
    const table = valuesTable(state, index)
    const name = run.side(`distinct ${index}`)
    const changed = run.temp(`distinct ${index}`)
    const count = yield `CREATE OR REPLACE TEMP TABLE ${changed} AS ${changedValues(table, name, `SELECT * FROM ${batch}`)}`
    if (count > 0) yield* writeValues(table, name, changed, count)
    crossed.push(crossedRows(table, changed, false))
  }
  if (own === undefined) return together(state, source, crossed)
  const rows = [`SELECT *, 0 AS _src FROM ${own}`, ...crossed].join(' UNION ALL BY NAME ')
  return { from: `(${rows})`, keys: colsOf(state.keys).map(({ id }) => ident(id)), isGrouped: true }
}

/** Into the empty state, or without DISTINCT: nothing has to be looked up. */
function* firstSource(state: GroupState, run: Run, input: Input): Generator<string, Source, number> {
  const change: Source = { from: input.change(), keys: keyCells(state.keys), isGrouped: false }
  if (state.distinct.length === 0) return change
  const crossed: string[] = []
  for (const index of state.distinct.keys()) {
    const name = run.side(`distinct ${index}`)
    yield firstValues(valuesTable(state, index), name, change)
    crossed.push(crossedRows(valuesTable(state, index), name, true))
  }
  return together(state, change, crossed)
}

/** The rows of a change and the values that came or went with it, in one. */
function together(state: GroupState, change: Source, crossed: readonly string[]): Source {
  const keys = colsOf(state.keys).map(({ id }) => id)
  const read = [...state.uses].filter((id) => !keys.includes(id)).map(ident)
  const own = `SELECT ${[...change.keys, ...read, '0 AS _src'].join(', ')} FROM ${change.from}`
  return { from: `(${[own, ...crossed].join(' UNION ALL BY NAME ')})`, keys: keys.map(ident), isGrouped: false }
}

/** A change that is a text of its own is computed once, and with it the keys of its rows. */
function* staged(state: GroupState, run: Run, input: Input): Generator<string, Source | undefined, number> {
  const change = input.change()
  if (!change.startsWith('(')) return { from: change, keys: keyCells(state.keys), isGrouped: false }
  const keys = colsOf(state.keys).map(({ id }) => id)
  const read = [...new Set([...state.uses, ...state.valueUses, '_w'])].filter((id) => !keys.includes(id)).map(ident)
  const table = run.temp('staged')
  const count = yield `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${[...keyCells(state.keys), ...read].join(', ')} FROM ${change}`
  return count > 0 ? { from: table, keys: keys.map(ident), isGrouped: false } : undefined
}

/** The partial results of the batch's own rows. */
function ownRows(state: GroupState, { from, keys }: Source): string {
  const cells = state.columns.flatMap(({ name, merged, ofValues }) => (merged && !ofValues ? [`${merged.partial} AS ${ident(name)}`] : []))
  const hints = state.losses.map(({ name, partial }) => `${partial} AS ${ident(name)}`)
  const shown = [...keys, ...cells, ...hints]
  return `SELECT ${shown.join(', ') || 'DISTINCT 1 AS _one'} FROM (SELECT *, 0 AS _src FROM ${from})${byKeys(state.keys)}`
}

/** A FROM item with these rows: a table, or in a small batch the text, since each statement costs more than its rows. */
function* made(run: Run, name: string, rows: string): Generator<string, string, number> {
  if (run.isSmall) return `(${rows})`
  const table = run.temp(name)
  yield `CREATE OR REPLACE TEMP TABLE ${table} AS ${rows}`
  return table
}
