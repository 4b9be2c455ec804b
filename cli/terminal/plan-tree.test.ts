import { expect, test } from 'vitest'
import type { PlanNode } from '../../engine/serve/service.ts'
import { measuredText, stepLines } from './measured.ts'
import { planTree } from './plan-tree.ts'

const events: PlanNode = { kind: 'stream', name: 'orders', what: 'the events of the batch', inputs: [] }
const sales: PlanNode = {
  kind: 'view',
  name: 'sales',
  what: 'GROUP BY customer',
  strategy: 'linear',
  reason: 'merged',
  keeps: 'partial results',
  grows: 'bounded by the keys',
  rows: 1,
  bytes: 2_048,
  estimate: { of: 'touched', text: 'the groups that it touches, of 1' },
  inputs: [events],
}

test('the view on top, what is below it further in', () => {
  const joined: PlanNode = {
    kind: 'operator',
    what: 'JOIN ON a = b',
    inputs: [{ ...sales, kind: 'part', name: '~1', sharedWith: ['other'] }, events],
  }
  expect(planTree({ ...sales, inputs: [joined] }, { analyze: false })).toEqual([
    'sales  GROUP BY customer  [linear; 1 row, 2.0 KiB]',
    '│    why       merged',
    '│    keeps     partial results; bounded by the keys',
    '│    costs     the groups that it touches, of 1',
    '└─ JOIN ON a = b',
    '   ├─ ~1  GROUP BY customer  [linear; 1 row, 2.0 KiB]',
    '   │  │    why       merged',
    '   │  │    keeps     partial results; bounded by the keys',
    '   │  │    shared    kept once, with other',
    '   │  │    costs     the groups that it touches, of 1',
    '   │  └─ stream orders  the events of the batch',
    '   └─ stream orders  the events of the batch',
  ])
})

test('a view below is told in short, and what stands twice once', () => {
  const again: PlanNode = { ...sales, kind: 'part', name: '~1', isRepeated: true, inputs: [] }
  expect(planTree({ ...sales, name: 'top', reason: 'r', inputs: [sales, again] }, { analyze: false }).slice(4)).toEqual([
    '├─ sales  GROUP BY customer  [linear; 1 row, 2.0 KiB]  (evert explain sales)',
    '│  └─ stream orders  the events of the batch',
    '└─ ~1  GROUP BY customer  [linear; 1 row, 2.0 KiB]  (as above)',
  ])
})

const at = '2026-01-01T00:00:00.000Z'

test('steps over several batches: mean and greatest time, mean rows', () => {
  const step = (ms: number, rows: number) => ({ at, events: 200, ms, steps: [{ step: 'merge', ms, rows }] })
  expect(stepLines([step(1, 4), step(3, 5), { at, events: 1, ms: 2, steps: [], together: 3 }])).toEqual([
    'steps of the last 2 batches',
    'merge                  2.00 ms, at most 3.00 ms     4.5 rows',
  ])
  expect(stepLines([{ at, events: 1, ms: 2, steps: [], together: 3 }])).toEqual([])
})

test('means of large batches, and of small ones apart', () => {
  expect(measuredText(undefined)).toBeUndefined()
  const mean = { batches: 3, events: 4_096, ms: 12.34, rows: 97 }
  expect(measuredText({ mean, batches: [] })).toBe('12.3 ms and 97 rows written a batch of 4,096 events (mean of 3)')
  expect(measuredText({ together: { batches: 2, events: 1, ms: 3, parts: 7 }, batches: [] })).toMatch(
    /^small batches go as one string.*3\.00 ms.*7/,
  )
})
