import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { sql } from '../schema/sql.ts'
import { processor } from './processor.ts'
import { type EventsOf, type InputsOf, stream } from './stream.ts'
import { type RowInputOf, table } from './table.ts'
import { view } from './view.ts'

const shop = stream('shop', {
  key: 'sku',
  events: {
    StockReceived: z.object({ sku: z.string(), quantity: z.int() }),
    OrderRequested: z.object({
      sku: z.string(),
      orderId: z.string(),
      quantity: z.int(),
      total: sql.decimal(18, 2),
      note: z.string().optional(),
    }),
    OrderValidated: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int() }),
  },
})
const audit = stream('audit', { event: z.object({ text: z.string(), at: z.date() }) })

describe('types', () => {
  it('infers the payloads of a stream', () => {
    expectTypeOf<EventsOf<typeof shop>['OrderRequested']>().toEqualTypeOf<{
      sku: string
      orderId: string
      quantity: number
      total: string
      note?: string | undefined
    }>()
    expectTypeOf<InputsOf<typeof shop>['OrderRequested']['total']>().toEqualTypeOf<string | number | bigint>()
    expectTypeOf<EventsOf<typeof audit>>().toEqualTypeOf<{ audit: { text: string; at: Date } }>()
  })

  it('infers the row of a table', () => {
    const airports = table('airports', { key: 'iata', row: z.object({ iata: z.string(), lat: z.number() }) })
    expectTypeOf<RowInputOf<typeof airports>>().toEqualTypeOf<{ iata: string; lat: number }>()
    // @ts-expect-error no field of the row
    const wrong = () => table('airports', { key: 'code', row: z.object({ iata: z.string() }) })
    expectTypeOf(wrong).toBeFunction()
  })

  it('takes only a field of all event types as key', () => {
    // @ts-expect-error orderId is in some types only
    const wrong = () => stream('s', { key: 'orderId', events: { A: z.object({ orderId: z.string() }), B: z.object({ sku: z.string() }) } })
    expectTypeOf(wrong).toBeFunction()
  })

  it('infers a fold handler per event type', () => {
    view('order_view', {
      from: shop,
      key: 'orderId',
      state: z.object({ status: z.string(), total: sql.decimal(18, 2) }),
      initial: { status: 'requested', total: '0.00' },
      on: {
        OrderRequested: (state, event, meta) => {
          expectTypeOf(state).toEqualTypeOf<{ status: string; total: string }>()
          expectTypeOf(event.total).toEqualTypeOf<string>()
          expectTypeOf(meta.offset).toEqualTypeOf<bigint>()
          return { ...state, total: event.total }
        },
        OrderValidated: (state) => ({ ...state, status: 'validated' }),
      },
    })
    const wrong = () => [
      // @ts-expect-error no such event type
      view('v', { from: shop, state: z.object({ n: z.int() }), initial: { n: 0 }, on: { OrderShipped: () => null } }),
      // @ts-expect-error the state has no such field
      view('v', { from: shop, state: z.object({ n: z.int() }), initial: { n: 0 }, on: { StockReceived: () => ({ m: 1 }) } }),
      // @ts-expect-error initial lacks a field
      view('v', { from: shop, state: z.object({ n: z.int() }), initial: {}, on: { StockReceived: () => null } }),
    ]
    expectTypeOf(wrong).toBeFunction()
  })

  it("checks a processor's outputs", () => {
    processor('validate_orders', {
      from: shop,
      to: [shop, audit],
      emits: ['OrderValidated', 'audit'],
      state: z.object({ available: z.int() }),
      initial: { available: 0 },
      handle: {
        OrderRequested: (event, state, meta) => {
          expectTypeOf(state).toEqualTypeOf<{ available: number }>()
          return [
            { type: 'OrderValidated', data: { sku: event.sku, orderId: event.orderId, quantity: event.quantity } },
            { type: 'audit', data: { text: event.orderId, at: meta.time } },
          ]
        },
      },
      evolve: {
        StockReceived: (state, event) => ({ available: state.available + event.quantity }),
        OrderValidated: (state, event) => ({ available: state.available - event.quantity }),
      },
    })
    processor('stateless', {
      from: shop,
      to: audit,
      emits: ['audit'],
      handle: { StockReceived: (event, _state, meta) => ({ type: 'audit', data: { text: event.sku, at: meta.time } }) },
    })
    processor('named', {
      from: shop,
      to: [audit, shop],
      emits: ['audit.audit', 'shop.OrderValidated'],
      handle: { StockReceived: (event, _state, meta) => [{ stream: 'audit', type: 'audit', data: { text: event.sku, at: meta.time } }] },
    })
    const wrong = () => [
      processor('p', {
        from: shop,
        to: [shop, audit],
        emits: ['audit'],
        handle: {
          // @ts-expect-error not in emits
          StockReceived: (event) => ({ type: 'OrderValidated', data: { ...event, orderId: '' } }),
        },
      }),
      // @ts-expect-error data of another type
      processor('p', { from: shop, to: audit, emits: ['audit'], handle: { StockReceived: () => ({ type: 'audit', data: { text: 1 } }) } }),
      // @ts-expect-error no such event type in to
      processor('p', { from: shop, to: audit, emits: ['Audited'], handle: { StockReceived: () => null } }),
    ]
    expectTypeOf(wrong).toBeFunction()
  })
})
