/** In which order the events of an auction house come, and where each is in the log: functions of its number alone. */

/** Of every 50 events 1 is a person, then come 3 auctions, then 46 bids. */
const round = { people: 1, auctions: 3, events: 50 }
export const roundEvents = round.events
export const roundAuctions = round.auctions

export const typeNames = ['Person', 'Auction', 'Bid'] as const

/** Index into `typeNames`. */
export function typeOf(n: number): 0 | 1 | 2 {
  const place = n % round.events
  return place < round.people ? 0 : place < round.people + round.auctions ? 1 : 2
}

/** Number of the last person that has come by event `n`, from 0. */
export function lastPerson(n: number): number {
  return Math.floor(n / round.events) * round.people + Math.min(n % round.events, round.people - 1)
}

/** Number of the last auction that has come by event `n`; -1 while there is none. */
export function lastAuction(n: number): number {
  return Math.floor(n / round.events) * round.auctions + Math.min(n % round.events, round.auctions + round.people - 1) - round.people
}

/** Whole rounds go to the partitions in turn, so each has the same mix, in the order of event time. */
export const partitions = 2

export function partitionOf(n: number): number {
  return Math.floor(n / round.events) % partitions
}

/** The same place in SQL, of events that are numbered `n`: what the log will answer for `_partition` and `_offset`. */
export const placeSql = {
  _partition: `CAST(n // ${round.events} % ${partitions} AS INTEGER)`,
  _offset: `n // ${round.events * partitions} * ${round.events} + n % ${round.events}`,
}
