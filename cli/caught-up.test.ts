import { expect, test } from 'vitest'
import type { Project } from '../engine/model/types.ts'
import type { StatusInfo } from '../engine/serve/service.ts'
import { fakeService, fakeStatus } from '../test/cli/support/fake-service.ts'
import { caughtUp, isAt } from './caught-up.ts'

test('a position is at the ends when no partition lags', () => {
  expect(isAt({ a: ['3', '4'] }, { a: ['3', '4'] })).toBe(true)
  expect(isAt({ a: ['3', '4'] }, { a: ['3', '5'] })).toBe(false)
  expect(isAt({ a: ['10'] }, { a: ['9'] })).toBe(true)
  expect(isAt({}, { a: ['0'] })).toBe(true)
  expect(isAt({}, { a: ['1'] })).toBe(false)
  expect(isAt({ a: ['1'] }, {})).toBe(true)
})

const validate = { name: 'validate_orders', from: { name: 'shop' } }
const project = { processors: new Map([['validate_orders', validate]]) } as unknown as Project

const asking = (signal: AbortSignal) => ({ signal, onProgress: () => undefined })

/** Answers one status after the other, and stays at the last. */
function statusSteps(steps: readonly Partial<StatusInfo>[]): { status: () => Promise<StatusInfo>; asked: () => number } {
  let asked = 0
  return { asked: () => asked, status: async () => ({ ...fakeStatus, ...steps[Math.min(asked++, steps.length - 1)] }) }
}

test('waits for what processors make of the events that were there', async () => {
  const at = (position: string, end: string, processor: string): Partial<StatusInfo> => ({
    position: { shop: [position] },
    ends: { shop: [end] },
    processors: [{ name: 'validate_orders', position: [processor], lagEvents: 0 }],
  })
  // Ends at 3; the views are there before the processor; its output moves the end to 5; both reach it.
  const steps = statusSteps([
    at('0', '3', '0'),
    at('3', '3', '1'),
    at('3', '5', '3'),
    at('3', '5', '3'),
    at('4', '5', '3'),
    at('5', '5', '4'),
    at('5', '5', '5'),
  ])
  await caughtUp(fakeService({ status: steps.status }), project, asking(new AbortController().signal))
  expect(steps.asked()).toBe(7)
})

test('does not wait for what others append meanwhile', async () => {
  const steps = statusSteps([
    { position: { a: ['0'] }, ends: { a: ['3'] }, processors: [] },
    { position: { a: ['3'] }, ends: { a: ['9'] }, processors: [] },
  ])
  await caughtUp(
    fakeService({ status: steps.status }),
    { processors: new Map() } as unknown as Project,
    asking(new AbortController().signal),
  )
  expect(steps.asked()).toBe(2)
})

test('ends early when it is aborted', async () => {
  const stop = new AbortController()
  const steps = statusSteps([{ position: { a: ['0'] }, ends: { a: ['3'] }, processors: [] }])
  const waiting = caughtUp(fakeService({ status: steps.status }), project, asking(stop.signal))
  stop.abort()
  await waiting
})
