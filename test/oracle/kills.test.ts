import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killedCases } from './support/killed-case.ts'
import { Plain } from './support/plain.ts'
import { runKilled } from './support/run-case.ts'

/**
 * Random projects (`views.test.ts`) in a process that is killed with SIGKILL, at the named places of `engine/run/crash.ts`, at any
 * moment of a batch or of a start, and between batches. The next process goes on from what is on disk: nothing that was told of is
 * gone, each view is its recomputation at once and after each batch that follows, and no dead letter is there twice.
 *
 * `EVERT_ORACLE_KILLS` says how many projects, `EVERT_SEED` which ones; a moment is never quite the same again.
 */
const count = Number(process.env.EVERT_ORACLE_KILLS ?? (process.env.EVERT_LONG === '1' ? 300 : 4))
/** The test command kills the same projects every time, as far as moments can be had again; a long run draws others. */
const seed = Number(process.env.EVERT_SEED ?? (process.env.EVERT_LONG === '1' ? Math.floor(Math.random() * 2 ** 31) : 20_261_121))

/** The projects of a long run take a while; one project takes seconds. */
const timeoutMs = 3_600_000

let plain: Plain
beforeAll(async () => {
  plain = await Plain.open([])
})
afterAll(() => plain.close())

test(`${count} random projects that are killed: every view its recomputation, nothing twice (EVERT_SEED=${seed})`, {
  timeout: timeoutMs,
}, async () => {
  const cases = await killedCases(seed, count, plain)
  const deaths = new Map<string, number>()
  for (const [n, one] of cases.entries()) {
    const own = await runKilled(one, plain).catch((error: Error) => {
      const file = join(tmpdir(), `evert-killed-${seed}-${n}.json`)
      writeFileSync(file, `${JSON.stringify(one, undefined, 1)}\n`)
      throw new Error(`${error.message}\nproject ${n} of EVERT_SEED=${seed}; EVERT_ORACLE_REPLAY=${file} runs it again`, { cause: error })
    })
    for (const [where, times] of own) deaths.set(where, (deaths.get(where) ?? 0) + times)
  }
  expect(
    [...deaths.values()].reduce((sum, times) => sum + times, 0),
    JSON.stringify([...deaths]),
  ).toBeGreaterThanOrEqual(count)
})
