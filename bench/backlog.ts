import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Benchmark } from './support/benchmark.ts'
import { catchUp, cpuSecondsSince, inDir } from './support/catch-up.ts'
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
    const runs = { validated: [] as Took[], foreign: [] as Took[], duckdb: [] as Took[] }
    for (let round = 0; round < rounds; round++) {
      runs.duckdb.push(await oneStatement(file, join(dir, 'baseline.duckdb')))
      runs.validated.push(await catchUp(validated))
      runs.foreign.push(await catchUp(foreign))
    }
    const rates = (took: readonly Took[]) => took.map(({ seconds }) => events / seconds)
    const perCpu = (took: readonly Took[]) => took.map(({ cpuSeconds }) => events / cpuSeconds)
    const baseline = 'DuckDB alone: read_json of a file, GROUP BY into a table'
    return [
      rateLine('validated batches, through the loop', rates(runs.validated), 1_500_000),
      rateLine('  events a second of processor time', perCpu(runs.validated)),
      rateLine('foreign bytes, each with the full check', rates(runs.foreign), 600_000),
      rateLine('  events a second of processor time', perCpu(runs.foreign)),
      rateLine(baseline, rates(runs.duckdb)),
      rateLine('  events a second of processor time', perCpu(runs.duckdb)),
      ratioLine('validated to DuckDB alone', rates(runs.validated), rates(runs.duckdb), 0.5),
      ratioLine('foreign to DuckDB alone', rates(runs.foreign), rates(runs.duckdb), 0.25),
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

interface Took {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Time of the statement alone, with the loop's settings that matter. */
async function oneStatement(file: string, database: string): Promise<Took> {
  for (const end of ['', '.wal']) await rm(`${database}${end}`, { force: true })
  const instance = await DuckDBInstance.create(database)
  const connection = await instance.connect()
  await connection.run('SET preserve_insertion_order = false')
  const used = process.cpuUsage()
  const begin = performance.now()
  await connection.run(
    `CREATE TABLE by_account AS ${byAccount.replace('FROM payments', `FROM read_json('${file}', format = 'newline_delimited', columns = ${paymentColumns})`)}`,
  )
  const took = { seconds: (performance.now() - begin) / 1000, cpuSeconds: cpuSecondsSince(used) }
  connection.closeSync()
  instance.closeSync()
  return took
}
