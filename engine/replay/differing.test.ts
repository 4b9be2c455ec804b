import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { differing } from './differing.ts'

let store: Store
beforeEach(async () => {
  store = await openDuckdb(':memory:', { threads: 1 })
})
afterEach(() => store.close())

/** Have the rows of a relation become others, from the one SELECT's to the other's? */
async function differ(before: string, after: string): Promise<boolean> {
  await store.script(['CREATE SCHEMA IF NOT EXISTS _rel', `CREATE OR REPLACE VIEW _rel.v AS ${before}`])
  return store.transaction(async (tx) => {
    const answer = await differing(tx, 'v')
    await tx.run(`CREATE OR REPLACE VIEW _rel.v AS ${after}`)
    return answer()
  })
}

const of = (...values: string[]) => `SELECT x, 1 AS n FROM (VALUES ${values.map((value) => `(${value})`).join(', ')}) AS t(x)`

test('the same rows in another order are the same', async () => {
  expect(await differ(of('1', '2', '2', 'NULL'), of('2', 'NULL', '1', '2'))).toBe(false)
  expect(await differ(of(`['a', 'b, c']`, `['a, b', 'c']`), of(`['a, b', 'c']`, `['a', 'b, c']`))).toBe(false)
  expect(await differ(of(`'nan'::DOUBLE`), of(`'nan'::DOUBLE`))).toBe(false)
})

test.each([
  ['a row more', of('1'), of('1', '1')],
  ['a row less', of('1', '1'), of('1')],
  ['another row', of('1', '2'), of('1', '3')],
  ['the last bit of a float', of('0.3::DOUBLE'), of('0.1::DOUBLE + 0.2::DOUBLE')],
  ['the sign of zero', of('0.0::DOUBLE'), of('-0.0::DOUBLE')],
  ['a month and 30 days', of('INTERVAL 1 MONTH'), of('INTERVAL 30 DAY')],
  ['other lists of the same text', of(`['a', 'b, c']`), of(`['a, b', 'c']`)],
])('%s', async (_, before, after) => {
  expect(await differ(before, after)).toBe(true)
})
