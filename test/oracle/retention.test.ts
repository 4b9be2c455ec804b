import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Analyzer } from '../../engine/compile/analyzer.ts'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import type { StreamModel } from '../../engine/model/types.ts'
import { Chooser } from './support/chooser.ts'
import { Feed } from './support/feed.ts'
import { Plain } from './support/plain.ts'
import { type Declared, openAnalyzer, Subject } from './support/subject.ts'

const bids = (period: string) =>
  stream('bids', {
    event: z.object({ auction: z.int(), price: z.int(), ts: sql.timestamp(), day: sql.date() }),
    partitions: 2,
    retention: { by: 'ts', period },
  })
const shop = stream('shop', {
  events: {
    Asked: z.object({ sku: z.string(), n: z.int(), ts: sql.timestamptz() }),
    Sold: z.object({ sku: z.string(), user: z.string().optional(), ts: sql.timestamptz() }),
  },
  retention: { by: 'ts', period: '90 minutes' },
})
const names = table('names', { key: 'k', row: z.object({ k: z.int(), name: z.string() }) })

/** By name: the SELECT, which the recomputation runs over retained relations. */
const selects: Readonly<Record<string, string>> = {
  cheap: 'SELECT auction, price + 1 AS p FROM bids WHERE price < 5',
  raising: 'SELECT price FROM bids WHERE CAST(CAST(auction AS VARCHAR) AS INTEGER) > 2',
  total: 'SELECT count(*) AS n, sum(price) AS s, max(ts) AS last FROM bids',
  groups: 'SELECT auction, count(*) AS n, min(price) AS lo, max(price) AS hi FROM bids GROUP BY auction',
  over: 'SELECT count(*) AS auctions, sum(n) AS n FROM groups',
  distinct_days: 'SELECT DISTINCT day FROM bids',
  joined:
    'SELECT a.price, b.price AS other, name FROM bids AS a JOIN bids AS b ON a.auction = b.auction AND a.price < b.price LEFT JOIN names ON k = a.auction',
  ranked:
    'SELECT auction, price, _offset AS o FROM bids QUALIFY row_number() OVER (PARTITION BY auction ORDER BY price, _partition, _offset) <= 2',
  top: 'SELECT auction, price FROM bids ORDER BY price DESC, auction LIMIT 3',
  sold: 'SELECT sku, count(*) AS n FROM shop.Sold GROUP BY sku',
  events: 'SELECT _type AS type, sku, ts FROM shop WHERE n > 1 OR n IS NULL',
  unsold: 'SELECT sku, n FROM shop.Asked AS a WHERE NOT EXISTS (SELECT 1 FROM shop.Sold WHERE Sold.sku = a.sku AND Sold.ts >= a.ts)',
  of_both: 'SELECT CAST(auction AS VARCHAR) AS x FROM bids UNION ALL SELECT sku FROM shop',
  as_of: 'SELECT b.price, a.sku FROM bids AS b ASOF JOIN shop.Asked AS a ON b.auction = a.n AND b.ts >= a.ts::TIMESTAMP',
  scalar: 'SELECT sku, (SELECT max(price) FROM bids WHERE bids.auction = a.n) AS p FROM shop.Asked AS a',
  unpivoted: 'SELECT v, count(*) AS n FROM bids UNPIVOT (v FOR k IN (auction, price)) GROUP BY v',
  recursive:
    'WITH RECURSIVE r AS (SELECT min(price) AS p FROM bids UNION ALL SELECT p + 1 FROM r WHERE p < (SELECT max(price) FROM bids)) SELECT p FROM r',
}

/** Views with a period of their own, beside the streams': the text, and what the recomputation runs. */
const own: Readonly<Record<string, readonly [view: string, plain: string]>> = {
  all_rows: ['AS SELECT * FROM bids', 'SELECT auction, price, ts, day FROM bids'],
  shorter: [
    "WITH (retention = '1 hour', event_time = 'TS') AS SELECT auction, count(*) AS n FROM bids GROUP BY auction",
    'SELECT auction, count(*) AS n FROM "bids (all)" WHERE ts >= (SELECT max(ts) FROM "bids (all)") - INTERVAL 1 HOUR GROUP BY auction',
  ],
  longer: ["WITH (retention = '9 days', event_time = 'ts') AS SELECT price FROM bids", 'SELECT price FROM bids'],
  other_field: [
    "WITH (retention = '1 day', event_time = 'day') AS SELECT ts FROM bids",
    'SELECT ts FROM bids WHERE day >= (SELECT max(day) FROM "bids (all)") - INTERVAL 1 DAY',
  ],
  one_type: [
    "WITH (retention = '10 minutes', event_time = 'ts') AS SELECT sku, name FROM shop.Sold, names WHERE k < 2",
    'SELECT sku, name FROM shop.Sold, names WHERE k < 2 AND ts >= (SELECT max(ts) FROM "shop (all)") - INTERVAL 10 MINUTE',
  ],
}

