import { expect, test } from 'vitest'
import { createEvents } from './event.ts'
import type { Bids } from './ids.ts'
import { typeOf } from './shape.ts'

interface Bid {
  readonly auction: number
  readonly bidder: number
  readonly channel: string
}

const events = 20_000

/** All events, and the bids among them as values. */
function made(bids: Bids): { readonly bids: readonly Bid[]; readonly others: readonly string[]; readonly bytes: number } {
  const event = createEvents({ seed: 1, rate: 10_000, permuted: false, bids })
  const all = Array.from({ length: events }, (_, n) => ({ text: event(n), isBid: typeOf(n) === 2 }))
  return {
    bids: all.filter(({ isBid }) => isBid).map(({ text }) => JSON.parse(text) as Bid),
    others: all.filter(({ isBid }) => !isBid).map(({ text }) => text),
    bytes: all.reduce((sum, { text }) => sum + text.length, 0),
  }
}

function counts(bids: readonly Bid[]): readonly number[] {
  return (['auction', 'bidder', 'channel'] as const).map((name) => new Set(bids.map((bid) => bid[name])).size)
}

test('hot bids name four auctions, bidders and channels from the first event to the last', () => {
  const { bids } = made('hot')
  expect(counts(bids)).toEqual([4, 4, 4])
  expect(counts(bids.slice(0, 100))).toEqual([4, 4, 4])
  const ids = [1_000, 26_000, 51_000, 76_000]
  expect([...new Set(bids.map(({ auction }) => auction))].sort((one, other) => one - other)).toEqual(ids)
  for (const id of ids) expect(bids.filter(({ bidder }) => bidder === id).length / bids.length).toBeCloseTo(0.25, 1)
})

test('cold bids name any of 100,000, each as often', () => {
  const { bids } = made('cold')
  // Of 18,400 draws among 100,000 some 16,800 differ.
  for (const count of counts(bids)) expect(Math.abs(count - 16_800)).toBeLessThan(200)
  expect(Math.max(...bids.map(({ auction }) => auction))).toBeLessThan(101_000)
})

test('hot and cold differ in their bids alone, and are as long', () => {
  const [hot, cold] = [made('hot'), made('cold')]
  expect(hot.others).toEqual(cold.others)
  expect(hot.others).toEqual(made('usual').others)
  expect(hot.bytes / cold.bytes).toBeCloseTo(1, 1)
  expect(hot.bids).not.toEqual(cold.bids)
})
