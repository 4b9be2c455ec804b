import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { parsed } from '../../../test/support/parsed.ts'
import { trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Map as MapOp, Output, Window } from '../algebra/op.ts'
import { selectOf } from '../algebra/select-of.ts'
import { runningOf } from './running.ts'
import { planWindow } from './window.ts'

const column = (id: string, type: string, nullable = true): Col => ({ id, type, nullable })
// A key, a time that is never NULL, a number, a text.
const columns = [column('#1', 'INTEGER', false), column('#2', 'BIGINT', false), column('#3', 'INTEGER'), column('#4', 'VARCHAR')]
const input: Constant = { kind: 'constant', sql: '', columns }
const domains = {
  '#1': ['1', '2', '3'],
  '#2': ['1', '2', '3', '4', '5', '6', '7', '8'],
  '#3': ['1', '-2', 'NULL'],
  '#4': ["'a'", "'b'", 'NULL'],
}
const few = { rowsMax: 4, domains }

const connection = await (await DuckDBInstance.create(':memory:')).connect()

async function typed(from: readonly Col[], expressions: readonly string[], first: number): Promise<Output[]> {
  const rows = `SELECT ${from.map(({ id, type }) => `NULL::${type} AS "${id}"`).join(', ')}`
  const types = (await connection.runAndReadAll(`DESCRIBE SELECT ${expressions.join(', ')} FROM (${rows})`)).getRowObjects()
  return Promise.all(
    expressions.map(async (sql, i) => {
      const id = /^"(#\d+)"$/.exec(sql)?.[1]
      const same = from.find((one) => one.id === id)
      const expr = await parsed(sql)
      return { col: column(`#${first + i}`, String(types[i]?.column_type), same?.nullable ?? true), expr: same ? { ...expr, sql } : expr }
    }),
  )
}

async function window(over: Constant | MapOp, partition: readonly string[], calls: readonly string[], first: number): Promise<Window> {
  const windows = await typed(over.columns, calls, first)
  return {
    kind: 'window',
    input: over,
    partition: await Promise.all(partition.map(async (sql) => ({ ...(await parsed(sql)), sql }))),
    windows,
    columns: [...over.columns, ...windows.map(({ col }) => col)],
  }
}

async function map(over: Window, expressions: readonly string[], first: number): Promise<MapOp> {
  const outputs = await typed(over.columns, expressions, first)
  return { kind: 'map', input: over, where: [], outputs, columns: outputs.map(({ col }) => col) }
}

const inOrder = 'PARTITION BY "#1" ORDER BY "#2", "#3", "#4"'

/** The same in the order of the time alone: rows that come with the last one's time may add nothing to what it shares. */
async function sessionsByTime(): Promise<Window> {
  const below = await window(input, ['"#1"'], ['lag("#2") OVER (PARTITION BY "#1" ORDER BY "#2")'], 10)
  const between = await map(below, ['"#1"', '"#2"', 'CASE WHEN "#2" - "#10" <= 1 THEN 0 ELSE 1 END'], 20)
  return window(between, ['"#20"'], [`sum("#22") ${over}`, `max("#22") ${over}`], 30)
}

/** `lag` and a number; the key, the time and whether a session begins, under other names; and what runs over that. */
async function sessions(calls: readonly string[], more: readonly string[] = []): Promise<Window> {
  const below = await window(input, ['"#1"'], [`lag("#2") OVER (${inOrder})`, `sum("#3") OVER (PARTITION BY "#1" ORDER BY "#2")`], 10)
  const between = await map(below, ['"#1"', '"#2"', 'CASE WHEN "#2" - "#10" <= 1 THEN 0 ELSE 1 END', ...more], 20)
  return window(between, ['"#20"'], calls, 30)
}

const over = 'OVER (PARTITION BY "#20" ORDER BY "#21")'
const chains: Record<string, () => Promise<Window>> = {
  'sessions by number': () => sessions([`sum("#22") ${over}`]),
  'sessions by time, where equals come in two batches': sessionsByTime,
  'several windows over what is shown': () =>
    sessions([`count(*) ${over}`, `rank() ${over}`, `avg("#22") ${over}`, `max("#23") ${over}`], ['"#11"', '"#4" || \'!\'']),
  'three windows over one another': async () => {
    const two = await sessions([`sum("#22") ${over}`, `avg("#22") ${over}`], ['"#3"'])
    const between = await map(two, ['"#21"', '"#20"', '"#30" * 2 + "#22"', '"#31"'], 40)
    const again = 'OVER (PARTITION BY "#41" ORDER BY "#40")'
    return window(between, ['"#41"'], [`min("#42") ${again}`, `count("#43") ${again}`, `dense_rank() ${again}`], 50)
  },
}

describe.each(Object.entries(chains))('%s', (_, chain) => {
  test('rows only come', async () => {
    const op = await chain()
    expect(runningOf(op)?.input).toBe(input)
    await trace({ op, inputs: [input], plan: planWindow, seed: 1, insertOnly: [true], ...few })
    await trace({ op, inputs: [input], plan: planWindow, seed: 2, steps: 5, insertOnly: [true], firstAt: 1, isSmall: true, ...few })
  })
  test('rows come and go', async () => {
    const op = await chain()
    await trace({ op, inputs: [input], plan: planWindow, seed: 3, ...few })
    await trace({ op, inputs: [input], plan: planWindow, seed: 4, steps: 5, firstAt: 2, ...few })
  })
})

test('one part keeps them all: what is behind is computed from the batch and one row of each partition', async () => {
  const op = await sessions([`sum("#22") ${over}`])
  const statements = await trace({ op, inputs: [input], plan: planWindow, seed: 5, insertOnly: [true], steps: 1, isSmall: false, ...few })
  expect(statements.filter((sql) => sql.includes('lag('))).toHaveLength(1)
  expect(statements.join('\n')).not.toContain('FROM _state.main')
})

test.each<[string, () => Promise<Window>]>([
  [
    'equals that have values of their own',
    () => sessions([`sum("#22") OVER (PARTITION BY "#20" ORDER BY "#21" ROWS UNBOUNDED PRECEDING)`]),
  ],
  ['another partition', () => sessionsBy('"#22"', `sum("#22") OVER (PARTITION BY "#22" ORDER BY "#21")`)],
  ['another order', () => sessions([`sum("#22") OVER (PARTITION BY "#20" ORDER BY "#23")`], ['"#3"'])],
  ['a computed order', () => sessions([`sum("#22") OVER (PARTITION BY "#20" ORDER BY "#21", "#22")`])],
])('%s: the upper window alone runs, over rows that are kept', async (_, chain) => {
  const op = await chain()
  expect(runningOf(op)?.input ?? op.input).toBe(op.input)
})

test('rows that are filtered between windows are kept by each', async () => {
  const op = await sessions([`sum("#22") ${over}`])
  const between = op.input as MapOp
  const filtered: Window = { ...op, input: { ...between, where: [await parsed('"#3" > 0')] } }
  expect(runningOf(filtered)?.input).toBe(filtered.input)
  expect(selectOf(filtered)).toContain('WHERE')
})

async function sessionsBy(partition: string, call: string): Promise<Window> {
  const op = await sessions([call])
  return { ...op, partition: [{ ...(await parsed(partition)), sql: partition }] }
}
