import { expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import type { StreamModel, TableModel } from '../../engine/model/types.ts'
import { parseLine } from './parse-line.ts'

const shop = stream('shop', {
  key: 'sku',
  events: {
    StockReceived: z.object({ sku: z.string(), quantity: z.int() }),
    Paid: z.object({ sku: z.string(), total: sql.decimal(18, 2) }),
  },
})
const flights = stream('flights', { event: z.object({ number: sql.bigint(), origin: z.string() }) })
const wrapped = stream('wrapped', { event: z.object({ type: z.string(), data: z.string() }) })
const products = table('products', { key: 'sku', row: z.object({ sku: z.string(), price: sql.decimal(18, 2) }) })

function parse(line: string | Uint8Array, target: StreamModel | TableModel, type?: string): unknown {
  return parseLine(Buffer.from(line), target, type)
}

test('takes envelopes', () => {
  expect(parse('{"type":"StockReceived","data":{"sku":"a","quantity":3}}', shop)).toEqual({
    type: 'StockReceived',
    data: { sku: 'a', quantity: 3 },
  })
  expect(parse('{"data":{"number":1,"origin":"SFO"},"type":"flights"}', flights)).toMatchObject({
    type: 'flights',
    data: { origin: 'SFO' },
  })
})

test('takes bare payloads where the type is known', () => {
  expect(parse('{"sku":"a","quantity":3}', shop, 'StockReceived')).toEqual({ type: 'StockReceived', data: { sku: 'a', quantity: 3 } })
  expect(parse('{"number":1,"origin":"SFO"}', flights)).toMatchObject({ data: { origin: 'SFO' } })
})

test('a payload that looks like an envelope is one by its fields', () => {
  expect(parse('{"type":"x","data":"y"}', wrapped)).toEqual({ type: 'wrapped', data: { type: 'x', data: 'y' } })
})

test('takes rows of a table, deletions among them', () => {
  expect(parse('{"key":"a","data":{"sku":"a","price":"1.50"}}', products)).toMatchObject({ key: 'a', data: { sku: 'a', price: '1.50' } })
  expect(parse('{"sku":"a","price":"1.50"}', products)).toMatchObject({ data: { sku: 'a', price: '1.50' } })
  expect(parse('{"key":"a","data":null}', products)).toEqual({ data: null, key: 'a' })
  expect(parse('{"key":12345678901234567890,"data":null}', products)).toEqual({ data: null, key: '12345678901234567890' })
})

test('loses nothing that JavaScript’s numbers would', () => {
  expect(parse('{"type":"Paid","data":{"sku":"a","total":1234567890123456.78}}', shop)).toMatchObject({
    data: { total: '1234567890123456.78' },
  })
  expect(parse('{"number":9007199254740993,"origin":"SFO"}', flights)).toMatchObject({ data: { number: 9007199254740993n } })
})

test.each([
  ['not json', 'is not JSON'],
  ['{"type":"StockReceived","data":{"sku":"a","quantity":3}} {}', 'is not JSON'],
  ['[1]', 'is not a JSON object'],
  ['{"sku":"a","quantity":3}', '--type'],
  ['{"type":"StockReceived"}', 'has no member "data"'],
  ['{"type":"StockReceived","data":{},"data":{}}', 'twice'],
  ['{"type":"Nope","data":{}}', 'wanted one of StockReceived, Paid'],
  ['{"data":{}}', 'names no type'],
  ['{"type":7,"data":{}}', 'as its type'],
  ['{"type":"StockReceived","data":{"sku":"a","quantity":1.7}}', 'quantity'],
  ['{"type":"StockReceived","data":{"sku":"a"}}', 'quantity'],
  ['{"type":"StockReceived","data":null}', 'does not fit StockReceived'],
  [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'is not UTF-8'],
])('refuses %s', (line, hint) => {
  expect(() => parse(line, shop)).toThrow(expect.objectContaining({ code: 'event-invalid', message: expect.stringContaining(hint) }))
})
