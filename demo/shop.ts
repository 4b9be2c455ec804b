import type { Appender } from '../engine/run/append.ts'
import { shop } from '../pipelines/shop.ts'
import type { EngineProcess } from './engine-process.ts'
import { check, say } from './print.ts'

/** Stock for some orders, not for all: each request gets exactly one outcome. */
export async function runShop(appender: Appender, engine: EngineProcess): Promise<void> {
  await appender.append(shop, [
    { type: 'StockReceived', data: { sku: 'cup', quantity: 5 } },
    { type: 'OrderRequested', data: { sku: 'cup', orderId: 'order-1', quantity: 2, total: '19.80' } },
    { type: 'OrderRequested', data: { sku: 'cup', orderId: 'order-2', quantity: 4, total: '39.60' } },
    { type: 'StockReceived', data: { sku: 'cup', quantity: 3 } },
    { type: 'OrderRequested', data: { sku: 'cup', orderId: 'order-3', quantity: 6, total: '59.40' } },
    { type: 'OrderRequested', data: { sku: 'pot', orderId: 'order-4', quantity: 1, total: '25.00' } },
  ])
  await engine.caughtUp()
  const orders = await engine.rows('SELECT "orderId", sku, quantity, total, status, reason FROM order_view ORDER BY 1')
  for (const row of orders.rows) say(`   ${row.map((cell) => String(cell ?? '').padEnd(10)).join(' ')}`)
  const statuses = orders.rows.map((row) => row[4])
  check(
    JSON.stringify(statuses) === '["validated","rejected","validated","rejected"]',
    `each request has one outcome, at shop ${JSON.stringify(orders.position.shop)}`,
  )
  const requests = await engine.rows('SELECT count(*) FROM shop.OrderRequested')
  check(Number(requests.rows[0]?.[0]) === 4, 'the four requests are still there, unchanged: an outcome is another event')
}
