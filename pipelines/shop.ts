import { processor, sql, stream, view } from 'evert'
import { z } from 'zod'

/** Orders against a stock. An order is requested; what becomes of it is another event, the request is never changed. */
export const shop = stream('shop', {
  key: 'sku',
  events: {
    StockReceived: z.object({ sku: z.string(), quantity: z.int32() }),
    OrderRequested: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int32(), total: sql.decimal(18, 2) }),
    OrderValidated: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int32() }),
    OrderRejected: z.object({ sku: z.string(), orderId: z.string(), reason: z.string() }),
  },
})

/** Decides each request against the stock that is left. */
export const validateOrders = processor('validate_orders', {
  from: shop,
  to: shop,
  emits: ['OrderValidated', 'OrderRejected'],
  state: z.object({ available: z.int32() }),
  initial: { available: 0 },
  handle: {
    OrderRequested: ({ sku, orderId, quantity }, { available }) =>
      quantity <= available
        ? { type: 'OrderValidated', data: { sku, orderId, quantity } }
        : { type: 'OrderRejected', data: { sku, orderId, reason: `${quantity} wanted, ${available} in stock` } },
  },
  evolve: {
    StockReceived: (state, event) => ({ available: state.available + event.quantity }),
    OrderValidated: (state, event) => ({ available: state.available - event.quantity }),
  },
})

/** Each order as it stands. */
export const orderView = view('order_view', {
  from: shop,
  key: 'orderId',
  state: z.object({ sku: z.string(), quantity: z.int32(), total: sql.decimal(18, 2), status: z.string(), reason: z.string().optional() }),
  initial: { sku: '', quantity: 0, total: '0.00', status: 'unknown' },
  on: {
    OrderRequested: (_state, order) => ({ sku: order.sku, quantity: order.quantity, total: order.total, status: 'requested' }),
    OrderValidated: (state) => ({ ...state, status: 'validated' }),
    OrderRejected: (state, { reason }) => ({ ...state, status: 'rejected', reason }),
  },
})
