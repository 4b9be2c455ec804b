import { expect, test } from 'vitest'
import type { Derivation } from '../run/derivation.ts'
import { estimate } from './estimate.ts'
import type { Sample } from './sample.ts'

const derivation = (name: string, kind: Derivation['kind'], streams: readonly string[], reads: readonly string[] = []): Derivation =>
  ({
    id: name,
    name,
    kind,
    streams: new Map(streams.map((stream) => [stream, { needs: undefined, placed: false }])),
    reads,
  }) as unknown as Derivation

const part = derivation('~part', 'part', ['sales'])
const totals = derivation('totals', 'sql', [], ['~part'])
const over = derivation('over', 'sql', [], ['totals'])
const visits = derivation('visits', 'sql', ['clicks'])
const all = [part, totals, over, visits]
const events = new Map([
  ['sales', 1_000_000],
  ['clicks', 10_000],
])

/** A first batch that is ten times as dear, and two more: 1 ms of each that is nobody's, 2 ms of the part, 1 ms of `totals`, 4 ms of `visits`. */
const sample: Sample = {
  batches: [10, 1, 1].map((dear) => ({
    events: new Map([
      ['sales', 1_000],
      ['clicks', 1_000],
    ]),
    ms: 8 * dear,
    msOf: new Map([
      ['~part', 2 * dear],
      ['totals', dear],
      ['visits', 4 * dear],
    ]),
  })),
  onceMs: new Map([['over', 6]]),
  first: new Map([
    ['~part', { rows: 100, bytes: 0 }],
    ['visits', { rows: 30_000, bytes: 0 }],
  ]),
  end: new Map([
    ['~part', { rows: 100, bytes: 262_144 }],
    ['totals', { rows: 0, bytes: 0 }],
    ['visits', { rows: 90_000, bytes: 900_000 }],
  ]),
}

test('a view takes its own time and that of its parts, by its own events, and a share of what all in the pass share', () => {
  const both = estimate(sample, { pass: [part, totals, visits], derivations: [part, totals], events, all })
  expect(both).toMatchObject({ events: 1_000_000, sampled: 3_000 })
  expect(both.seconds).toBeCloseTo((2 + 1 + 0.5) * 1_000 * 0.001)
  expect(both.secondsMin).toBeCloseTo(both.seconds / 1.3)
  expect(both.secondsMax).toBeCloseTo(both.seconds * 1.3)
  const alone = estimate(sample, { pass: [part, totals], derivations: [part, totals], events, all })
  expect(alone.seconds).toBeCloseTo((2 + 1 + 1) * 1_000 * 0.001)
})

test('what is computed once grows with what it is computed from', () => {
  const { seconds, events: read } = estimate(sample, { pass: [over], derivations: [over], events, all })
  expect(read).toBe(1_000_000)
  expect(seconds).toBeCloseTo((1 * 1_000_000) / 1_000 / 1_000 + (0.006 * 1_000_000) / 3_000)
})

test('rows that did not become more stay as they are; those that grew with the events go on so', () => {
  expect(estimate(sample, { pass: [part], derivations: [part], events, all }).bytes).toBe(262_144)
  const { bytes, sampled } = estimate(sample, { pass: [visits], derivations: [visits], events, all })
  expect(sampled).toBe(3_000)
  expect(bytes).toBeCloseTo((900_000 * 10_000) / 3_000)
})

test('batches that differ widen what is said; without any event nothing is said to take time', () => {
  const uneven = { ...sample, batches: sample.batches.map((batch, at) => ({ ...batch, ms: at === 2 ? 24 : 8 })) }
  const { seconds, secondsMax } = estimate(uneven, { pass: [visits], derivations: [visits], events, all })
  expect(secondsMax / seconds).toBeGreaterThan(1.3)
  expect(estimate({ ...sample, batches: [] }, { pass: [visits], derivations: [visits], events: new Map(), all })).toMatchObject({
    events: 0,
    seconds: 0,
  })
})
