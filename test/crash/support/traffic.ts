/** What the campaigns append, and the record of it that is kept apart from the log: in the process that is never killed. */
import { partitionOf } from '../../../connectors/log/partition.ts'
import type { NewEvent } from '../../../engine/run/append.ts'
import { randomOf } from './random.ts'

export interface Move {
  readonly type: 'Put' | 'Taken'
  readonly sku: string
  readonly n: number
  readonly quantity: number
}

export interface Price {
  readonly sku: string
  readonly n: number
  /** Null: a tombstone. */
  readonly price: string | null
}

export interface Transfer {
  readonly id: string
  readonly n: number
  readonly legs: readonly { readonly account: string; readonly amount: number }[]
}

/** One append, in one of the forms; `garbage` are bytes that are no event, from somebody who does not check. */
export type Burst =
  | { readonly stream: 'moves'; readonly events: readonly Move[] }
  | { readonly stream: 'prices'; readonly events: readonly Price[] }
  | { readonly stream: 'transfers'; readonly events: readonly Transfer[] }
  | { readonly stream: 'garbage'; readonly partition: number; readonly texts: readonly string[] }

const skus = ['cup', 'pot', 'jug', 'mug', 'ü', "o'", 'pan', 'lid']

/** The burst of a number: the same for the same seed. */
export function burstOf(seed: number, number: number): Burst {
  const random = randomOf(seed * 1_000_003 + number)
  // Most are few events, which go to DuckDB as constants; some are many, which go as parameters.
  const count = random.below(6) === 0 ? 150 + random.below(400) : 1 + random.below(5)
  const n = number * 1_000
  const events = <T>(make: (n: number) => T): T[] => Array.from({ length: count }, (_, i) => make(n + i))
  const kind = random.below(20)
  if (kind === 0)
    return { stream: 'garbage', partition: random.below(2), texts: [`{"sku":"cup","n":${n}`, '{"sku":7}', 'FATAL'].slice(random.below(3)) }
  if (kind < 4)
    return {
      stream: 'prices',
      events: events((at) => ({
        sku: random.pick(skus),
        n: at,
        price: random.below(4) === 0 ? null : `${random.below(900)}.${10 + random.below(90)}`,
      })),
    }
  if (kind < 10) return { stream: 'transfers', events: events((at) => transferOf(random, at)) }
  return {
    stream: 'moves',
    events: events((at) => ({
      type: random.below(3) === 0 ? 'Taken' : 'Put',
      sku: random.pick(skus),
      n: at,
      quantity: random.pick([1, 5, 13, 19, 40, 80, 99]),
    })),
  }
}

function transferOf(random: ReturnType<typeof randomOf>, n: number): Transfer {
  const from = random.below(10)
  const to = (from + 1 + random.below(9)) % 10
  const amount = 1 + random.below(500)
  return {
    id: `t${n}`,
    n,
    legs: [
      { account: `a${from}`, amount: -amount },
      { account: `a${to}`, amount },
    ],
  }
}

/** A burst's events as `append` takes them. */
export function newEvents(burst: Exclude<Burst, { stream: 'garbage' }>): NewEvent[] {
  if (burst.stream === 'moves') return burst.events.map(({ type, ...data }) => ({ type, data }))
  if (burst.stream === 'transfers') return burst.events.map((data) => ({ data }))
  return burst.events.map(({ sku, n, price }) => (price === null ? { data: null, key: sku } : { data: { sku, n, price } }))
}

/** Everything that was acknowledged, in the order of its acknowledgements. */
export class Acknowledged {
  readonly moves: Move[] = []
  readonly prices: Price[] = []
  readonly transfers: Transfer[] = []
  /** Per partition of `moves`. */
  readonly garbage: [string[], string[]] = [[], []]
  bursts = 0

  add(burst: Burst): void {
    this.bursts++
    if (burst.stream === 'moves') this.moves.push(...burst.events)
    else if (burst.stream === 'prices') this.prices.push(...burst.events)
    else if (burst.stream === 'transfers') this.transfers.push(...burst.events)
    else this.garbage[burst.partition as 0 | 1].push(...burst.texts)
  }

  get events(): number {
    return this.moves.length + this.prices.length + this.transfers.length + this.garbage[0].length + this.garbage[1].length
  }
}

/** Where an event of a key must be. */
export function partitionOfSku(sku: string): number {
  return partitionOf(sku, 2)
}
