import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Benchmark } from './support/benchmark.ts'
import { catchUp, inDir } from './support/catch-up.ts'
import { appendForeign, appendValidated, fillLog, slice } from './support/fill.ts'
import { accounts, byAccount, eventBytes, paymentColumns, paymentsProject } from './support/payments.ts'
import { rateLine, ratioLine } from './support/print.ts'

/** A log full of events and one view over them that begins at 0, beside DuckDB doing the same from a file at once. */
export const backlog: Benchmark = {
  name: 'backlog',
  title: `a backlog of ${eventBytes}-byte events → one GROUP BY view of ${accounts.toLocaleString('en')} keys, file database`,
  run: async ({ dir, events, rounds, seed }) => {
    const project = await paymentsProject(join(dir, 'project'), { by_account: byAccount })
    const validated = inDir(project, join(dir, 'validated'))
    const foreign = inDir(project, join(dir, 'foreign'))
    const file = join(dir, 'payments.ndjson')
    await fillLog(validated.config.dataDir, (log) => appendValidated(log, project, events, seed))
    await fillLog(foreign.config.dataDir, (log) => appendForeign(log, project, events, seed))
    await writeLines(file, events, seed)
    const rates = { validated: [] as number[], foreign: [] as number[], duckdb: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      rates.duckdb.push(events / (await oneStatement(file, join(dir, 'baseline.duckdb'))))
      rates.validated.push(events / (await catchUp(validated)).seconds)
      rates.foreign.push(events / (await catchUp(foreign)).seconds)
    }
    return [
      rateLine('validated batches, through the loop', rates.validated, 1_500_000),
      rateLine('foreign bytes, each with the full check', rates.foreign, 600_000),
      rateLine('DuckDB alone: read_json of a file, GROUP BY into a table', rates.duckdb),
      ratioLine('validated to DuckDB alone', rates.validated, rates.duckdb, 0.5),
      ratioLine('foreign to DuckDB alone', rates.foreign, rates.duckdb, 0.25),
    ]
  },
}

async function writeLines(file: string, events: number, seed: number): Promise<void> {
  const stream = createWriteStream(file)
  const blockEvents = 10_000
  for (let from = 0; from < events; from += blockEvents) {
    const lines = slice(from, Math.min(events, from + blockEvents), seed).map((payment) => `${JSON.stringify(payment)}\n`)
    if (!stream.write(lines.join(''))) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'finish')
}

/** Seconds of the statement alone, with the loop's settings that matter. */
async function oneStatement(file: string, database: string): Promise<number> {
  for (const end of ['', '.wal']) await rm(`${database}${end}`, { force: true })
  const instance = await DuckDBInstance.create(database)
  const connection = await instance.connect()
  await connection.run('SET preserve_insertion_order = false')
  const begin = performance.now()
  await connection.run(
    `CREATE TABLE by_account AS ${byAccount.replace('FROM payments', `FROM read_json('${file}', format = 'newline_delimited', columns = ${paymentColumns})`)}`,
  )
  const seconds = (performance.now() - begin) / 1000
  connection.closeSync()
  instance.closeSync()
  return seconds
}
