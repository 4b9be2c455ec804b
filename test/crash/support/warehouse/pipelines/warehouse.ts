import { processor, sql, stream, table, view } from 'evert'
import { z } from 'zod'

/** The project of the crash campaigns: every kind of derivation, a bank and a processor. */
export const moves = stream('moves', {
  key: 'sku',
  partitions: 2,
  events: {
    Put: z.object({ sku: z.string(), n: z.int(), quantity: z.int32() }),
    Taken: z.object({ sku: z.string(), n: z.int(), quantity: z.int32() }),
  },
})

export const prices = table('prices', { key: 'sku', row: z.object({ sku: z.string(), n: z.int(), price: sql.decimal(18, 2) }) })

/** One event with both legs, which sum to 0. */
export const transfers = stream('transfers', {
  key: 'id',
  event: z.object({ id: z.string(), n: z.int(), legs: z.array(z.object({ account: z.string(), amount: z.int() })) }),
})

export const alerts = stream('alerts', { key: 'sku', event: z.object({ sku: z.string(), n: z.int(), nth: z.int() }) })

/** Tells of each large removal, and which of its article's it is. */
export const watch = processor('watch', {
  from: moves,
  to: alerts,
  emits: ['alerts'],
  state: z.object({ told: z.int() }),
  initial: { told: 0 },
  handle: {
    Taken: ({ sku, n, quantity }, { told }) => (quantity >= 80 ? { type: 'alerts', data: { sku, n, nth: told + 1 } } : undefined),
  },
  evolve: { alerts: ({ told }) => ({ told: told + 1 }) },
})

/** A number that depends on every event of the key and on their order; 13 is refused. */
export const chain = view('chain', {
  from: moves,
  state: z.object({ events: z.int(), link: z.int() }),
  initial: { events: 0, link: 7 },
  on: {
    Put: ({ events, link }, { n }) => ({ events: events + 1, link: (link * 31 + n) % 1_000_003 }),
    Taken: ({ events, link }, { n, quantity }) => {
      if (quantity === 13) throw new Error('unlucky')
      return { events: events + 1, link: (link * 37 + n) % 1_000_003 }
    },
  },
})
