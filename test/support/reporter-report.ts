/** What the test command prints at its end: pure, so that it can be tested without a run. */
import type { Suite } from '../budgets.ts'

/** One suite as it ran. */
export interface SuiteRun {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  readonly seconds: number
}

export interface ReportOptions {
  readonly suites: readonly Suite[]
  /** `npm run test:long`: the long budgets hold. */
  readonly long?: boolean
  /** With CI=true nothing may be missing: a skipped test is a failure. */
  readonly strict?: boolean
  /** Errors outside any test. */
  readonly strayErrors?: number
}

export interface Report {
  readonly lines: readonly string[]
  readonly passed: number
  readonly failed: number
}

/** How far beyond its budget a suite may go before the run fails; up to there it is a warning, since machines differ. */
const failureFactor = 2

/** The table of suites with their budgets, the warnings, and the totals. A run in which no test ran has failed. */
export function report(runs: readonly SuiteRun[], options: ReportOptions): Report {
  const lines = [row('suite', 'passed', 'failed', 'skipped', 'seconds', 'budget')]
  const notes: string[] = []
  let passed = 0
  let failed = options.strayErrors ?? 0
  if (failed > 0) notes.push(`FAILED: ${failed} errors outside any test`)
  for (const run of runs) {
    const budget = budgetOf(run.name, options)
    const kept = budget === undefined || run.seconds <= budget
    const state = budget === undefined ? 'none' : `${budget} ${kept ? 'kept' : 'OVER'}`
    lines.push(row(run.name, String(run.passed), String(run.failed), String(run.skipped.length), run.seconds.toFixed(1), state))
    passed += run.passed
    failed += run.failed
    if (!kept && run.seconds > budget * failureFactor) {
      failed += 1
      notes.push(`FAILED: suite ${run.name} took ${run.seconds.toFixed(1)} s, more than ${failureFactor} × its budget of ${budget} s`)
    } else if (!kept) {
      notes.push(`WARNING: suite ${run.name} took ${run.seconds.toFixed(1)} s, its budget is ${budget} s (test/budgets.ts)`)
    }
    if (options.strict) failed += run.skipped.length
    for (const name of run.skipped) notes.push(`${options.strict ? 'FAILED: skipped with CI=true' : 'skipped'}: ${run.name} > ${name}`)
  }
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0)
  lines.push(
    row('all', String(passed), String(failed), String(runs.reduce((sum, run) => sum + run.skipped.length, 0)), seconds.toFixed(1), ''),
  )
  if (passed + failed === 0) notes.push('FAILED: no test ran')
  return { lines: [...lines, ...notes.map((note) => `  ${note}`)], passed, failed }
}

/** The very last line of every run, alone on it. */
export function totalLine(totals: { passed: number; failed: number }): string {
  return `${totals.passed} passed, ${totals.failed} failed`
}

function budgetOf(name: string, options: ReportOptions): number | undefined {
  const suite = options.suites.find((one) => one.name === name)
  return options.long ? suite?.longBudgetSeconds : suite?.budgetSeconds
}

function row(name: string, ...cells: readonly string[]): string {
  return `  ${name.padEnd(14)}${cells.map((cell) => cell.padStart(10)).join('')}`
}
