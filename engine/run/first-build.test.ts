import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { limits } from '../../limits.ts'
import { Subject } from '../../test/oracle/support/subject.ts'
import { stream } from '../model/declare/stream.ts'
import { createAppender } from './append.ts'

const facts = stream('facts', { event: z.object({ k: z.int(), n: z.int() }) })
const views = {
  by_key: 'SELECT k, count(*) AS c FROM facts GROUP BY k',
  pairs: 'SELECT a.k, count(*) AS c FROM facts AS a JOIN by_key AS b ON a.k = b.k AND a.n < b.c GROUP BY a.k',
}

let subject: Subject | undefined
afterEach(async () => {
  await subject?.close()
  subject = undefined
})

test('a view over what is kept waits while much is before it, and is right when it is there', async () => {
  const events = limits.firstBuildEventsMin + 5_000
  const data = Array.from({ length: events }, (_, i) => ({ data: { k: i % 97, n: i % 1_500 } }))
  subject = await Subject.open({ streams: [facts], views: {} }, { events: 20_000 })
  const appender = createAppender(subject.log, [facts])
  for (let from = 0; from < events; from += 10_000) await appender.append(facts, data.slice(from, from + 10_000))
  await subject.restart({ streams: [facts], views })
  expect(subject.live).not.toContain('pairs')
  await subject.drain()
  expect(subject.live).toContain('pairs')
  expect(Object.fromEntries(subject.failed)).toEqual({})
  expect((await subject.verify('pairs')).differing).toBe(0)
  await createAppender(subject.log, [facts]).append(facts, [{ data: { k: 5, n: 1 } }])
  await subject.drain()
  expect((await subject.verify('pairs')).differing).toBe(0)
})
