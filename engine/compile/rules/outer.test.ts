import { describe, test } from 'vitest'
import { trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Expr, Outer } from '../algebra/op.ts'
import { planOuter } from './outer.ts'

const column = (id: string, type: string, nullable = true): Col => ({ id, type, nullable })
const input = (...columns: Col[]): Constant => ({ kind: 'constant', sql: '', columns })
const names = (sql: string) => new Set([...sql.matchAll(/"(#\d+)"/g)].map((match) => match[1] ?? ''))
const plain = (sql: string): Expr => ({ sql, uses: names(sql), ast: { class: 'FUNCTION', type: 'FUNCTION' } })
const side = (sql: string) => ({
  class: 'FUNCTION',
  children: [...names(sql)].map((name) => ({ class: 'COLUMN_REF', column_names: [name] })),
})
const equal = (left: string, right: string, sign = '='): Expr => ({
  sql: `(${left} ${sign} ${right})`,
  uses: names(left + right),
  ast: { class: 'COMPARISON', type: sign === '=' ? 'COMPARE_EQUAL' : 'COMPARE_NOT_DISTINCT_FROM', left: side(left), right: side(right) },
})

const left = input(column('#1', 'INTEGER'), column('#2', 'VARCHAR'))
const right = input(column('#3', 'BIGINT'), column('#4', 'VARCHAR', false))
const domains = {
  '#1': ['1', '2', '3', 'NULL'],
  '#2': ["'a'", "'B'", 'NULL'],
  '#3': ['1', '2', '4', 'NULL'],
  '#4': ["'a'", "'b'"],
}
const types = ['left', 'full', 'semi', 'anti', 'mark'] as const

function outer(type: Outer['type'], on: readonly Expr[]): Outer {
  const mark = column('#5', 'BOOLEAN', false)
  const columns = {
    left: [...left.columns, ...right.columns],
    full: [...left.columns, ...right.columns],
    semi: left.columns,
    anti: left.columns,
    mark: [...left.columns, mark],
  }[type]
  return { kind: 'outer', type, left, right, on, columns, ...(type === 'mark' ? { mark } : {}) }
}

const conditions: Record<string, readonly Expr[]> = {
  'one equality': [equal('"#1"', '"#3"')],
  'two equalities, one of them swapped': [equal('"#1"', '"#3"'), equal('"#4"', '"#2"')],
  'a further condition over both': [equal('"#1"', '"#3"'), plain('("#2" || "#4") <> \'aa\'')],
  'conditions over one side': [equal('"#1"', '"#3"'), plain('"#4" = \'a\''), plain('"#2" IS NOT NULL')],
  'expressions as keys': [equal('("#1" % 2)', '("#3" % 2)'), equal('lower("#2")', '"#4"')],
  'NULL as a key': [equal('"#1"', '"#3"', 'IS NOT DISTINCT FROM')],
  'no equality': [plain('"#1" < "#3"')],
  'no condition': [],
}

const variants = [{}, { insertOnly: [true, false] }, { insertOnly: [false, true], firstAt: 2 }, { insertOnly: [true, true] }]

describe.each(types)('%s join', (type) => {
  test.each(Object.keys(conditions))('by %s', async (name) => {
    const at = types.indexOf(type) + Object.keys(conditions).indexOf(name)
    const op = outer(type, conditions[name] ?? [])
    await trace({ op, plan: planOuter, domains, seed: at, steps: 6 })
    await trace({ op, plan: planOuter, domains, seed: at + 100, steps: 4, ...variants[at % variants.length] })
  })
})

test('rows of text alone, which nothing narrow finds', async () => {
  const [texts, others] = [input(column('#1', 'VARCHAR')), input(column('#3', 'VARCHAR'))]
  const op: Outer = {
    kind: 'outer',
    type: 'left',
    left: texts,
    right: others,
    on: [equal('"#1"', '"#3"')],
    columns: [...texts.columns, ...others.columns],
  }
  await trace({ op, plan: planOuter, domains: { '#1': ["'a'", "'b'", 'NULL'], '#3': ["'a'", "'c'", 'NULL'] }, seed: 1 })
})

test('rows that are mostly unlike one another', async () => {
  const wide = Array.from({ length: 40 }, (_, i) => String(i))
  const op = outer('full', conditions['one equality'] ?? [])
  await trace({ op, plan: planOuter, domains: { ...domains, '#1': wide, '#3': wide }, seed: 2, rowsMax: 20 })
})
