/**
 * The suites of the test command: where their files are, how they may share the machine, and the seconds each may take on
 * 2 cores. A suite over its budget is warned about loudly; over twice its budget it fails. Together, with the build, they
 * stay under 10 minutes.
 */

export interface Suite {
  readonly name: string
  /** Folders and files, relative to the root; a folder ends with `/`. A test file belongs to the first suite that names it. */
  readonly places: readonly string[]
  /** Files that run at the same time. Heavy suites get 1, so that a crash test or a demo is not slowed by a neighbour. */
  readonly workers: 1 | 2
  readonly budgetSeconds: number
  /** The budget of `npm run test:long`. */
  readonly longBudgetSeconds: number
  /** One test. Generous: a budget speaks of the suite, this only ends what hangs. */
  readonly testTimeoutMs: number
}

/** In the order in which they run: the quick ones first, so that a slip is told early. */
export const suites: readonly Suite[] = [
  suite('house', ['test/house/', 'test/support/'], { workers: 1, budgetSeconds: 40, testTimeoutMs: 120_000 }),
  suite('unit', ['engine/', 'connectors/', 'cli/', 'errors.test.ts', 'limits.test.ts'], {
    workers: 2,
    budgetSeconds: 90,
    testTimeoutMs: 60_000,
  }),
  suite('conformance', ['test/conformance/'], { workers: 2, budgetSeconds: 30, testTimeoutMs: 60_000 }),
  suite('oracle', ['test/oracle/'], { workers: 1, budgetSeconds: 220, longBudgetSeconds: 7_200, testTimeoutMs: 180_000 }),
  suite('crash', ['test/crash/'], { workers: 1, budgetSeconds: 160, longBudgetSeconds: 3_600, testTimeoutMs: 180_000 }),
  suite('cli', ['test/cli/'], { workers: 1, budgetSeconds: 110, testTimeoutMs: 120_000 }),
  suite('package', ['test/package/'], { workers: 1, budgetSeconds: 40, testTimeoutMs: 240_000 }),
  suite('docs', ['test/docs/', 'docs/'], { workers: 1, budgetSeconds: 50, testTimeoutMs: 120_000 }),
  suite('demo', ['test/demo/', 'demo/', 'pipelines/', 'bench/'], { workers: 1, budgetSeconds: 40, testTimeoutMs: 240_000 }),
]

/** The suite that runs a test file, by its path from the root; undefined for a file that none would run. */
export function suiteOf(path: string, among: readonly Suite[] = suites): Suite | undefined {
  return among.find((one) => one.places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place)))
}

function suite(
  name: string,
  places: readonly string[],
  options: { workers: 1 | 2; budgetSeconds: number; longBudgetSeconds?: number; testTimeoutMs: number },
): Suite {
  return { name, places, longBudgetSeconds: options.budgetSeconds * 3, ...options }
}
