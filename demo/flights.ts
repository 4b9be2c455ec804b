import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { SingleBar } from 'cli-progress'
import type { Appender } from '../engine/run/append.ts'

const require = createRequire(import.meta.url)
const dataDir = join(dirname(require.resolve('vega-datasets')), '..', 'data')
export const flightsFile = join(dataDir, 'flights-3m.parquet')
export const airportsFile = join(dataDir, 'airports.csv')

/** Events in one append, and appends under way at once: the log writes what waits together. */
const appendEvents = 2_048
const inFlightMax = 8

export async function flightsInFile(): Promise<number> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const answer = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM '${flightsFile}'`)
  return Number(answer.getRows()[0]?.[0])
}

/** The airports of the same package, as rows of a table. */
export async function appendAirports(appender: Appender): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const answer = await connection.runAndReadAll(
    `SELECT iata, name, coalesce(city, '') AS city, coalesce(state, '') AS state FROM read_csv('${airportsFile}', all_varchar = true)`,
  )
  await appender.append(
    'airports',
    answer.getRowObjects().map((data) => ({ data })),
  )
}

/** Reads the Parquet file in its order and appends it as JSON events. `onProgress` may pause the append. */
export async function appendFlights(appender: Appender, flights: number, onProgress: (done: number) => Promise<void>): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  const result = await connection.stream(
    `SELECT strftime(date, '%Y-%m-%dT%H:%M:%S'), delay::INTEGER, distance::INTEGER, origin, destination FROM '${flightsFile}' LIMIT ${flights}`,
  )
  const bar = new SingleBar({
    format: '   {bar} {value}/{total} | {rate} events/s | {eta_formatted} left',
    etaBuffer: 200,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 2_000,
  })
  const begin = performance.now()
  let done = 0
  bar.start(flights, 0, { rate: 0 })
  const inFlight: Promise<unknown>[] = []
  try {
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) break
      const rows = chunk.getRows()
      for (let from = 0; from < rows.length; from += appendEvents) {
        const events = rows
          .slice(from, from + appendEvents)
          .map(([date, delay, distance, origin, destination]) => ({ data: { date, delay, distance, origin, destination } }))
        inFlight.push(appender.append('flights', events))
        if (inFlight.length >= inFlightMax) await inFlight.shift()
        done += events.length
      }
      bar.update(done, { rate: Math.round(done / ((performance.now() - begin) / 1000)).toLocaleString('en') })
      await onProgress(done)
    }
    await Promise.all(inFlight)
  } finally {
    bar.stop()
  }
}
