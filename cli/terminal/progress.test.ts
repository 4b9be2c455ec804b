import { expect, test } from 'vitest'
import { progressLine } from './progress.ts'

test('tells count, rate and time left', () => {
  expect(progressLine({ phase: 'replay', done: 1_200_000, total: 3_000_000, unit: 'events', perSecond: 1_200_000 })).toBe(
    'replay  1,200,000 of 3,000,000 events, 1.20M/s, 1.5 s left',
  )
  expect(progressLine({ phase: 'append', done: 10, unit: 'events', perSecond: 0 })).toBe('append  10 events, 0/s')
})
