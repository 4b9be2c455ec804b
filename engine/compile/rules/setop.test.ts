import { describe, expect, test } from 'vitest'
import { type Domains, trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Setop } from '../algebra/op.ts'
import { planSetop } from './setop.ts'

const types = ['BIGINT', 'VARCHAR', 'DOUBLE', 'INTEGER[]']
const values = [
  ['1', '2', 'NULL'],
  ["'a'", 'NULL'],
  ['0.0', "CAST('-0.0' AS DOUBLE)", "CAST('nan' AS DOUBLE)"],
  ['[1, NULL]', 'NULL'],
]

function side(from: number, width: number, nullable: boolean): Constant {
  return { kind: 'constant', sql: '', columns: types.slice(0, width).map((type, i): Col => ({ id: `#${from + i}`, type, nullable })) }
}

function setop(type: Setop['type'], all: boolean, width: number, nullable = [true, true]): Setop {
  const left = side(0, width, nullable[0] === true)
  const right = side(10, width, nullable[1] === true)
  // What a binder may say of the output: a row of both sides has no NULL where either has none.
  const outputs = type === 'intersect' ? nullable.every(Boolean) : nullable[0] === true
  return { kind: 'setop', type, all, left, right, columns: side(20, width, outputs).columns }
}

function domainsOf(op: Setop): Domains {
  const cells = (input: Constant) =>
    input.columns.map(({ id, nullable }, i) => [id, (values[i] ?? []).filter((value) => nullable || value !== 'NULL')] as const)
  return Object.fromEntries([...cells(op.left as Constant), ...cells(op.right as Constant)])
}

describe('INTERSECT and EXCEPT', () => {
  for (const type of ['intersect', 'except'] as const)
    for (const all of [false, true])
      for (const width of [1, 4])
        test(`${type}${all ? ' all' : ''} of ${width} columns`, async () => {
          const op = setop(type, all, width)
          for (const [seed, insertOnly] of [[], [true, true], [true, false], [false, true]].entries())
            await trace({ op, plan: planSetop, domains: domainsOf(op), seed, insertOnly, steps: 6, firstAt: seed % 3 === 1 ? 2 : -1 })
        })

  test('a side whose columns cannot be NULL beside one whose can', async () => {
    for (const type of ['intersect', 'except'] as const)
      for (const nullable of [
        [true, false],
        [false, true],
        [false, false],
      ]) {
        const op = setop(type, true, 2, nullable)
        await trace({ op, plan: planSetop, domains: domainsOf(op), seed: 5, steps: 8 })
      }
  })

  test('an input on both sides', async () => {
    const op = setop('except', true, 1)
    await trace({ op, plan: planSetop, domains: domainsOf(op), seed: 6, steps: 8, rowsMax: 12 })
  })

  test('only INTERSECT of rows that are only added is only added to', () => {
    const traits = (op: Setop, left: boolean, right: boolean) => [
      { op: op.left, insertOnly: left },
      { op: op.right, insertOnly: right },
    ]
    const onlyAdded = (op: Setop, left: boolean, right: boolean) => planSetop(op, traits(op, left, right)).insertOnly
    expect(onlyAdded(setop('intersect', true, 1), true, true)).toBe(true)
    expect(onlyAdded(setop('intersect', false, 1), true, false)).toBe(false)
    expect(onlyAdded(setop('except', false, 1), true, true)).toBe(false)
  })

  test('rows that come again write nothing without ALL', async () => {
    const op = setop('except', false, 1)
    const statements = await trace({
      op,
      plan: planSetop,
      domains: { '#0': ['1'], '#10': ['1'] },
      seed: 2,
      insertOnly: [true, true],
      isSmall: false,
      steps: 12,
    })
    expect(statements).toHaveLength(2) // the batch's rows are counted, and looked for in the state
  })
})