let analyzer: Analyzer
let plain: Plain
beforeAll(async () => {
  plain = await Plain.open([])
  analyzer = await openAnalyzer()
})
afterAll(async () => {
  plain.close()
  await analyzer.close()
})

/** Times go on, with some that are late or far too late. */
function eventsOf(source: StreamModel, chooser: Chooser, clock: { minutes: number }) {
  return Array.from({ length: 1 + chooser.below(12) }, () => {
    clock.minutes += chooser.pick([0, 1, 5, 20, 45])
    const ts = new Date(Date.UTC(2024, 0, 1) + 60_000 * (clock.minutes - chooser.pick([0, 0, 0, 30, 100, 3_000]))).toISOString()
    const sku = chooser.pick(['a', 'b', 'c'])
    if (source.name === 'bids')
      return { type: 'bids', data: { auction: chooser.below(4), price: chooser.below(9), ts: ts.slice(0, -1), day: ts.slice(0, 10) } }
    return chooser.chance(2) ? { type: 'Asked', data: { sku, n: chooser.below(4), ts } } : { type: 'Sold', data: { sku, ts } }
  })
}

function tapeOf(seed: number): Chooser {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 9
  }
  return new Chooser(Array.from({ length: 2_000 }, next))
}

describe.each([
  ['6 hours', 1],
  ['1 days', 2],
] as const)('bids within %s', (period, seed) => {
  test('after every batch each view is its SELECT over the events within the period, also when it was built later', async () => {
    const world = { streams: [bids(period), shop] as unknown as StreamModel[], tables: [names] }
    await plain.renew([...world.streams, ...world.tables])
    const views = new Map<string, string>(Object.entries(selects))
    for (const [name, select] of views) await plain.run(`CREATE VIEW ${name} AS ${select}`)
    for (const [name, [text, select]] of Object.entries(own)) {
      views.set(name, `CREATE MATERIALIZED VIEW ${name} ${text}`)
      await plain.run(`CREATE VIEW ${name} AS ${select}`)
    }
    const declared: Declared = { ...world, views: Object.fromEntries(views) }
    const some: Declared = { ...world, views: Object.fromEntries([...views].slice(0, 4)) }
    const subject = await Subject.open(some, { events: 5 }, { analyzer, inMemory: true })
    const chooser = tapeOf(seed)
    const feed = new Feed(world, plain)
    const clock = { minutes: 0 }
    try {
      await feed.append(
        subject.log,
        'names',
        [0, 1].map((k) => ({ data: { k, name: `name ${k}` } })),
      )
      for (let round = 0; round < 10; round++) {
        if (round === 4) await subject.restart(declared)
        subject.pace({ events: chooser.pick([1, 3, 8, 1_000]), literalEventsMax: chooser.pick([undefined, 0]) })
        const source = chooser.pick(world.streams)
        await feed.append(subject.log, source.name, eventsOf(source, chooser, clock))
        while ((await subject.step()) > 0) {
          await feed.follow(subject)
          await compare(subject, [...views.keys()], `in round ${round}`)
        }
      }
      for (const view of views.keys()) expect(await subject.verify(view), view).toMatchObject({ differing: 0 })
    } finally {
      await subject.close()
    }
  })
})

async function compare(subject: Subject, views: readonly string[], when: string): Promise<void> {
  expect(Object.fromEntries(subject.failed)).toEqual({})
  for (const view of views.filter((name) => subject.live.includes(name)))
    expect((await subject.rows(view)).rows, `${view} ${when}`).toEqual((await plain.answer(`SELECT * FROM ${view}`)).rows)
}
