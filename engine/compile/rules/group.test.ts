import { describe, test } from 'vitest'
import { aggregate, col, expr, groupOf, rowsOf } from '../../../test/support/ops.ts'
import { type Domains, trace } from '../../../test/support/trace.ts'
import type { AggregateOutput, Output } from '../algebra/op.ts'
import { planGroup } from './group.ts'

const input = rowsOf(
  col('a', 'INTEGER'),
  col('b', 'VARCHAR'),
  col('x', 'BIGINT'),
  col('d', 'DECIMAL(18,2)'),
  col('t', 'BIGINT', 'not null'),
)
const domains: Domains = {
  a: ['1', '2', '3', 'NULL'],
  b: ["'p'", "'q'", 'NULL'],
  x: ['1', '2', '3', '-7', '40', 'NULL'],
  d: ['0.01', '-1.25', '3.50', 'NULL'],
  t: ['1', '2', '3'],
}
const one: Output = { col: col('k', 'INTEGER'), expr: expr('a') }
const two: Output = { col: col('l', 'VARCHAR'), expr: expr('b') }
const computed: Output = { col: col('k', 'BIGINT', 'not null'), expr: expr('t % 2') }
const grouped: readonly (readonly [string, readonly Output[]])[] = [
  ['no key', []],
  ['a key', [one]],
  ['two keys', [one, two]],
  ['a key that is not NULL', [computed]],
]

const lists: readonly (readonly [string, readonly AggregateOutput[]])[] = [
  ['count and sum', [aggregate('c', 'count_star', [], { type: 'BIGINT' }), aggregate('s', 'sum', [['x', 'BIGINT']], { type: 'HUGEINT' })]],
  [
    'min and max',
    [
      aggregate('lo', 'min', [['x', 'BIGINT']], { type: 'BIGINT' }),
      aggregate('hi', 'max', [['d', 'DECIMAL(18,2)']], { type: 'DECIMAL(18,2)' }),
    ],
  ],
  [
    'median',
    [aggregate('m', 'median', [['x', 'BIGINT']], { type: 'DOUBLE' }), aggregate('c', 'count', [['x', 'BIGINT']], { type: 'BIGINT' })],
  ],
]

describe('GROUP BY', () => {
  for (const [what, aggregates] of lists)
    for (const [by, keys] of grouped)
      for (const insertOnly of [true, false])
        test(`${what} by ${by}${insertOnly ? ', rows are only added' : ''}`, async () => {
          const op = groupOf(input, keys, aggregates)
          for (const [seed, firstAt] of [
            [1, -1],
            [2, 0],
            [3, 4],
          ] as const)
            await trace({ op, plan: planGroup, domains, seed, insertOnly: [insertOnly], firstAt, steps: 10 })
        })
})
