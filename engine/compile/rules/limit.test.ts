import { expect, test } from 'vitest'
import { trace } from '../../../test/support/trace.ts'
import type { Constant, Expr, Limit } from '../algebra/op.ts'
import { planLimit } from './limit.ts'

const input: Constant = {
  kind: 'constant',
  sql: '',
  columns: [
    { id: '#1', type: 'INTEGER', nullable: true },
    { id: '#2', type: 'VARCHAR', nullable: false },
  ],
}
const domains = { '#1': ['1', '2', '3', '4', '5', 'NULL'], '#2': ["'a'", "'b'", "'c'"] }
const by = (id: string): Expr => ({ sql: `"${id}"`, uses: new Set([id]), ast: { class: 'COLUMN_REF', column_names: [id] } })

function limit(limit: number | undefined, offset: number, columns = input.columns): Limit {
  const order = [
    { expr: by('#1'), descending: true, nullsFirst: false },
    { expr: by('#2'), descending: false, nullsFirst: false },
  ]
  return { kind: 'limit', input, order, limit, offset, columns }
}

test.each([
  [1, 0],
  [3, 0],
  [3, 2],
  [0, 1],
  [100, 0],
])('LIMIT %i OFFSET %i', async (count, offset) => {
  const op = limit(count, offset)
  await trace({ op, plan: planLimit, domains, seed: count })
  await trace({ op, plan: planLimit, domains, seed: count + 1, insertOnly: [true], steps: 6 })
  await trace({ op, plan: planLimit, domains, seed: count + 2, firstAt: 2, steps: 6 })
})

test('columns that nobody sees order the others', async () => {
  await trace({ op: limit(3, 1, input.columns.slice(0, 1)), plan: planLimit, domains, seed: 5 })
})

test('what it does not take', () => {
  expect(planLimit(limit(undefined, 3), [])).toContain('OFFSET without LIMIT')
  expect(planLimit({ ...limit(3, 0), order: [] }, [])).toContain('without an order')
})
