import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { repository, run } from '../cli/support/built-cli.ts'

const flights = 60_000

let dir: string | undefined
afterEach(() => {
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
})

it(`the demo, with ${flights} flights: every stage is right, and it says so (needs npm run build, as npm test does it)`, async () => {
  dir = mkdtempSync(join(tmpdir(), 'evert-demo-'))
  const jiti = join(repository, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs')
  const demo = await run(process.execPath, [jiti, 'demo/main.ts'], {
    env: { EVERT_DEMO_FLIGHTS: String(flights), EVERT_DEMO_DIR: join(dir, 'data') },
  })
  expect(demo.code, `${demo.out}\n${demo.err}`).toBe(0)
  const lines = demo.out.trim().split('\n')
  expect(lines.at(-1)).toMatch(/^Done in \d+\.\d s\./)
  // One line a view, each with the position at which it is right.
  for (const view of ['daily_delays', 'routes', 'delay_distribution', 'busiest_routes', 'delays_by_state', 'delay_streaks']) {
    expect(demo.out).toMatch(new RegExp(`${view}: [\\d,]+ rows equal DuckDB's from the file, at flights \\[`))
  }
  expect(demo.out).toContain('killed the engine with SIGKILL')
  expect(demo.out).toMatch(/daily_delays: [\d,]+ rows verified against 60,000 events/)
  expect(demo.out).toMatch(/balances summed to 0\.00 in each of/)
})
