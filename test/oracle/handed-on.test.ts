import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { createAppender } from '../../engine/run/append.ts'
import { HandedOn } from './support/handed-on.ts'
import { Subject } from './support/subject.ts'

const shop = stream('shop', { event: z.object({ k: z.string() }) })
const views = { counts: 'SELECT DISTINCT k FROM shop', above: 'SELECT count(*) AS n FROM counts' }

let subject: Subject
afterEach(() => subject.close())

/** What a batch leaves behind is made by hand here, so that the oracle's own eye is tested whatever the engine hands on today. */
test.each([
  ['the change that there was', "VALUES ('b', 1)", true],
  ['a row too few', "SELECT 'b', 1 WHERE false", false],
  ['a row twice', "VALUES ('b', 2)", false],
  ['a row taken away', "VALUES ('b', 1), ('a', -1)", false],
])('%s is told from others', async (_, rows, isRight) => {
  subject = await Subject.open({ streams: [shop], views })
  let change = "VALUES ('a', 1)"
  const counts = subject.definitions.derivations.find(({ name }) => name === 'counts')?.id
  subject.afterCommit.push(() =>
    subject.store.script([`CREATE OR REPLACE TEMP TABLE "change of ${counts}" AS SELECT * FROM (${change}) AS d(k, _w)`]),
  )
  const handed = new HandedOn(subject)
  const appender = createAppender(subject.log, [shop])
  await appender.append(shop, [{ data: { k: 'a' } }])
  await subject.drain()
  change = rows
  const before = handed.checked
  await appender.append(shop, [{ data: { k: 'b' } }, { data: { k: 'a' } }])
  const step = subject.step().then(
    () => true,
    () => false,
  )
  expect(await step).toBe(isRight)
  expect(handed.checked).toBeGreaterThan(before)
})
