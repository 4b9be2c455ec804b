import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Subject } from './support/subject.ts'

const facts = stream('facts', { key: 'k', event: z.object({ k: z.string(), t: z.string() }) })
const others = stream('others', { event: z.object({ n: z.int() }) })

let subject: Subject | undefined
afterEach(async () => {
  await subject?.close()
  subject = undefined
})

test.each([undefined, 0])(
  'events whose text looks like a generated name stay as they are, constants up to %s events',
  async (literalEventsMax) => {
    const values = ['"#1"', '"#2"', 'a "#3" b', '\u00000\u0000', '$1', '__delta_0']
    const views = {
      kept: 'SELECT t, \'"#2"\' AS "#1" FROM facts WHERE k <> \'none\'',
      groups: 'SELECT t, count(*) AS c, max(k) AS hi FROM facts GROUP BY t',
      // In the events themselves JSON escapes the quotes; a key stands in a statement as it is.
      keys: 'SELECT _key AS message_key, count(*) AS c FROM facts GROUP BY message_key',
      twice: 'SELECT a.t, b.k FROM facts AS a JOIN facts AS b ON a.t = b.t',
    }
    subject = await Subject.open({ streams: [facts], views }, { events: 3, literalEventsMax })
    const appender = createAppender(subject.log, [facts])
    for (const t of values) await appender.append(facts, [{ data: { k: t, t } }, { data: { k: 'x', t } }])
    await subject.drain()
    expect(Object.fromEntries(subject.failed)).toEqual({})
    expect((await subject.rows('groups')).rows).toHaveLength(values.length)
    for (const view of Object.keys(views)) expect((await subject.verify(view)).differing, view).toBe(0)
  },
)

test('a stream that leaves the project does not make its rows of before look like those of now', async () => {
  const views = { pairs: 'SELECT a.k AS left_k, b.k AS right_k FROM facts AS a JOIN facts AS b ON a.t = b.t' }
  subject = await Subject.open({ streams: [facts, others], views })
  await createAppender(subject.log, [others]).append(
    others,
    Array.from({ length: 50 }, (_, n) => ({ data: { n } })),
  )
  await createAppender(subject.log, [facts]).append(facts, [{ data: { k: 'a', t: 'x' } }, { data: { k: 'b', t: 'x' } }])
  await subject.drain()
  await subject.restart({ streams: [facts], views })
  await createAppender(subject.log, [facts]).append(facts, [{ data: { k: 'c', t: 'x' } }])
  await subject.drain()
  expect((await subject.rows('pairs')).rows).toHaveLength(9)
  expect((await subject.verify('pairs')).differing).toBe(0)
})
