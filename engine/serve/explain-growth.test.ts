import { expect, test } from 'vitest'
import { isUnbounded, most } from './explain-growth.ts'

test('the least bound holds for the whole', () => {
  expect(most([])).toBe('fixed')
  expect(most(['keys', 'fixed'])).toBe('keys')
  expect(most(['retained', 'events', 'values'])).toBe('events')
})

test('values and events have no bound', () => {
  expect((['fixed', 'keys', 'retained', 'values', 'events'] as const).filter(isUnbounded)).toEqual(['values', 'events'])
})
