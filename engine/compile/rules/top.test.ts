import { describe, expect, test } from 'vitest'
import { parsed as expr } from '../../../test/support/parsed.ts'
import { type Traced, trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Map as MapOp, Output, Window } from '../algebra/op.ts'
import { planTop, topOf } from './top.ts'

const column = (id: string, type: string, nullable = true): Col => ({ id, type, nullable })
const columns = [column('#1', 'INTEGER'), column('#2', 'INTEGER', false), column('#3', 'INTEGER'), column('#4', 'VARCHAR')]
const input: Constant = { kind: 'constant', sql: '', columns }
const domains = { '#1': ['1', '2', 'NULL'], '#2': ['1', '2'], '#3': ['1', '2', '3', '4', '5', '6', 'NULL'], '#4': ["'a'", "'b'"] }
const rank = column('#10', 'BIGINT', false)

interface Case {
  readonly call?: string
  readonly by?: readonly string[]
  readonly order?: string
  readonly where: readonly string[]
  readonly shown?: readonly string[]
}

async function map({
  call = 'row_number()',
  by = ['"#1"'],
  order,
  where,
  shown = ['"#1"', '"#3"', '"#4"', '"#10"'],
}: Case): Promise<MapOp> {
  const over = `${by.length > 0 ? `PARTITION BY ${by.join(', ')} ` : ''}ORDER BY ${order ?? `"#3" DESC NULLS LAST${call === 'row_number()' ? ', "#4", "#1"' : ''}`}`
  const windows: Output[] = [{ col: rank, expr: await expr(`${call} OVER (${over})`) }]
  const partition = await Promise.all(by.map(expr))
  const window: Window = { kind: 'window', input, partition, windows, columns: [...columns, rank] }
  const outputs = await Promise.all(
    shown.map(async (sql, i) => ({
      col: column(`#${20 + i}`, sql.includes('#10') ? 'BIGINT' : sql === '"#4"' ? 'VARCHAR' : 'INTEGER'),
      expr: await expr(sql),
    })),
  )
  return { kind: 'map', input: window, where: await Promise.all(where.map(expr)), outputs, columns: outputs.map((one) => one.col) }
}

const cases: Record<string, Case> = {
  'the first': { where: ['"#10" = 1'], shown: ['"#1"', '"#3"', '"#4"'] },
  'the first by numbers': { order: '"#3" DESC NULLS FIRST, "#2"', where: ['"#10" = 1'], shown: ['"#1"', '"#2"', '"#3"'] },
  'the first by numbers, and its rank': { order: '"#2" DESC, "#3"', where: ['"#10" <= 1'], shown: ['"#1"', '"#3"', '"#10"'] },
  'the first by numbers, by a key that is never NULL': {
    by: ['"#2"'],
    order: '"#3", "#1" ASC NULLS FIRST',
    where: ['"#10" = 1'],
    shown: ['"#2"', '"#3"', '"#1"'],
  },
  'the first by numbers, by two keys': {
    by: ['"#1"', '"#2"'],
    order: '"#3" DESC',
    where: ['"#10" = 1'],
    shown: ['"#1"', '"#2"', '"#3"', '"#10"'],
  },
  'the first of everything': { by: [], order: '"#3" ASC NULLS FIRST, "#1", "#2"', where: ['"#10" = 1'], shown: ['"#1"', '"#2"', '"#3"'] },
  'the first three, with their rank': { where: ['"#10" <= 3'] },
  'the first three, without': { where: ['3 >= "#10"'], shown: ['"#3"', '"#4"'] },
  'the second': { where: ['"#10" = 2'] },
  'some of them': { where: ['"#10" < 4', '"#4" = \'a\''], shown: ['"#3"', '("#3" + "#10")'] },
  'by two keys': { by: ['"#1"', '"#2"'], where: ['"#10" <= 2'] },
  'by a key that is never NULL': { by: ['"#2"'], where: ['"#10" BETWEEN 2 AND 3'] },
  'by an expression': { by: ['("#1" % 2)'], where: ['"#10" IN (1, 3)'] },
  'of everything': { by: [], where: ['"#10" <= CAST(2 AS BIGINT)'] },
  'rank, which ties': { call: 'rank()', where: ['"#10" <= 2'] },
  'dense_rank, which ties': { call: 'dense_rank()', where: ['"#10" <= 2'], shown: ['"#3"', '"#4"'] },
  'none at all': { where: ['"#10" < 1'] },
}

describe.each(Object.keys(cases))('%s', (name) => {
  const one = async (seed: number, more: Partial<Traced<MapOp>>) =>
    trace({ op: await map(cases[name] ?? { where: [] }), inputs: [input], plan: planTop, domains, seed, ...more })
  test('rows come and go', async () => {
    await one(1, { firstAt: 2, steps: 6 })
    await one(2, { steps: 9 })
  })
  test('rows only come', async () => {
    await one(3, { insertOnly: [true], steps: 6 })
  })
  test('rows only come, and nobody reads the change', async () => {
    await one(4, { insertOnly: [true], handsOn: false, steps: 6 })
    await one(5, { insertOnly: [true], handsOn: false, isSmall: true, firstAt: 1 })
  })
  test('rows come and go, and nobody reads the change', async () => {
    await one(6, { handsOn: false })
  })
})

test('of a few rows that only come all are added, and those that are not first go', async () => {
  const statements = async (name: string, more: Partial<Traced<MapOp>>) =>
    trace({
      op: await map(cases[name] ?? { where: [] }),
      inputs: [input],
      plan: planTop,
      domains,
      seed: 7,
      isSmall: true,
      insertOnly: [true],
      ...more,
    })
  const byNumber = 'the first by numbers, by a key that is never NULL'
  const verbs = (all: readonly string[]) => all.map((one) => one.replace(/ (OR REPLACE|TEMP|INTO|FROM) .*/s, ''))
  expect(verbs(await statements(byNumber, { handsOn: false }))).toEqual(['CREATE', 'INSERT', 'DELETE'])
  for (const [name, more] of [
    [byNumber, {}],
    [byNumber, { handsOn: false, isSmall: false }],
    ['the first by numbers', { handsOn: false }],
    ['by a key that is never NULL', { handsOn: false }],
  ] as const)
    expect((await statements(name, more)).some((one) => one.includes('temp moves'))).toBe(true)
})

test('what it does not take', async () => {
  expect(topOf(await map({ where: ['"#10" > 2'] }))).toBeUndefined()
  expect(topOf(await map({ where: ['"#10" <= "#3"'] }))).toBeUndefined()
  expect(topOf(await map({ where: ['"#10" <= 2.5'] }))).toBeUndefined()
  expect(topOf(await map({ call: 'ntile(2)', where: ['"#10" <= 2'] }))).toBeUndefined()
  expect(topOf(await map({ where: [] }))).toBeUndefined()
})

test('the smallest bound counts, and what it does not decide stays a condition', async () => {
  const top = topOf(await map({ where: ['"#10" BETWEEN 2 AND 5', '"#10" <= 3', '"#10" < 9'] }))
  expect([top?.first, top?.where.map((one) => one.sql)]).toEqual([3, ['("#10" BETWEEN 2 AND 5)']])
})
