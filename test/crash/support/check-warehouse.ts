/** Everything that must be true of the warehouse when it has caught up. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'vitest'
import { openEmbeddedLog } from '../../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../../connectors/log/log.ts'
import type { Service, StatusInfo } from '../../../engine/serve/service.ts'
import { caughtUp, rowsOf } from './engine-child.ts'
import { recomputed, sorted } from './recompute.ts'
import { type Acknowledged, type Move, partitionOfSku } from './traffic.ts'

/** Log, views, positions, counts and dead letters against the record. */
export async function checkWarehouse(service: Service, acknowledged: Acknowledged): Promise<void> {
  const status = await caughtUp(service)
  await checkViews(service, acknowledged)
  await checkCounts(service, status, acknowledged)
}

/** Each view equals its recomputation. */
export async function checkViews(service: Service, acknowledged: Acknowledged): Promise<void> {
  for (const [view, wanted] of await recomputed(acknowledged)) {
    expect(sorted(await rowsOf(service, `SELECT * FROM ${view}`)), view).toEqual(wanted)
  }
}

async function checkCounts(service: Service, status: StatusInfo, { moves, prices, transfers, garbage }: Acknowledged): Promise<void> {
  expect(status.position).toEqual(status.ends)
  for (const one of status.consumers)
    expect(BigInt(one.read), JSON.stringify(one)).toBe(BigInt(one.applied) + BigInt(one.dead) + BigInt(one.skipped))
  const counts = (consumer: string, stream: string) => {
    const found = status.consumers.find((one) => one.consumer === consumer && one.stream === stream)
    return [Number(found?.read), Number(found?.dead)]
  }
  const bad = garbage[0].length + garbage[1].length
  const unlucky = moves.filter(({ type, quantity }) => type === 'Taken' && quantity === 13).length
  expect(counts('views', 'moves')).toEqual([moves.length + bad, bad])
  expect(counts('views', 'prices')).toEqual([prices.length, 0])
  expect(counts('views', 'transfers')).toEqual([transfers.length, 0])
  expect(counts('chain', 'moves')).toEqual([moves.length, unlucky])
  expect(counts('watch', 'moves'), 'garbage is of a type that watch does not handle').toEqual([moves.length + bad, 0])
  const letters = await service.deadLetters({ limit: 1_000_000 })
  const places = letters.map(({ consumer, partition, offset }) => `${consumer} ${partition}@${offset}`)
  expect(new Set(places).size, 'no dead letter is there twice').toBe(places.length)
  expect(letters.filter(({ consumer }) => consumer === 'chain')).toHaveLength(unlucky)
  expect(
    letters
      .filter(({ consumer }) => consumer === 'views')
      .map(({ value }) => value)
      .sort(),
  ).toEqual([...garbage[0], ...garbage[1]].sort())
}

/** Every acknowledged event is in the log once, in its key's order, and nothing else is. */
export async function checkLog(dataDir: string, { moves, prices, transfers, garbage }: Acknowledged): Promise<void> {
  const log = await openEmbeddedLog(join(dataDir, 'log'))
  try {
    for (const partition of [0, 1] as const) {
      const found = await eventsOf(log, 'moves', partition)
      const bad = new Set(garbage[partition])
      const good = found.filter(({ text }) => !bad.has(text)).map(({ type, text }) => ({ type, ...(JSON.parse(text) as object) }))
      const wanted = moves.filter(({ sku }: Move) => partitionOfSku(sku) === partition)
      expect(good.map(canonical), `moves/${partition}`).toEqual(wanted.map(canonical))
      expect(found).toHaveLength(wanted.length + garbage[partition].length)
    }
    expect((await eventsOf(log, 'transfers', 0)).map(({ text }) => JSON.parse(text))).toEqual(transfers)
    expect(await eventsOf(log, 'prices', 0)).toHaveLength(prices.length)
    const alerts = (await Promise.all([0].map((partition) => eventsOf(log, 'alerts', partition))))
      .flat()
      .map(({ text }) => JSON.parse(text) as { sku: string; n: number; nth: number })
    for (const sku of new Set(moves.map((move) => move.sku))) {
      const wanted = moves
        .filter((move) => move.sku === sku && move.type === 'Taken' && move.quantity >= 80)
        .map(({ n }, i) => ({ sku, n, nth: i + 1 }))
      expect(
        alerts.filter((alert) => alert.sku === sku),
        `alerts of ${sku}`,
      ).toEqual(wanted)
    }
  } finally {
    await log.close()
  }
}

/** Of a file that nobody holds: one public version a view, and live, no trace of what was half-built. */
export async function checkFile(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  try {
    const column = async (sql: string) => (await connection.runAndReadAll(sql)).getRows().map(([cell]) => String(cell))
    expect(await column(`SELECT name || ' is ' || state FROM _evert.versions WHERE state <> 'live'`)).toEqual([])
    expect(await column("SELECT name FROM _evert.versions WHERE role = 'public' GROUP BY name HAVING count(*) > 1")).toEqual([])
    const owned = await column('SELECT "table" FROM _evert.versions')
    expect(
      (
        await column(`SELECT table_name FROM duckdb_tables() WHERE schema_name = '_state' AND NOT starts_with(table_name, 'processor:')`)
      ).sort(),
    ).toEqual(owned.sort())
    // Every name that can be read stands on a table that is there.
    for (const view of await column(`SELECT schema_name || '."' || view_name || '"' FROM duckdb_views() WHERE NOT internal`))
      await connection.run(`SELECT * FROM ${view} LIMIT 0`)
    expect(
      await column(
        `SELECT consumer FROM _evert.dead_letters WHERE consumer LIKE '%(building)' UNION ALL SELECT consumer FROM _evert.counts WHERE consumer LIKE '%(building)'`,
      ),
    ).toEqual([])
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function canonical(event: object): string {
  return JSON.stringify(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function eventsOf(log: Log, topic: string, partition: number): Promise<{ type: string; text: string }[]> {
  const events: { type: string; text: string }[] = []
  for (let at = 0n; ; ) {
    const chunk = await log.read(topic, partition, at, { want: { types: true } })
    if (!chunk) return events
    const texts = Buffer.from(chunk.values).toString('utf8').split('\x1e')
    for (let i = 0; i < chunk.count; i++) events.push({ type: chunk.types[chunk.typeIndexes?.[i] ?? 0] ?? '', text: texts[i] ?? '' })
    at = chunk.next
  }
}
