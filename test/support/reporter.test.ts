/** Whole runs of the test runner over small folders: what counts is the last line and the exit code. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
// Below node_modules, so that the cases find the runner, and nothing else finds the cases.
const cases = join(root, 'node_modules', '.evert-cases')
mkdirSync(cases, { recursive: true })
const folder = mkdtempSync(join(cases, 'case-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const config = `
import { SuiteReporter } from ${JSON.stringify(join(root, 'test/support/reporter.ts'))}
const suite = { name: 'case', places: [], workers: 1, budgetSeconds: Number(process.env.BUDGET), longBudgetSeconds: 1, testTimeoutMs: 1000 }
export default { test: { name: 'case', include: ['*.case.ts'], exclude: [], pool: 'forks', reporters: [new SuiteReporter({ suites: [suite] })] } }
`

/** Runs one file of tests; answers the exit code and the last line of the standard output. */
function run(
  text: string | undefined,
  env: Record<string, string> = {},
  ...parameters: string[]
): { status: number | null; last: string; said: string } {
  const place = mkdtempSync(join(folder, 'run-'))
  writeFileSync(join(place, 'vitest.config.mjs'), config)
  if (text !== undefined) writeFileSync(join(place, 'one.case.ts'), `import { afterAll, beforeAll, expect, test } from 'vitest'\n${text}`)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const child = spawnSync(process.execPath, [vitest, 'run', '--root', place, '--config', join(place, 'vitest.config.mjs'), ...parameters], {
    env: { ...process.env, VITEST: undefined, CI: '', BUDGET: '100', ...env },
    encoding: 'utf8',
  })
  return { status: child.status, last: child.stdout.split('\n').at(-2) ?? '', said: child.stdout + child.stderr }
}

describe('the very last line of a run, and its exit code', () => {
  const good = "test('good', () => { expect(1).toBe(1) })\n"

  test.each([
    ['all pass', good + good, {}, '2 passed, 0 failed', 0],
    ['one fails', `${good}test('bad', () => { expect(1).toBe(2) })`, {}, '1 passed, 1 failed', 1],
    ['a file that does not load', "throw new Error('no')", {}, '0 passed, 1 failed', 1],
    ['a hook that throws', `${good}afterAll(() => { throw new Error('no') })`, {}, '1 passed, 1 failed', 1],
    [
      'an error outside the tests',
      `${good}setTimeout(() => { throw new Error('no') }, 0)\ntest('wait', () => new Promise((r) => setTimeout(r, 50)))`,
      {},
      '2 passed, 1 failed',
      1,
    ],
    ['no file', undefined, {}, '0 passed, 0 failed', 1],
    ['only a skipped test', "test.skipIf(true)('x', () => { expect(1).toBe(1) })", {}, '0 passed, 0 failed', 1],
    ['a skipped test with CI=true', `${good}test.skipIf(true)('x', () => { expect(1).toBe(1) })`, { CI: 'true' }, '1 passed, 1 failed', 1],
    ['far over its budget', good, { BUDGET: '0.0001' }, '1 passed, 1 failed', 1],
    ['words on the way out', `${good}process.on('exit', () => console.log('bye'))`, {}, '1 passed, 0 failed', 0],
  ])('%s', (_, text, env, last, status) => {
    const outcome = run(text, env)
    expect(outcome, outcome.said).toMatchObject({ last, status })
  })
})
