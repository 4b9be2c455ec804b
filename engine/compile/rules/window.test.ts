import { describe, expect, test } from 'vitest'
import { trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Expr, Output, Window } from '../algebra/op.ts'
import { planWindow } from './window.ts'

const column = (id: string, type: string, nullable = true): Col => ({ id, type, nullable })
const input: Constant = {
  kind: 'constant',
  sql: '',
  columns: [column('#1', 'INTEGER'), column('#2', 'INTEGER', false), column('#3', 'VARCHAR')],
}
const domains = { '#1': ['1', '2', '3', 'NULL'], '#2': ['1', '2', '3', '4'], '#3': ["'a'", "'b'", 'NULL'] }
const names = (sql: string) => new Set([...sql.matchAll(/"(#\d+)"/g)].map((match) => match[1] ?? ''))
const expr = (sql: string): Expr => {
  const name = /^"(#\d+)"$/.exec(sql)?.[1]
  return { sql, uses: names(sql), ast: name ? { class: 'COLUMN_REF', column_names: [name] } : { class: 'FUNCTION' } }
}

function window(partition: readonly string[], calls: Record<string, string>): Window {
  const by = partition.length > 0 ? `PARTITION BY ${partition.join(', ')} ` : ''
  const windows: Output[] = Object.entries(calls).map(([call, type], i) => ({
    col: column(`#${i + 10}`, type),
    expr: expr(call.replace('OVER (', `OVER (${by}`)),
  }))
  return { kind: 'window', input, partition: partition.map(expr), windows, columns: [...input.columns, ...windows.map((one) => one.col)] }
}

const total = 'ORDER BY "#2" DESC, "#3", "#1"'
const calls = {
  'row_number and rank': {
    [`row_number() OVER (${total})`]: 'BIGINT',
    'rank() OVER (ORDER BY "#2")': 'BIGINT',
    'dense_rank() OVER (ORDER BY "#3" NULLS FIRST)': 'BIGINT',
  },
  'lag and lead': { [`lag("#2", 1, -1) OVER (${total})`]: 'INTEGER', [`lead("#3") OVER (${total})`]: 'VARCHAR' },
  'sums with frames': {
    [`sum("#2") OVER (${total} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`]: 'HUGEINT',
    'sum("#2") OVER ()': 'HUGEINT',
    'count(*) OVER (ORDER BY "#2" RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)': 'BIGINT',
  },
  'first_value and ntile': { [`first_value("#3") OVER (${total})`]: 'VARCHAR', [`ntile(2) OVER (${total})`]: 'BIGINT' },
}

describe.each(Object.entries(calls))('%s', (_, some) => {
  test.each([[['"#1"']], [['"#2"']], [['"#1"', '"#3"']], [['("#2" % 2)']], [[]]])('PARTITION BY %j', async (partition) => {
    const op = window(partition, some)
    await trace({ op, plan: planWindow, domains, seed: 1, steps: 6 })
    await trace({ op, plan: planWindow, domains, seed: 2, steps: 3, insertOnly: [true], firstAt: 1 })
  })
})

test('of rows that are equal in everything, only some go', async () => {
  const few = { '#1': ['1', 'NULL'], '#2': ['1', '2'], '#3': ["'a'"] }
  await trace({ op: window(['"#1"'], { 'max("#2") OVER ()': 'INTEGER' }), plan: planWindow, domains: few, seed: 4 })
})

test('what is not touched is not read: keys that cannot be NULL are compared with =', async () => {
  const statements = await trace({ op: window(['"#2"'], calls['lag and lead']), plan: planWindow, domains, seed: 3 })
  expect(statements.join('\n')).toContain('ON "#2" = _k0')
})
