import { describe, expect, test } from 'vitest'
import { trace } from '../../../test/support/trace.ts'
import type { Col, Constant, Retain } from '../algebra/op.ts'
import { planRetain } from './retain.ts'

const days = ['01', '02', '03', '05', '08', '13', '21', '31'].map((day) => `2024-01-${day}`)
const column = (id: string, type: string): Col => ({ id, type, nullable: false })
const rows = (...columns: readonly Col[]): Constant => ({ kind: 'constant', sql: '', columns })

function retain(types: readonly string[], periods: readonly string[]): Retain {
  const input = rows(column('#0', 'UUID'), ...types.map((type, i) => column(`#${i + 1}`, type)))
  const times = rows(...types.map((type, i) => column(`#${i + 11}`, type)))
  const bounds = types.map((_, i) => ({
    by: input.columns[i + 1] as Col,
    time: times.columns[i] as Col,
    name: `time${i}`,
    period: periods[i] ?? '',
  }))
  return { kind: 'retain', input, times, bounds, columns: input.columns }
}

function run(op: Retain, seed: number, firstAt: number) {
  const domains = Object.fromEntries(
    [...op.input.columns, ...op.times.columns].map(({ id, type }) => [id, days.map((day) => `${type} '${day}'`)]),
  )
  return trace({
    op,
    plan: planRetain,
    domains: { ...domains, '#0': ['gen_random_uuid()'] },
    seed,
    insertOnly: [true, true],
    steps: 15,
    firstAt,
  })
}

describe('rows within a period of the greatest time', () => {
  for (const type of ['DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'])
    for (const [n, period] of ['3 days', '30 hours', '900 days'].entries())
      test(`${period} of ${type}`, () => run(retain([type], [period]), n, n === 1 ? 4 : -1))

  test('by two times', async () => {
    for (const seed of [1, 2]) await run(retain(['TIMESTAMP', 'DATE'], ['5 days', '10 days']), seed, -1)
  })

  test('rows that are taken back are not retained by this rule', () => {
    const op = retain(['DATE'], ['1 days'])
    expect(
      planRetain(
        op,
        [op.input, op.times].map((input) => ({ op: input, insertOnly: false })),
      ),
    ).toMatch(/taken back/)
  })
})
