import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { parsed } from '../../../test/support/parsed.ts'
import { trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Output, Window } from '../algebra/op.ts'
import { planWindow } from './window.ts'
import { planRunning } from './window-running.ts'

const column = (id: string, type: string, nullable = true): Col => ({ id, type, nullable })
// A key, a key that is never NULL, a time, a time that is never NULL, a number, a text, a decimal.
const columns = [
  column('#1', 'INTEGER'),
  column('#2', 'INTEGER', false),
  column('#3', 'DATE'),
  column('#4', 'BIGINT', false),
  column('#5', 'INTEGER'),
  column('#6', 'VARCHAR'),
  column('#7', 'DECIMAL(9,2)'),
]
const input: Constant = { kind: 'constant', sql: '', columns }
const domains = {
  '#1': ['1', '2', 'NULL'],
  '#2': ['1', '2'],
  '#3': ["'2026-01-01'", "'2026-01-02'", "'2026-01-03'", "'2026-01-04'", 'NULL'],
  '#4': ['1', '2', '3', '4', '5', '6'],
  '#5': ['1', '-2', '3', 'NULL'],
  '#6': ["'a'", "'b'", 'NULL'],
  '#7': ['1.25', '-0.50', 'NULL'],
}
const whole = ['#1', '#2', '#3', '#4', '#5', '#6', '#7'].map((id) => `"${id}"`).join(', ')

const connection = await (await DuckDBInstance.create(':memory:')).connect()
/** Windows as `[call, order, frame]`; `*` in an order stands for all columns. */
type Calls = readonly (readonly [call: string, order: string, frame?: string])[]

async function window(partition: readonly string[], calls: Calls): Promise<Window> {
  const by = partition.length > 0 ? `PARTITION BY ${partition.join(', ')} ` : ''
  const sqls = calls.map(([call, order, frame = '']) => `${call} OVER (${by}ORDER BY ${order.replace('*', whole)} ${frame})`)
  const types = (
    await connection.runAndReadAll(
      `DESCRIBE SELECT ${sqls.join(', ')} FROM (SELECT ${columns.map(({ id, type }) => `NULL::${type} AS "${id}"`).join(', ')})`,
    )
  ).getRowObjects()
  const windows: Output[] = await Promise.all(
    sqls.map(async (sql, i) => ({ col: column(`#${i + 10}`, String(types[i]?.column_type)), expr: await parsed(sql) })),
  )
  return {
    kind: 'window',
    input,
    partition: await Promise.all(partition.map(parsed)),
    windows,
    columns: [...columns, ...windows.map((one) => one.col)],
  }
}

const rows = 'ROWS UNBOUNDED PRECEDING'
const running: Record<string, Calls> = {
  'numbers and the row before': [
    ['row_number()', '"#4", *'],
    ['lag("#5")', '"#4", *'],
    ['lag("#6", 1, \'none\')', '"#4", *'],
  ],
  'three rows before': [
    ['lag("#4", 3, -1)', '"#4", *'],
    ['lag("#5", 2)', '"#4", *'],
  ],
  'sums to this row': [
    ['sum("#5")', '"#4", *', rows],
    ['sum("#7") FILTER (WHERE "#5" > 0)', '"#4", *', rows],
    ['count(*)', '"#4", *', rows],
    ['count("#6")', '"#4", *', rows],
    ['min("#6")', '"#4", *', rows],
    ['max("#3")', '"#4", *', rows],
    ['first_value("#5")', '"#4", *', rows],
    ['last_value("#5")', '"#4", *', rows],
  ],
  averages: [
    ['avg("#7")', '"#4", *', rows],
    ['avg("#5")', '"#4"'],
    ['mean("#4")', '"#4"', 'GROUPS UNBOUNDED PRECEDING'],
  ],
  'sums that equals share': [
    ['sum("#5")', '"#4"'],
    ['count(*)', '"#4"', 'GROUPS UNBOUNDED PRECEDING'],
    ['max("#7")', '"#4"'],
  ],
  'what equals share and may leave as it is': [
    ['sum("#5")', '"#4"'],
    ['min("#6")', '"#4"'],
    ['count("#7")', '"#4"', 'GROUPS UNBOUNDED PRECEDING'],
  ],
  ranks: [
    ['rank()', '"#4" DESC'],
    ['dense_rank()', '"#4" DESC'],
  ],
  'orders that begin alike': [
    ['sum("#5")', '"#4"'],
    ['rank()', '"#4", "#3"'],
    ['lag("#5")', '"#4", "#3", *'],
  ],
  'NULL in the order, first and last, up and down': [
    ['row_number()', '"#3" DESC NULLS FIRST, "#6" NULLS LAST, *'],
    ['sum("#5")', '"#3" DESC NULLS FIRST, "#6"'],
  ],
  'NULL in the order, last': [['count(*)', '"#3" DESC']],
}

const partitions = [['"#2"'], ['"#1"'], ['"#1"', '"#6"'], ['("#4" % 2)'], []]
const few = { rowsMax: 4, domains }

describe.each(Object.entries(running))('%s', (name, calls) => {
  const first = Object.keys(running).indexOf(name)
  test.each([0, 1].map((i) => [partitions[(first + i) % partitions.length] ?? []]))('PARTITION BY %j', async (partition) => {
    const op = await window(partition, calls)
    await trace({ op, plan: planWindow, seed: 1, insertOnly: [true], ...few })
    await trace({ op, plan: planWindow, seed: 2, ...few })
  })
})

