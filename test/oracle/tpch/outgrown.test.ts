import { expect, test } from 'vitest'
import { Contest } from './contest.ts'
import { Dice } from './dice.ts'
import { Market } from './market.ts'
import { questions } from './questions.ts'

/** The test command runs the same cases every time; a long run draws others. */
const seed = Number(process.env.EVERT_SEED ?? (process.env.EVERT_LONG === '1' ? Math.floor(Math.random() * 2 ** 31) : 20_261_121))

/** The questions read 60 to 830 rows when all are there, and go over to parts when they have read twice this. */
const recomputeRowsMax = 100
const eventsOfBatch = 90
const stepsAfter = 3

async function run(contest: Contest, dice: Dice): Promise<void> {
  const { subject } = contest
  const market = new Market(dice)
  expect(subject.definitions.derivations.filter((one) => one.isChosenWhole).length, 'views that are computed anew').toBeGreaterThan(15)
  subject.pace({ events: eventsOfBatch })
  const load = market.load()
  // What has gone over to parts is found as it is kept, and what has not is found so too.
  for (const [from, to] of [
    [0, 0.4],
    [0.4, 0.7],
    [0.7, 1],
  ] as const) {
    await contest.append(load.slice(from * load.length, to * load.length))
    await contest.settle(`in the load to ${to}`)
    await subject.restart()
  }
  expect(subject.replanned.length, 'views that went over to parts').toBeGreaterThan(12)
  for (let step = 1; step <= stepsAfter; step++) {
    subject.pace({ events: dice.pick([40, 12, 5]), literalEventsMax: dice.pick([undefined, 0]) })
    await contest.append(market.change(dice.between(8, 30)))
    await contest.settle(`in step ${step}`)
  }
}

test(`22 questions that are computed anew until they read much, in the middle of the load (EVERT_SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  expect(Object.keys(questions)).toHaveLength(22)
  const contest = await Contest.open(recomputeRowsMax)
  try {
    await run(contest, new Dice(seed))
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\nAgain: EVERT_SEED=${seed} npx vitest run --project oracle test/oracle/tpch/outgrown.test.ts`,
      {
        cause: error,
      },
    )
  } finally {
    await contest.close()
  }
})
