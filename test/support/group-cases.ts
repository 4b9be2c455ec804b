import { describe, test } from 'vitest'
import type { AggregateOutput, Output } from '../../engine/compile/algebra/op.ts'
import { planGroup } from '../../engine/compile/rules/group.ts'
import { col, expr, groupOf, rowsOf } from './ops.ts'
import { type Domains, type Traced, trace } from './trace.ts'

/** Grouped SELECTs over one input whose cells tie, repeat and are NULL often, so that few rows meet every case. */

export const groupInput = rowsOf(
  col('a', 'INTEGER'),
  col('b', 'VARCHAR'),
  col('x', 'BIGINT'),
  col('d', 'DECIMAL(18,2)'),
  col('f', 'DOUBLE'),
  col('y', 'BOOLEAN'),
  col('t', 'INTEGER', 'not null'),
)

export const groupDomains: Domains = {
  a: ['1', '2', 'NULL'],
  b: ["'p'", "'q'", "''", 'NULL'],
  x: ['1', '2', '3', '-7', '40', 'NULL'],
  d: ['0.25', '-1.25', '3.50', '3.50', 'NULL'],
  f: ['1.5', '-2', "'nan'::DOUBLE", "'inf'::DOUBLE", '0', 'NULL'],
  y: ['TRUE', 'FALSE', 'NULL'],
  t: ['1', '2', '3', '4'],
}

const keyings: readonly (readonly [string, readonly Output[]])[] = [
  ['no key', []],
  ['two keys', [key('k', 'INTEGER', 'a'), key('l', 'VARCHAR', 'b')]],
  ['a key that is never NULL', [{ col: col('k', 'INTEGER', 'not null'), expr: expr('t % 2') }]],
]

export function key(id: string, type: string, sql: string): Output {
  return { col: col(id, type), expr: expr(sql) }
}

/** Proves a list of aggregates: rows that are only added and rows that also go, by several keys, from the start and from later on. */
export function proveGroups(what: string, aggregates: readonly AggregateOutput[], more: Partial<Traced<never>> = {}): void {
  describe(what, () => {
    for (const [by, keys] of keyings)
      for (const insertOnly of [true, false])
        test(`by ${by}, ${insertOnly ? 'rows are only added' : 'rows also go'}`, async () => {
          const op = groupOf(groupInput, keys, aggregates)
          const common = { op, plan: planGroup, domains: groupDomains, insertOnly: [insertOnly], steps: 8, ...more }
          await trace({ ...common, seed: 11 })
          await trace({ ...common, seed: 12, firstAt: 3 })
        })
  })
}

/** Floats to ten digits; what is next to nothing is nothing. */
export function roundedFloats(row: string): string {
  return row.replace(/-?\d+(\.\d+)?(e[-+]?\d+)?/g, (number) => (Math.abs(Number(number)) < 1e-9 ? '0' : Number(number).toPrecision(10)))
}
