import { sql, stream } from 'evert'
import { z } from 'zod'

/**
 * Double entry: one posting is one event with all of its legs, which sum to 0. A batch holds whole events, so the balances
 * of all accounts sum to 0 at every read.
 */
export const ledger = stream('ledger', {
  key: 'posting_id',
  event: z.object({
    posting_id: z.string(),
    booked_on: sql.date(),
    text: z.string(),
    legs: z.array(z.object({ account: z.string(), amount: sql.decimal(18, 2) })),
  }),
})
