import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { createAppender } from '../../engine/run/append.ts'
import { positionSum } from '../../engine/run/batch.ts'
import { Subject } from './support/subject.ts'

const facts = stream('facts', {
  events: { Made: z.object({ k: z.int(), n: z.int(), text: z.string() }), Gone: z.object({ k: z.int(), why: z.string() }) },
  partitions: 2,
})
const names = table('names', { key: 'k', row: z.object({ k: z.int(), name: z.string() }) })
/** Each begins in another way: a row that is stored, groups, distinct values, the best of a key, joins of two types and with a table. */
const views = {
  kept: `SELECT k, n, '"temp"."change of kept"' AS quoted FROM facts.Made WHERE n % 3 <> 0`,
  groups: 'SELECT k, count(*) AS c, sum(n) AS s, min(n) AS lo FROM facts.Made GROUP BY k',
  chain: 'SELECT c, count(*) AS keys FROM groups GROUP BY c',
  kinds: 'SELECT DISTINCT k % 5 AS kind FROM facts.Made',
  people: 'SELECT count(DISTINCT n) AS numbers, count(*) AS all_of_them FROM facts.Made',
  best: 'SELECT k, n FROM facts.Made QUALIFY row_number() OVER (PARTITION BY k ORDER BY n DESC) = 1',
  both: 'SELECT m.k, m.n, g.why FROM facts.Made AS m JOIN facts.Gone AS g USING (k)',
  named: 'SELECT name, count(*) AS c FROM facts.Made JOIN names USING (k) GROUP BY name',
  either: 'SELECT k FROM facts.Made UNION ALL SELECT k FROM facts.Gone',
}

let subject: Subject | undefined
afterEach(async () => {
  await subject?.close()
  subject = undefined
})

/** Statements on the connection beside the writer's. */
function watchAhead(on: Subject, fail = false): string[] {
  const seen: string[] = []
  const { store } = on
  const { ahead } = store
  store.ahead = async () => {
    const tx = await ahead()
    return {
      all: tx.all,
      run: (sql, parameters, onUnderWay) => {
        seen.push(sql)
        return fail && sql.includes('groups') ? Promise.reject(new Error('broken on purpose')) : tx.run(sql, parameters, onUnderWay)
      },
    }
  }
  return seen
}

async function fill(to: Subject, from: number, count: number): Promise<void> {
  const appender = createAppender(to.log, [facts, names])
  const made = Array.from({ length: count }, (_, i) => from + i)
  await appender.append(
    facts,
    made.map((i) =>
      i % 7 === 0
        ? { type: 'Gone', data: { k: i % 11, why: `because ${i}` } }
        : { type: 'Made', data: { k: i % 11, n: (i * 37) % 101, text: "o'clock\u001f" } },
    ),
  )
  await appender.append(
    names,
    made.slice(0, 20).map((i) => ({ data: { k: i % 11, name: `name ${i % 4}` } })),
  )
}

async function check(of: Subject): Promise<void> {
  expect(Object.fromEntries(of.failed)).toEqual({})
  for (const view of Object.keys(views)) expect(await of.verify(view), view).toMatchObject({ differing: 0 })
}

test('batches that are worked on ahead leave the same rows, through restarts and views that join', async () => {
  subject = await Subject.open({ streams: [facts], tables: [names], views: { ...views } }, { events: 40, literalEventsMax: 0 })
  let seen = watchAhead(subject)
  await fill(subject, 0, 400)
  for (let batch = 0; batch < 5; batch++) {
    expect(await subject.step()).toBe(40)
    await check(subject)
  }
  // The two places of tables are made once, while the same views are kept.
  expect(seen.filter((sql) => sql.startsWith('CREATE SCHEMA'))).toHaveLength(2)
  // What decodes is run ahead, and so is what follows from the events alone; the state is never named there.
  for (const what of ['"events of facts', '"batch of groups@', '"came of kinds@'])
    expect(seen.filter((sql) => sql.includes(what)).length, what).toBeGreaterThan(2)
  expect(seen.filter((sql) => /"_state"|"_rel"|"temp"\.(?!"change of kept@)/.test(sql))).toEqual([])
  await subject.restart()
  seen = watchAhead(subject)
  await subject.drain()
  await check(subject)
  await subject.restart({
    streams: [facts],
    tables: [names],
    views: { ...views, late: 'SELECT n, count(*) AS c FROM facts.Made GROUP BY n' },
  })
  await fill(subject, 400, 300)
  await subject.drain()
  await check(subject)
  expect(await subject.verify('late')).toMatchObject({ differing: 0 })
})

test('a view that joins while full batches wait is given all that it reads of those that were read before', async () => {
  subject = await Subject.open({ streams: [facts], tables: [names], views: { ...views } }, { events: 40, literalEventsMax: 0 })
  await fill(subject, 0, 200)
  await subject.drain()
  // Nobody else reads keys and times. While full batches wait its build takes two a live one, so it joins before they are all applied.
  const late = 'SELECT _key AS who, count(*) AS c, max(_time) AS t, min(_offset) AS o FROM facts GROUP BY who'
  await subject.restart({ streams: [facts], tables: [names], views: { ...views, late } })
  await fill(subject, 200, 1_000)
  const { loop } = subject
  const stop = new AbortController()
  const running = loop.run(stop.signal)
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await setImmediate()
  }
  await until(() => loop.members.some(({ derivation }) => derivation.name === 'late'))
  expect(positionSum(loop.position)).toBeLessThan(1_000n)
  await until(() => positionSum(loop.position) === 1_240n)
  stop.abort()
  await running
  await check(subject)
  expect(await subject.verify('late')).toMatchObject({ differing: 0 })
})

test('after batches that go as constants the next large ones are worked on ahead again', async () => {
  subject = await Subject.open({ streams: [facts], tables: [names], views: { ...views } }, { events: 150 })
  const seen = watchAhead(subject)
  for (let round = 0; round < 3; round++) {
    await fill(subject, round * 1_000, 160) // the second of its two batches goes as constants
    await subject.drain()
    await fill(subject, round * 1_000 + 160, 800)
    seen.length = 0
    await subject.drain()
    await check(subject)
    // Where the place for its tables is missing, a batch comes no further than its first statement.
    expect(seen.filter((sql) => sql.includes('"batch of groups@')).length).toBeGreaterThan(2)
  }
})

test('what fails ahead is done in its turn', async () => {
  subject = await Subject.open({ streams: [facts], tables: [names], views }, { events: 40, literalEventsMax: 0 })
  const seen = watchAhead(subject, true)
  await fill(subject, 0, 200)
  await subject.drain()
  await check(subject)
  expect(seen.some((sql) => sql.includes('groups'))).toBe(true)
})

test('a view whose SELECT raises ahead is taken out by name, and the others go on', async () => {
  const broken = { broken: "SELECT count(CASE WHEN n = 100 THEN CAST('x' || n AS INTEGER) END) AS c FROM facts.Made GROUP BY k" }
  subject = await Subject.open({ streams: [facts], tables: [names], views: { ...views, ...broken } }, { events: 40, literalEventsMax: 0 })
  await fill(subject, 0, 400)
  await subject.drain()
  expect([...subject.failed.keys()]).toEqual(['broken'])
  for (const view of Object.keys(views)) expect(await subject.verify(view), view).toMatchObject({ differing: 0 })
})
