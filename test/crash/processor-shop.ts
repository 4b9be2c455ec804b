import { z } from 'zod'
import { processor } from '../../engine/model/declare/processor.ts'
import { stream } from '../../engine/model/declare/stream.ts'

/** The shop of the crash test: requests become validated or rejected, and one of 13 is never taken. */
export const shop = stream('shop', {
  key: 'sku',
  partitions: 2,
  events: {
    StockReceived: z.object({ sku: z.string(), quantity: z.int() }),
    OrderRequested: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int() }),
    OrderValidated: z.object({ sku: z.string(), orderId: z.string(), left: z.int().min(0), quantity: z.int() }),
    OrderRejected: z.object({ sku: z.string(), orderId: z.string(), left: z.int().min(0) }),
  },
})

export const validate = processor('validate', {
  from: shop,
  to: shop,
  emits: ['OrderValidated', 'OrderRejected'],
  state: z.object({ available: z.int() }),
  initial: { available: 0 },
  handle: {
    OrderRequested: ({ sku, orderId, quantity }, { available }) => {
      if (quantity === 13) throw new Error('unlucky')
      if (quantity > available) return { type: 'OrderRejected', data: { sku, orderId, left: available } }
      return { type: 'OrderValidated', data: { sku, orderId, left: available - quantity, quantity } }
    },
  },
  evolve: {
    StockReceived: (state, event) => ({ available: state.available + event.quantity }),
    OrderValidated: (state, event) => ({ available: state.available - event.quantity }),
  },
})
