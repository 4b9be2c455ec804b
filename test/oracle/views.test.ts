import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EvertError } from '../../errors.ts'
import { Chooser, tape } from './support/chooser.ts'
import { type Known, plainText, randomSelect, viewText } from './support/grammar.ts'
import { Plain } from './support/plain.ts'
import { type World, worldOf } from './support/schema.ts'
import { Subject } from './support/subject.ts'
import { Feed } from './support/trial.ts'

const cases = Number(process.env.EVERT_ORACLE_CASES ?? 40)
const seed = Number(process.env.EVERT_SEED ?? Math.floor(Math.random() * 2 ** 31))

type Step = {
  readonly do: 'append' | 'upsert' | 'foreign' | 'step' | 'restart' | 'join'
  readonly count: number
  readonly tape: readonly number[]
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'append' as const,
    'append' as const,
    'step' as const,
    'foreign' as const,
    'upsert' as const,
    'restart' as const,
    'join' as const,
  ),
  count: fc.integer({ min: 1, max: 25 }),
  tape: tape(120),
})

const trial = fc.record({
  schema: tape(50),
  views: fc.array(tape(60), { minLength: 1, maxLength: 4 }),
  steps: fc.array(step, { minLength: 2, maxLength: 9 }),
})

/** Views by random text, each over the streams, the table or the views before it; the recomputation holds them as plain views. */
async function randomViews(world: World, plain: Plain, tapes: readonly (readonly number[])[]): Promise<Record<string, string>> {
  const known: Known[] = []
  for (const stream of world.streams) {
    const columns = stream.columns
    const wanted = [
      { name: stream.name, alias: stream.name, fields: columns },
      ...(stream.types.length > 1
        ? stream.types.map((type) => ({ name: `${stream.name}.${type.name}`, alias: type.name, fields: type.fields }))
        : []),
    ]
    for (const { name, alias, fields } of wanted)
      known.push({ name, alias, columns: await plain.columns(name, fields.length), hasPlace: true })
  }
  for (const table of world.tables)
    known.push({ name: table.name, alias: table.name, columns: await plain.columns(table.name, table.columns.length), hasPlace: false })
  const views: Record<string, string> = {}
  for (const [n, numbers] of tapes.entries()) {
    const name = `v${n}`
    const template = randomSelect(new Chooser(numbers), known)
    if (!(await plain.tryRun(`CREATE VIEW ${name} AS ${plainText(template)}`))) continue // DuckDB would not have it: types do not meet
    views[name] = viewText(template)
    known.unshift({ name, alias: name, columns: await plain.columns(name), hasPlace: false })
  }
  return views
}

async function compare(subject: Subject, plain: Plain, when: string): Promise<void> {
  expect(Object.fromEntries(subject.failed), when).toEqual({})
  for (const view of subject.live.filter((name) => /^v\d$/.test(name)))
    expect(await subject.rows(view), `${view} ${when}`).toEqual(await plain.answer(`SELECT * FROM ${view}`))
}

async function stepAll(subject: Subject, plain: Plain, feed: Feed, steps: number): Promise<void> {
  for (let n = 0; n < steps; n++) {
    const events = await subject.step()
    await feed.follow(subject)
    await compare(
      subject,
      plain,
      `at ${JSON.stringify([...subject.position], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    )
    if (events === 0) return
  }
}

async function run({ schema, views: tapes, steps }: { schema: number[]; views: number[][]; steps: Step[] }): Promise<void> {
  const world = worldOf(new Chooser(schema))
  const plain = await Plain.open([...world.streams, ...world.tables])
  try {
    const views = await randomViews(world, plain, tapes)
    const some = Object.fromEntries(Object.entries(views).slice(0, 2))
    const subject = await Subject.open({ ...world, views: some }).catch((error: unknown) => {
      throw new Error(`${(error as EvertError).message}\n${JSON.stringify(views, undefined, 1)}`, { cause: error })
    })
    const feed = new Feed(world, plain)
    try {
      await compare(subject, plain, 'before any event')
      for (const one of steps) {
        const chooser = new Chooser(one.tape)
        if (one.do === 'append') await feed.append(subject.log, chooser, one.count)
        else if (one.do === 'upsert') await feed.upsert(subject.log, chooser, one.count)
        else if (one.do === 'foreign') await feed.foreign(subject.log, chooser, one.count)
        else if (one.do === 'restart') await subject.restart()
        else if (one.do === 'join') await subject.restart({ ...world, views })
        subject.pace({ events: chooser.pick([1_000, 7, 1]), literalEventsMax: chooser.pick([undefined, 0]) })
        if (one.do === 'step') await stepAll(subject, plain, feed, one.count)
      }
      await stepAll(subject, plain, feed, Number.POSITIVE_INFINITY)
      const dead = await subject.store.transaction((tx) => tx.all('SELECT count(*) AS n FROM _evert.dead_letters'))
      expect(dead, 'dead letters').toEqual([{ n: BigInt(feed.bad) }])
      const [view] = subject.live.filter((name) => /^v\d$/.test(name)).slice(-1)
      if (view !== undefined) expect((await subject.verify(view)).differing, `verify ${view}`).toBe(0)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${JSON.stringify(views, undefined, 1)}`, { cause: error })
    } finally {
      await subject.close()
    }
  } finally {
    plain.close()
  }
}

/** Shrinking stops after this long: each try is a project of its own. */
const shrinkMsMax = 30_000
let failedAt: number | undefined

async function runOrStop(input: Parameters<typeof run>[0]): Promise<void> {
  if (failedAt !== undefined && Date.now() - failedAt > shrinkMsMax) return
  try {
    await run(input)
  } catch (error) {
    failedAt ??= Date.now()
    throw error
  }
}

test(`${cases} random projects: after every batch each view is its recomputation (EVERT_SEED=${seed})`, {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(trial, runOrStop), { seed, numRuns: cases })
})
