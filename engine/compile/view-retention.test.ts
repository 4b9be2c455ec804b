import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openCompiler } from '../../test/support/compiler.ts'
import { stream } from '../model/declare/stream.ts'
import { sql } from '../model/schema/sql.ts'
import type { Analyzer } from './analyzer.ts'
import { compileView, parseView } from './compile.ts'
import type { ViewPlan } from './plan.ts'
import { type Relation, relationsOfStream } from './relations.ts'

const bid = z.object({ price: z.int(), dateTime: sql.timestamp(), day: sql.date().optional(), channel: z.string() })
const free = stream('bids', { event: bid })
const within = (period: string) => stream('bids', { event: bid, retention: { by: 'dateTime', period } })
const other = stream('other', { event: z.object({ price: z.int() }) })
const daily: Relation = { name: 'daily', kind: 'view', source: 'daily', columns: [{ name: 'n', type: 'BIGINT' }], appendOnly: false }

let analyzer: Analyzer
let close: () => Promise<void>
beforeAll(async () => {
  const compiler = await openCompiler()
  analyzer = compiler.analyzer
  close = compiler.close
  for (const relation of [...relationsOfStream(free), ...relationsOfStream(other), daily]) await analyzer.declare(relation)
})
afterAll(() => close())

async function plan(select: string, options = '', bids: typeof free = free): Promise<ViewPlan> {
  const relations = [...relationsOfStream(bids), ...relationsOfStream(other), daily]
  const view = await parseView(analyzer, 'sql/views/v.sql', `CREATE MATERIALIZED VIEW v ${options} AS ${select}`)
  return compileView(analyzer, view, new Map(relations.map((relation) => [relation.name.toLowerCase(), relation])))
}

const days = "WITH (retention = '90 days', event_time = 'datetime')"

test.each([
  ["WITH (retention = '90 days')", 'SELECT price FROM bids', 'retention stands without event_time'],
  ["WITH (event_time = 'dateTime')", 'SELECT price FROM bids', 'event_time stands without retention'],
  ["WITH (retention = '3 months', event_time = 'dateTime')", 'SELECT price FROM bids', 'its period is "3 months", wanted a whole number'],
  [days, 'SELECT n FROM daily', 'the view reads no stream itself'],
  [days, 'SELECT bids.price FROM bids, other', "the event_time 'datetime' is missing in the stream other. Name a required field"],
  ["WITH (retention = '1 day', event_time = 'day')", 'SELECT price FROM bids', "the event_time 'day' is not required in the stream bids"],
  ["WITH (retention = '1 day', event_time = 'channel')", 'SELECT price FROM bids', 'is VARCHAR, wanted DATE, TIMESTAMP or TIMESTAMPTZ'],
])('%s AS %s is refused', async (options, select, message) => {
  await expect(plan(select, options)).rejects.toMatchObject({ code: 'sql-invalid', message: expect.stringContaining(message) })
  await expect(plan(select, options)).rejects.toThrow(/^sql\/views\/v\.sql: WITH \(retention …\): /)
})

test('what is kept is what the SELECT shows, and the event time', async () => {
  const { root, parts, needs, select } = await plan('SELECT price FROM bids WHERE price > 3', days)
  expect(parts).toEqual([])
  expect(root.rule).toMatchObject({
    strategy: 'linear',
    insertOnly: false,
    state: 'the rows within the period, and the greatest event time',
  })
  expect(root.rule.reason).toContain('an event is seen until its dateTime is 90 days before the greatest')
  expect(root.byEvents).toBe(true)
  expect(root.streams.map((scan) => scan.names)).toEqual([['price', 'dateTime'], ['dateTime']])
  expect([...(needs.get('bids') ?? [])].sort()).toEqual(['datetime', 'price'])
  expect(select).toContain('90 days')
})

test('views over one retention share what is kept', async () => {
  const one = await plan('SELECT max(price) AS p FROM bids', '', within('1 day'))
  const two = await plan('SELECT min(price) AS p FROM bids', days, within('1 day'))
  expect(one.root.reads).toHaveLength(1)
  expect(one.root.reads).toEqual(two.root.reads)
})

const recursive = 'WITH RECURSIVE r AS (SELECT min(price) AS p FROM bids UNION ALL SELECT p + 1 FROM r WHERE p < 3) SELECT p FROM r'

test('a version changes with the retention, however the view is kept, and not with the spelling of it', async () => {
  for (const select of ['SELECT price FROM bids', 'SELECT price FROM bids GROUP BY price', recursive]) {
    const texts = [
      ['', free],
      [days, free],
      ['', within('90 days')],
      ['', within('91 days')],
      [days, within('91 days')],
      ["WITH (event_time = 'dateTime', retention = '90 DAY')", free],
    ] as const
    const versions: string[] = []
    for (const [options, bids] of texts) versions.push((await plan(select, options, bids)).fingerprint)
    const [none, own, declared, longer, both, spelt] = versions
    expect(new Set([none, own, longer]).size).toBe(3)
    expect([declared, both, spelt]).toEqual([own, own, own])
  }
})