test.each(partitions.map((one) => [one]))(
  'PARTITION BY %j, computed first from rows that are there, and in small batches',
  async (partition) => {
    const op = await window(partition, running['orders that begin alike'] ?? [])
    await trace({ op, plan: planWindow, seed: 3, steps: 5, insertOnly: [true], firstAt: 1, ...few })
    await trace({ op, plan: planWindow, seed: 4, steps: 5, firstAt: 2, isSmall: true, ...few })
  },
)

test('rows in their order are added, and nothing that is kept is read', async () => {
  const op = await window(['"#2"'], running['sums to this row'] ?? [])
  const rule = planRunning(op, [{ op: input, insertOnly: true }])
  expect(rule?.needsRows).toEqual([false])
  const statements = await trace({ op, plan: planWindow, seed: 5, insertOnly: [true], steps: 2, isSmall: false, ...few })
  const inOrder = statements.join('\n')
  expect(inOrder).toContain('INSERT INTO _state.main SELECT')
  expect(inOrder).not.toContain('FROM _state.main')
})

test('equals of the last row that change nothing that it shares are behind it', async () => {
  const calls: Calls = [['sum("#5")', '"#4"']]
  const statements = async (values: readonly string[]) => {
    const one = { ...domains, '#2': ['1'], '#4': ['1'], '#5': values }
    const op = await window(['"#2"'], calls)
    return (await trace({ op, plan: planWindow, seed: 8, insertOnly: [true], steps: 6, isSmall: false, rowsMax: 4, domains: one })).join(
      '\n',
    )
  }
  expect(await statements(['0', 'NULL'])).not.toContain('FROM _state.main')
  expect(await statements(['1'])).toContain('FROM _state.main')
})

test.each([true, false])('equals of the last row, of which some change what it shares (only added: %s)', async (insertOnly) => {
  const op = await window(['"#2"'], running['what equals share and may leave as it is'] ?? [])
  const tied = { ...domains, '#4': ['1', '2'], '#5': ['0', 'NULL', '1', '-1'] }
  for (const seed of [1, 2, 3, 4])
    await trace({ op, plan: planWindow, seed, insertOnly: [insertOnly], steps: 6, rowsMax: 2, domains: tied })
})

test('what a batch costs is told by how rows may come', async () => {
  const strategy = async (partition: string[], order: string, insertOnly = true) =>
    planRunning(await window(partition, [['rank()', order]]), [{ op: input, insertOnly }])?.strategy
  expect(await strategy(['"#2"'], '"#3", "#4"')).toBe('linear')
  expect(await strategy(['"#2"'], '"#3" DESC')).toBe('affected keys')
  expect(await strategy(['"#2"'], '"#4"')).toBe('affected keys')
  expect(await strategy(['"#2"'], '"#3"', false)).toBe('affected keys')
  expect(await strategy([], '"#3"')).toBe('full')
})

test('all that looks at single rows is numbered in one sort: equals stand in one order for all of it', async () => {
  const op = await window(['"#1"', '"#6"'], running['three rows before'] ?? [])
  const statements = await trace({ op, plan: planWindow, seed: 6, insertOnly: [true], steps: 2, isSmall: false, ...few })
  const came = statements.find((sql) => sql.includes('"temp came" AS SELECT')) ?? ''
  const fed = columns.map(({ id, type }) => `${id === '#1' ? 1 : 'NULL'}::${type} AS "${id}"`).join(', ')
  await connection.run(`CREATE OR REPLACE TEMP TABLE d0 AS SELECT ${fed}`)
  const plan = String((await connection.runAndReadAll(`EXPLAIN ${came.replace(/^.*? AS SELECT/, 'SELECT')}`)).getRowsJson()[0]?.[1])
  expect(plan.match(/WINDOW/g)).toHaveLength(1)
})

test.each<[string, Calls]>([
  ['what looks ahead', [['lead("#5")', '"#4", *']]],
  ['a sum of floats', [['sum("#5"::DOUBLE)', '"#4"']]],
  ['an average of floats', [['avg("#5"::DOUBLE)', '"#4"']]],
  ['a frame that does not begin with the partition', [['sum("#5")', '"#4"', 'ROWS 2 PRECEDING']]],
  ['a frame that ends behind the row', [['count(*)', '"#4"', 'ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING']]],
  ['a frame without its row', [['count(*)', '"#4"', 'ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW']]],
  ['the row before of a computed value', [['lag("#5" + 1)', '"#4", *']]],
  ['a row too far before', [['lag("#5", 9)', '"#4", *']]],
  ['the last value that is known', [['lag("#5" IGNORE NULLS)', '"#4", *']]],
  ['distinct values', [['count(DISTINCT "#5")', '"#4"']]],
  ['an order of its own', [['rank(ORDER BY "#5")', '"#4"']]],
  ['a computed order', [['rank()', '"#4" % 3']]],
  [
    'orders that differ',
    [
      ['rank()', '"#4"'],
      ['sum("#5")', '"#5"'],
    ],
  ],
  [
    'a number in a shorter order than another',
    [
      ['row_number()', '"#4"'],
      ['lag("#5")', '"#4", *'],
    ],
  ],
])('%s is computed anew with its partition', async (_, calls) => {
  const op = await window(['"#2"'], calls)
  expect(planRunning(op, [{ op: input, insertOnly: true }])).toBeUndefined()
  expect(planWindow(op, [{ op: input, insertOnly: true }]).strategy).toBe('affected keys')
})
