import { expect, test } from 'vitest'
import { Contest } from './contest.ts'
import { Dice } from './dice.ts'
import { Market } from './market.ts'
import { questions } from './questions.ts'
import { type TableName, tableNames } from './tables.ts'

const steps = Number(process.env.EVERT_TPCH_STEPS ?? (process.env.EVERT_LONG === '1' ? 25 : 16))
/** The test command runs the same cases every time; a long run draws others. */
const seed = Number(process.env.EVERT_SEED ?? (process.env.EVERT_LONG === '1' ? Math.floor(Math.random() * 2 ** 31) : 20_261_121))

/** Events of a batch: large ones go to DuckDB as lists, small ones as constants, unless a step would have all as lists. */
const paces = [1_000, 40, 12, 5, 1]
/** Rows that change in one step: few leave the small tables' questions as they are, and a tenth of all is much to follow. */
const changesMin = 4
const changesMax = 60
const stepsBetweenRestarts = 10

/**
 * Every second step is of one table alone, each in its turn: what its change does not bring about by itself is not helped by
 * what the change of another computes anew.
 */
async function run(contest: Contest, dice: Dice): Promise<void> {
  const market = new Market(dice)
  await contest.compare('before any row')
  contest.subject.pace({ events: 300 })
  await contest.append(market.load())
  await contest.settle('in the load')
  for (let step = 1; step <= steps; step++) {
    const events = dice.pick(paces)
    contest.subject.pace({ events, literalEventsMax: dice.pick([undefined, 0]) })
    const among =
      step % 2 === 0 ? [tableNames[(step / 2) % tableNames.length] as TableName] : dice.pick([tableNames, dice.some(tableNames, 2)])
    const count = events === 1 ? dice.between(1, 3) : Math.max(changesMin, Math.min(events * dice.between(1, 2), changesMax))
    await contest.append(market.change(count, among))
    // Whatever an engine keeps in memory beside its tables is gone, and changes wait for it.
    if (step % stepsBetweenRestarts === 0) await contest.subject.restart()
    await contest.settle(`in step ${step}, of batches of ${events}, in ${among.length > 2 ? 'all tables' : among.join(' and ')}`)
  }
  const last = dice.pick(Object.keys(questions))
  expect((await contest.subject.verify(last)).differing, `verify ${last}`).toBe(0)
  const dead = await contest.subject.store.transaction((tx) => tx.all('SELECT count(*) AS n FROM _evert.dead_letters'))
  expect(dead, 'dead letters').toEqual([{ n: 0n }])
}

test(`22 questions over eight changing tables: after every batch each view is its SELECT over the rows (EVERT_SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  expect(Object.keys(questions)).toHaveLength(22)
  const contest = await Contest.open()
  try {
    await run(contest, new Dice(seed))
    // Empty answers would prove nothing. Few rows decide some of them: of 60 seeds, none had more than two empty after the load.
    expect(contest.answered.size, 'questions that had an answer').toBeGreaterThanOrEqual(17)
  } catch (error) {
    const again = `EVERT_SEED=${seed} EVERT_TPCH_STEPS=${steps} npx vitest run --project oracle test/oracle/tpch`
    throw new Error(`${(error as Error).message}\nAgain: ${again}`, { cause: error })
  } finally {
    await contest.close()
  }
})
