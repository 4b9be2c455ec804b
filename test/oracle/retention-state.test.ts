import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { stream } from '../../engine/model/declare/stream.ts'
import { sql } from '../../engine/model/schema/sql.ts'
import type { StreamModel } from '../../engine/model/types.ts'
import { createAppender } from '../../engine/run/append.ts'
import { Subject } from './support/subject.ts'

const batches = 100
const size = 1_000
const kept = 20

const bids = stream('bids', {
  event: z.object({ auction: z.int(), price: z.int(), ts: sql.timestamp() }),
  history: true,
  retention: { by: 'ts', period: `${kept * size} seconds` },
})
const views = {
  latest: 'SELECT auction, price FROM bids',
  auctions: 'SELECT auction, count(*) AS n, max(price) AS top FROM bids GROUP BY auction',
}

/** What DuckDB's tables hold, dead rows among them, and the file's bytes. */
async function held(subject: Subject): Promise<{ rows: number; bytes: number }> {
  await subject.store.checkpoint()
  const tables = await subject.store.transaction((tx) =>
    tx.all("SELECT max(estimated_size) AS n FROM duckdb_tables() WHERE schema_name = '_state'"),
  )
  return { rows: Number(tables[0]?.n), bytes: statSync(join(subject.dir, 'views.duckdb')).size }
}

test(`what expires is freed: after ${batches} batches the state is no larger than after ${2 * kept}`, { timeout: 300_000 }, async () => {
  const subject = await Subject.open({ streams: [bids as unknown as StreamModel], views }, { events: size })
  try {
    const appender = createAppender(subject.log, [bids])
    const seen: { rows: number; bytes: number }[] = []
    for (let n = 0; n < batches; n++) {
      const events = Array.from({ length: size }, (_, i) => n * size + i).map((at) => ({
        data: { auction: at % 5_000, price: at % 977, ts: new Date(Date.UTC(2024, 0, 1) + at * 1_000).toISOString().slice(0, -1) },
      }))
      await appender.append(bids, events)
      await subject.drain()
      if (n % kept === kept - 1) seen.push(await held(subject))
    }
    const live = kept * size + 1
    expect((await subject.rows('latest')).rows).toHaveLength(live)
    expect(Math.max(...seen.map(({ rows }) => rows))).toBeLessThan(1.5 * live)
    expect(seen.at(-1)?.bytes).toBeLessThan(1.5 * (seen[1]?.bytes ?? 0))
  } finally {
    await subject.close()
  }
})
