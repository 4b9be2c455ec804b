import { expect, test } from 'vitest'
import { groupInput, planGroups, unread } from '../../../test/support/group-cases.ts'
import { aggregate, col, expr, groupOf } from '../../../test/support/ops.ts'
import { trace } from '../../../test/support/trace.ts'
import type { Map as MapOp } from '../algebra/op.ts'
import type { Rule, Traits } from './rule.ts'
import { planShown } from './shown.ts'

const most = aggregate('m', 'max', [['x', 'BIGINT']], { type: 'BIGINT' })
const grouped = groupOf(groupInput, [{ col: col('k', 'INTEGER', 'not null'), expr: expr('t % 2') }], [most])
/** The greatest value of each group in a type that does not hold all of them. */
const shown: MapOp = {
  kind: 'map',
  input: grouped,
  where: [],
  outputs: [{ col: col('small', 'TINYINT'), expr: expr('CAST(m AS TINYINT)') }],
  columns: [col('small', 'TINYINT')],
}

const plan =
  (mayRaise: boolean) =>
  (map: MapOp, inputs: readonly Traits[]): Rule =>
    planShown(map, planGroups(grouped, inputs), mayRaise)

function run(values: readonly string[], insertOnly: boolean, how: (map: MapOp, inputs: readonly Traits[]) => Rule) {
  const domains = { a: ['1'], b: ["'p'"], x: values, d: ['1'], f: ['1'], y: ['TRUE'], t: ['1', '2', '3', '4'] }
  return trace({ op: shown, inputs: [groupInput], plan: how, domains, seed: 3, steps: 12, insertOnly: [insertOnly] })
}

test.each([true, false])('right while nothing raises; rows only come: %s', async (insertOnly) => {
  for (const how of [plan(true), plan(false), unread(plan(true)), unread(plan(false))]) await run(['1', '2', '-3', '127'], insertOnly, how)
})

test.each([true, false])(
  'what raises for a row raises in its batch, also where nobody reads the change; rows only come: %s',
  async (insertOnly) => {
    for (const how of [plan(true), unread(plan(true))])
      await expect(run(['1', '2', '128'], insertOnly, how)).rejects.toThrow(/Conversion Error/)
  },
)

test('where nobody reads the change, no change is made', async () => {
  const statements = await run(['1', '2'], true, unread(plan(true)))
  expect(statements.filter((sql) => sql.includes('"temp kept"'))).toEqual([])
  expect(statements.some((sql) => sql.startsWith('SELECT bit_xor'))).toBe(true)
})

test.each([true, false])(
  'what is shown of something shown is tried on that, and not on what is kept; rows only come: %s',
  async (insertOnly) => {
    const few: MapOp = {
      kind: 'map',
      input: grouped,
      where: [expr('m < 100')],
      outputs: [{ col: col('n', 'BIGINT'), expr: expr('m + 1') }],
      columns: [col('n', 'BIGINT')],
    }
    const over: MapOp = { ...shown, input: few, outputs: [{ col: col('small', 'TINYINT'), expr: expr('CAST(n AS TINYINT)') }] }
    const twice = (mayRaise: boolean) => (map: MapOp, inputs: readonly Traits[]) =>
      planShown(map, planShown(few, planGroups(grouped, inputs), false), mayRaise)
    const domains = { a: ['1'], b: ["'p'"], x: ['1', '2', '99', '1000'], d: ['1'], f: ['1'], y: ['TRUE'], t: ['1', '2', '3', '4'] }
    for (const how of [twice(true), unread(twice(true))])
      await trace({ op: over, inputs: [groupInput], plan: how, domains, seed: 3, steps: 12, insertOnly: [insertOnly] })
  },
)
