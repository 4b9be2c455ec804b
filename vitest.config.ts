import { defineConfig } from 'vitest/config'
import { type Suite, suites } from './test/budgets.ts'
import { SuiteReporter } from './test/support/reporter.ts'

/** Set by `npm run test:long`: the full campaigns, with the time that they need. */
const long = process.env.EVERT_LONG === '1'
const longTimeoutMs = 3 * 3_600_000

export default defineConfig({
  test: {
    projects: suites.map(project),
    reporters: [new SuiteReporter({ suites, long })],
    passWithNoTests: false,
    // Results of one run only: a flaky test is a bug, not a matter of another try.
    retry: 0,
    // Native modules (the log, DuckDB) must not share a process with another file's.
    pool: 'forks',
  },
})

function project(suite: Suite, order: number) {
  const timeoutMs = long ? longTimeoutMs : suite.testTimeoutMs
  return {
    extends: true as const,
    test: {
      name: suite.name,
      include: suite.places.map((place) => (place.endsWith('/') ? `${place}**/*.test.ts` : place)),
      maxWorkers: suite.workers,
      fileParallelism: suite.workers > 1,
      // One suite after the other: the seconds in the report are the suite's own.
      sequence: { groupOrder: order },
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      teardownTimeout: 30_000,
    },
  }
}
