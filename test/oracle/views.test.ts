import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, test } from 'vitest'
import type { Case } from './support/case.ts'
import { Plain } from './support/plain.ts'
import { caseOf, type Tapes, tapes } from './support/random-case.ts'
import { reduce } from './support/reduce.ts'
import { type Bench, runCase, runKilled } from './support/run-case.ts'
import { openAnalyzer } from './support/subject.ts'

/**
 * Random projects: two streams, two tables, and up to four views of all the SQL that people write, some over others. After
 * every batch, however the events are cut into batches and whatever restarts come between, each view is its SELECT run anew
 * by a plain DuckDB.
 *
 * `EVERT_ORACLE_CASES` says how many, `EVERT_SEED` which ones. A failure is made smaller, first by its choices, then by
 * leaving out views, steps and events, and what is left is written to a file, whose path the message ends with. To run it again:
 *
 *     EVERT_ORACLE_REPLAY=file npx vitest run --project oracle test/oracle/views.test.ts
 *
 * The file is JSON (`support/case.ts`): change its texts and rows by hand as you like.
 */
const cases = Number(process.env.EVERT_ORACLE_CASES ?? 300)
/** The test command runs the same cases every time; a long run draws others. */
const seed = Number(process.env.EVERT_SEED ?? (process.env.EVERT_LONG === '1' ? Math.floor(Math.random() * 2 ** 31) : 20_261_121))
const replay = process.env.EVERT_ORACLE_REPLAY

/** The 20,000 cases of `npm run test:long` take more than an hour. */
const timeoutMs = 3 * 3_600_000

/** Shrinking stops after this long, once by the choices and once by the case. */
const shrinkMsMax = 30_000

let bench: Bench
beforeAll(async () => {
  bench = { plain: await Plain.open([]), analyzer: await openAnalyzer() }
})
afterAll(async () => {
  bench.plain.close()
  await bench.analyzer.close()
})

let failed: { readonly at: number; one?: Case } | undefined

async function runOrStop(choices: Tapes): Promise<void> {
  if (failed && Date.now() - failed.at > shrinkMsMax) return
  const one = await caseOf(choices, bench.plain)
  try {
    await runCase(one, bench)
  } catch (error) {
    failed ??= { at: Date.now() }
    failed.one = one
    throw error
  }
}

async function failureOf(one: Case): Promise<Error | undefined> {
  try {
    await runCase(one, bench)
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** A candidate fails when it can be run and is wrong; one whose texts name what is no more there is no candidate. */
async function failsStill(one: Case): Promise<boolean> {
  const error = await failureOf(one)
  return error !== undefined && !/^Catalog Error|There is no stream, table or view named/.test(error.message)
}

async function told(one: Case, first: Error): Promise<Error> {
  const small = await reduce(one, failsStill, shrinkMsMax)
  const error = (await failureOf(small)) ?? first
  const file = join(tmpdir(), `evert-oracle-${seed}.json`)
  writeFileSync(file, `${JSON.stringify(small, undefined, 1)}\n`)
  const views = small.views.map(({ name, view, plain }) => `${name}: ${view}${plain === view ? '' : `\n  recomputed as ${plain}`}`)
  const steps = small.steps.map((step) => JSON.stringify(step))
  return new Error(
    [error.message, ...views, ...steps, `EVERT_SEED=${seed}`, `EVERT_ORACLE_REPLAY=${file} runs what is left again`].join('\n'),
    { cause: error },
  )
}

if (replay === undefined)
  test(`${cases} random projects: after every batch each view is its recomputation (EVERT_SEED=${seed})`, {
    timeout: timeoutMs,
  }, async () => {
    try {
      await fc.assert(fc.asyncProperty(tapes, runOrStop), { seed, numRuns: cases })
    } catch (error) {
      throw failed?.one ? await told(failed.one, error as Error) : error
    }
  })
else
  test(`the case of ${replay}`, { timeout: timeoutMs }, async () => {
    const one = JSON.parse(readFileSync(replay, 'utf8')) as Case
    if (one.steps.some((step) => step.do === 'kill')) await runKilled(one, bench.plain)
    else await runCase(one, bench)
  })
