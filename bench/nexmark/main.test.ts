import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { root } from '../support/flights-log.ts'
import { columnsOf } from './columns.ts'
import type { Result } from './one-query.ts'

const execute = promisify(execFile)
const compiled = join(root, '.evert', 'bench-test')
const events = '3000'

beforeAll(async () => {
  await execute(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench/tsconfig.json', '--outDir', compiled],
    {
      cwd: root,
    },
  )
})

/** Lines of the bench, as a user runs it. */
async function bench(...args: string[]): Promise<readonly string[]> {
  const main = join(compiled, 'bench', 'main.js')
  const { stdout } = await execute(process.execPath, [main, 'nexmark', '--events', events, ...args], { cwd: root })
  return stdout.trimEnd().split('\n')
}

/** The cells of a query's row by their heads: those of the mode hot hold no blank, but for the heads. */
function cells(lines: readonly string[], query: string): readonly string[] {
  return (
    lines
      .find((line) => line.trimStart().startsWith(`${query} `))
      ?.trim()
      .split(/\s+/) ?? []
  )
}

test('the mode hot tells both rates of each query, and their ratio', async () => {
  const lines = await bench('--mode', 'hot', '--queries', 'q17')
  expect(lines.find((line) => line.includes('query'))).toMatch(/query +strategy +hot\/s +cold\/s +hot\/cold .* hot rows +cold rows +check/)
  const [, , hot, cold, ratio, , , hotRows, coldRows, check] = cells(lines, 'q17')
  expect(Number(ratio)).toBeCloseTo(Number(hot?.replace('k', '')) / Number(cold?.replace('k', '')), 1)
  expect([hotRows, check]).toEqual(['4', 'equal'])
  expect(Number(coldRows?.replace(',', ''))).toBeGreaterThan(2_000)
  expect(lines.at(-1)).toMatch(/to bids on 100,000 cold ids: geometric mean of 1 queries/)
})

test('the mode live compares the state on disk with what the view cannot do without', async () => {
  const [joined, counted] = (await bench('--mode', 'live', '--queries', 'q3,q17', '--json')).map((line) => JSON.parse(line) as Result)
  if (!joined || !counted) throw new Error('wanted two lines')
  const state = (result: Result) =>
    columnsOf('live', [])
      .find(({ head }) => head === 'state/needed')
      ?.cell(result)
  for (const result of [joined, counted]) {
    const { viewBytes, historyBytes } = result.recomputed.needed ?? { viewBytes: 0, historyBytes: 0 }
    expect(viewBytes).toBeGreaterThan(0)
    expect(state(result)).toBe((result.stateBytes / (viewBytes + historyBytes)).toFixed(2))
  }
  expect(joined.recomputed.needed?.historyBytes).toBeGreaterThan(0)
  expect(counted.recomputed.needed?.historyBytes).toBe(0)
})
