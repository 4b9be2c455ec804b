import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Subject } from './support/subject.ts'

const shop = stream('shop', { event: z.object({ k: z.string() }) })

let subject: Subject
afterEach(() => subject.close())

/** Else a view that is built beside the others and raises would be one that is never compared. */
test('a view that raises while it is built is told of, and the others join', async () => {
  subject = await Subject.open({ streams: [shop], views: { first: 'SELECT k FROM shop' } })
  await createAppender(subject.log, [shop]).append(shop, [{ data: { k: 'a' } }])
  await subject.drain()
  await subject.restart({
    streams: [shop],
    views: { first: 'SELECT k FROM shop', raises: 'SELECT CAST(k AS INTEGER) AS i FROM shop', joins: 'SELECT DISTINCT k FROM shop' },
  })
  await subject.drain()
  expect([...subject.failed.keys()]).toEqual(['raises'])
  expect(subject.live).toContain('joins')
})
