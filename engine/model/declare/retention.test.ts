import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { sql } from '../schema/sql.ts'
import { readPeriod } from './retention.ts'
import { stream } from './stream.ts'

const at = sql.timestamptz()
const Asked = z.object({ id: z.string(), at, maybe: at.optional() })
const Sold = z.object({ id: z.string(), at })
const declare = (by: string, period: unknown) => () => stream('shop', { events: { Asked, Sold }, retention: { by, period } as never })

describe('a period', () => {
  test.each([
    ['90 days', '90 days', 7_776_000],
    ['1 hour', '1 hours', 3_600],
    [' 2  WEEKS ', '2 weeks', 1_209_600],
    ['15minutes', '15 minutes', 900],
  ])('%s', (text, period, seconds) => expect(readPeriod(text)).toEqual({ period, seconds }))

  test.each(['', '90', 'days', '0 days', '-1 days', '1.5 hours', '3 months', '1 year', '2 days 3 hours', 90, undefined])('not %s', (text) =>
    expect(readPeriod(text)).toContain('wanted a whole number of seconds, minutes, hours, days or weeks above 0'),
  )

  test('is not longer than a hundred years', () => expect(readPeriod('36501 days')).toContain('wanted at most 36500 days'))
})

describe('a stream’s retention', () => {
  test('is by a field that all event types have', () => {
    expect(declare('at', '90 days')().retention).toEqual({ by: 'at', period: '90 days', seconds: 7_776_000 })
    expectTypeOf(stream<{ Asked: typeof Asked; Sold: typeof Sold }>)
      .parameter(1)
      .toHaveProperty('retention')
      .toEqualTypeOf<{ readonly by: 'id' | 'at'; readonly period: string } | undefined>()
  })

  test.each([
    ['none', '1 day', "stream 'shop': its retention's field 'none' is missing in event type Asked"],
    ['maybe', '1 day', "its retention's field 'maybe' is not required in event type Asked"],
    ['id', '1 day', "its retention's field 'id' is VARCHAR, wanted DATE, TIMESTAMP or TIMESTAMPTZ, in event type Asked"],
    ['at', 'soon', 'stream \'shop\': retention: its period is "soon", wanted'],
  ])('by %s for %s is refused', (by, period, message) => expect(declare(by, period)).toThrow(message))

  test('changes no byte’s meaning: the batches of the log stay valid', () => {
    expect(declare('at', '1 day')().fingerprint).toBe(stream('shop', { events: { Asked, Sold } }).fingerprint)
  })
})
