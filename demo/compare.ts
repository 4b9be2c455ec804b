import { DuckDBInstance, JsonDuckDBValueConverter } from '@duckdb/node-api'
import type { Service } from '../engine/serve/service.ts'
import { airportsFile, flightsFile } from './flights.ts'
import { check, say } from './print.ts'

/** What each view must hold, written a second time and straight over the Parquet file. */
const expected: Readonly<Record<string, string>> = {
  daily_delays:
    'SELECT origin, date::DATE, count(*), count(*) FILTER (WHERE delay > 15), avg(delay::INTEGER), max(delay::INTEGER) FROM f GROUP BY ALL',
  routes: 'SELECT origin, destination, count(*), sum(distance::INTEGER), avg(delay::INTEGER) FROM f GROUP BY ALL',
  delay_distribution: 'SELECT (floor(delay / 15) * 15)::INTEGER AS minutes, count(*) FROM f GROUP BY ALL',
  busiest_routes:
    'SELECT origin, destination, count(*) AS flights, avg(delay::INTEGER) FROM f GROUP BY ALL ORDER BY flights DESC, origin, destination LIMIT 10',
  delays_by_state: `SELECT a.state, count(DISTINCT f.destination || '/' || f.origin), count(*)::HUGEINT, sum(distance::INTEGER)::HUGEINT FROM f JOIN airports a ON a.iata = f.origin GROUP BY ALL`,
  delay_streaks: `
    WITH ordered AS (SELECT origin, place, delay > 15 AS late, row_number() OVER (PARTITION BY origin ORDER BY place) AS n FROM f),
    runs AS (SELECT *, n - row_number() OVER (PARTITION BY origin, late ORDER BY place) AS run FROM ordered),
    lengths AS (SELECT origin, late, run, count(*) AS length, max(n) AS last FROM runs GROUP BY ALL)
    SELECT origin, max(last), coalesce(max(length) FILTER (WHERE late AND last = total), 0), coalesce(max(length) FILTER (WHERE late), 0)
    FROM lengths JOIN (SELECT origin, count(*) AS total FROM f GROUP BY ALL) USING (origin) GROUP BY origin`,
}

/** Every row of every view equals its recomputation from the file, as multisets. */
export async function compareWithParquet(service: Service, flights: number): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run(
    `CREATE VIEW f AS SELECT *, file_row_number AS place FROM read_parquet('${flightsFile}', file_row_number = true) WHERE file_row_number < ${flights}`,
  )
  await connection.run(
    `CREATE TABLE airports AS SELECT iata, coalesce(state, '') AS state FROM read_csv('${airportsFile}', all_varchar = true)`,
  )
  for (const [view, sql] of Object.entries(expected)) {
    const wanted = (await connection.runAndReadAll(sql)).convertRows(JsonDuckDBValueConverter).map((row) => JSON.stringify(row))
    const answer = await service.query(`SELECT * FROM ${view}`)
    const found: string[] = []
    for await (const block of answer.rows) found.push(...block.map((row) => JSON.stringify(row)))
    wanted.sort()
    found.sort()
    const same = wanted.length === found.length && wanted.every((row, i) => row === found[i])
    if (!same) say(`   wanted ${wanted.find((row) => !found.includes(row))}, found ${found.find((row) => !wanted.includes(row))}`)
    check(
      same,
      `${view}: ${found.length.toLocaleString('en')} rows equal DuckDB's from the file, at flights ${JSON.stringify(answer.position.flights)}`,
    )
  }
}
