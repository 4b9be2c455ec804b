import { describe, expect, test } from 'vitest'
import type { Suite } from '../budgets.ts'
import { report, type SuiteRun, totalLine } from './reporter-report.ts'

const suites: readonly Suite[] = [
  { name: 'unit', places: ['engine/'], workers: 2, budgetSeconds: 10, longBudgetSeconds: 100, testTimeoutMs: 1_000 },
]
const unit: SuiteRun = { name: 'unit', passed: 3, failed: 0, skipped: [], seconds: 4.25 }

describe('the report of a run', () => {
  test('counts and the budget of each suite', () => {
    const { lines, passed, failed } = report([unit, { ...unit, name: 'other', failed: 2 }], { suites })
    expect([passed, failed]).toEqual([6, 2])
    expect(lines[1]).toMatch(/^ {2}unit +3 +0 +0 +4\.3 +10 kept$/)
    expect(lines[2]).toMatch(/^ {2}other +3 +2 +0 +4\.3 +none$/)
    expect(lines[3]).toMatch(/^ {2}all +6 +2 +0 +8\.5 *$/)
    expect(lines).toHaveLength(4)
  })

  test('over the budget is a warning', () => {
    const { lines, failed } = report([{ ...unit, seconds: 20 }], { suites })
    expect(failed).toBe(0)
    expect(lines.join('\n')).toMatch(/10 OVER\n {2}all .*\n {2}WARNING: suite unit took 20\.0 s, its budget is 10 s/)
  })

  test('over twice the budget is a failure', () => {
    const { lines, failed } = report([{ ...unit, seconds: 20.1 }], { suites })
    expect(failed).toBe(1)
    expect(lines.at(-1)).toMatch(/FAILED: suite unit took 20\.1 s/)
  })

  test('the long command has its own budgets', () => {
    expect(report([{ ...unit, seconds: 90 }], { suites, long: true }).lines[1]).toMatch(/100 kept$/)
  })

  test('a skipped test is told by name, and is a failure in CI', () => {
    const run = { ...unit, skipped: ['broker > reads'] }
    expect(report([run], { suites })).toMatchObject({ failed: 0, lines: expect.arrayContaining(['  skipped: unit > broker > reads']) })
    expect(report([run], { suites, strict: true })).toMatchObject({ failed: 1 })
  })

  test('an error outside any test is a failure', () => {
    expect(report([unit], { suites, strayErrors: 1 })).toMatchObject({ passed: 3, failed: 1 })
  })

  test('a run without tests says so', () => {
    expect(report([], { suites }).lines.at(-1)).toBe('  FAILED: no test ran')
  })

  test('the total line is plain', () => {
    expect(totalLine({ passed: 12, failed: 0 })).toBe('12 passed, 0 failed')
  })
})
