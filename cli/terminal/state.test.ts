import { expect, test } from 'vitest'
import { shortened, stateText } from './state.ts'

test('a state says whether the definition has changed, and why it failed', () => {
  expect(stateText({ state: 'live' })).toBe('live')
  expect(stateText({ state: 'live', changed: true })).toBe('live, changed')
  expect(stateText({ state: 'failed', error: 'Overflow\nin sum' })).toBe('failed: Overflow\nin sum')
  expect(stateText({ state: 'failed', changed: true, error: 'Overflow' })).toBe('failed, changed: Overflow')
})

test('a long text is cut to one line of a hundred letters', () => {
  expect(shortened('failed: Overflow')).toBe('failed: Overflow')
  expect(shortened('failed: Overflow \n  in sum')).toBe('failed: Overflow…')
  expect(shortened('x'.repeat(100))).toBe('x'.repeat(100))
  expect(shortened('😀'.repeat(101))).toBe(`${'😀'.repeat(100)}…`)
})
