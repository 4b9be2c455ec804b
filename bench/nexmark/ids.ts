import type { Random } from './random.ts'
import { lastAuction, lastPerson } from './shape.ts'

/** Whom an event speaks of: the published hot ratios, over people and auctions that are still active. */
export interface Ids {
  person(n: number): number
  auction(n: number): number
  seller(n: number, random: Random): number
  bidAuction(n: number, random: Random): number
  bidder(n: number, random: Random): number
  channel(random: Random): { readonly hot: boolean; readonly index: number }
}

/**
 * Auctions, bidders and channels of the bids. `usual`: the published hot ratios, over what is active at the time. `hot`: four of each,
 * which never change. `cold`: 100,000 of each, all as often and without order.
 */
export type Bids = 'usual' | 'hot' | 'cold'

export interface IdOptions {
  /** Ids without locality: neighbours in time are far apart, so no zone map helps. */
  readonly permuted: boolean
  readonly bids: Bids
}

const first = 1_000
/** The hot id of a moment is the first of each hundred; the hot bidder the second. */
const hotEvery = 100
/** Ids may be named a little before their event has come. */
const ahead = 10
const activePeople = 1_000
export const openAuctions = 100
/** One in so many is not hot. */
const notHot = { auction: 2, seller: 4, bidder: 4, channel: 2 }
const hotCount = 4
const coldCount = 100_000
const channels = 10_000

export function createIds({ permuted, bids }: IdOptions): Ids {
  const id = permuted ? (index: number) => permute(index + first) : (index: number) => index + first
  const hotOf = (index: number) => Math.floor(index / hotEvery) * hotEvery
  const somePerson = (n: number, random: Random) => {
    const people = lastPerson(n) + 1
    const active = Math.min(people, activePeople)
    return people - active + random.below(active + ahead)
  }
  const someAuction = (n: number, random: Random) => {
    const last = Math.max(lastAuction(n), 0)
    const from = Math.max(last - openAuctions, 0)
    return from + random.below(last - from + 1 + ahead)
  }
  const all: Ids = {
    person: (n) => id(lastPerson(n)),
    auction: (n) => id(lastAuction(n)),
    seller: (n, random) => id(random.mostly(notHot.seller) ? hotOf(lastPerson(n)) : somePerson(n, random)),
    bidAuction: (n, random) => id(random.mostly(notHot.auction) ? hotOf(Math.max(lastAuction(n), 0)) : someAuction(n, random)),
    bidder: (n, random) => id(random.mostly(notHot.bidder) ? hotOf(lastPerson(n)) + 1 : somePerson(n, random)),
    channel: (random) => {
      const hot = random.mostly(notHot.channel)
      return { hot, index: random.below(hot ? hotCount : channels) }
    },
  }
  if (bids === 'usual') return all
  // The four are spread among the 100,000, and all channels are of one kind: as many bytes to decode, and as many of the auctions are there.
  const every = bids === 'hot' ? coldCount / hotCount : 1
  const one = (random: Random) => Math.floor(random.below(coldCount) / every) * every
  return {
    ...all,
    bidAuction: (_n, random) => id(one(random)),
    bidder: (_n, random) => id(one(random)),
    channel: (random) => ({ hot: false, index: one(random) }),
  }
}

/** One to one below the prime; ids up to 9 million stay within the exact integers of JavaScript. */
function permute(id: number): number {
  const prime = 2_147_483_647
  const factor = 742_938_285
  return (id * factor) % prime
}
