import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { ident, path, text } from '../../connectors/store/quote.ts'
import { redefine } from '../../engine/serve/core.ts'
import { historyOf } from './history.ts'
import { type Needed, neededBytes } from './needed.ts'
import { nexmarkProject, nexmarkStream, selectOf } from './project.ts'
import { linesSql, parquetSql, relationsSql } from './recompute.ts'
import { type Recomputed, type RecomputeTask, taskOf, tell } from './task.ts'

/** DuckDB alone: the same SELECT over the same events at once, timed from lines, and compared with the view that the engine left. */
const task = taskOf<RecomputeTask>()
const project = await nexmarkProject()
const stream = nexmarkStream(project)
const select = selectOf(project, task.query)
const shown = 3
tell<Recomputed>({ seconds: task.lines.length > 0 ? await timed() : null, ...(await compared()) })

async function timed(): Promise<number> {
  const file = join(task.dataDir, 'baseline.duckdb')
  const connection = await connect(file)
  for (const sql of relationsSql(stream, linesSql(stream, task.lines))) await connection.run(sql)
  const begin = performance.now()
  await connection.run(`CREATE TABLE result AS ${select}`)
  const seconds = (performance.now() - begin) / 1000
  connection.closeSync()
  for (const end of ['', '.wal']) await rm(`${file}${end}`, { force: true })
  return seconds
}

async function compared(): Promise<Omit<Recomputed, 'seconds'>> {
  const connection = await connect(':memory:')
  for (const sql of relationsSql(stream, parquetSql(task.parquet))) await connection.run(sql)
  await connection.run(`ATTACH ${text(join(task.dataDir, 'views.duckdb'))} AS engine (READ_ONLY)`)
  const view = `SELECT * FROM ${path('engine', 'main', task.query)}`
  const columns = await all(connection, `DESCRIBE ${view}`)
  // Equal values of two types hash apart, so the recomputed ones are given the view's.
  const cast = columns.map(
    ({ column_name: name, column_type: type }) => `CAST(${ident(String(name))} AS ${type}) AS ${ident(String(name))}`,
  )
  const fresh = `SELECT ${cast.join(', ')} FROM (${select})`
  const names = columns.map(({ column_name: name }) => ident(String(name))).join(', ')
  const digest = async (from: string) => {
    const [row] = await all(connection, `SELECT count(*) AS n, CAST(sum(hash(${names})) AS VARCHAR) AS sum FROM (${from})`)
    return { rows: Number(row?.n), sum: row?.sum }
  }
  const ours = await digest(view)
  const wanted = await digest(fresh)
  const isEqual = ours.rows === wanted.rows && ours.sum === wanted.sum
  const differences = isEqual
    ? []
    : [...(await differing(connection, 'only in the view', view, fresh)), ...(await differing(connection, 'only recomputed', fresh, view))]
  const needed = task.isNeededTold ? await neededOf(connection, view) : null
  return { rows: ours.rows, wanted: wanted.rows, isEqual, differences, needed }
}

async function neededOf(connection: DuckDBConnection, view: string): Promise<Needed> {
  const plan = [...(await redefine(project)).plans.values()].find(({ name }) => name === task.query)
  if (!plan) throw new Error(`There is no plan of ${task.query}`)
  return neededBytes(connection, stream, view, historyOf(plan), join(task.dataDir, 'needed.duckdb'))
}

async function differing(connection: DuckDBConnection, what: string, one: string, other: string): Promise<string[]> {
  const rows = await all(
    connection,
    `SELECT CAST(to_json(d) AS VARCHAR) AS row FROM (SELECT * FROM (${one}) EXCEPT ALL SELECT * FROM (${other}) ORDER BY ALL LIMIT ${shown}) AS d`,
  )
  return rows.map(({ row }) => `${what}: ${row}`)
}

async function connect(file: string): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(file, {
    threads: String(task.threads ?? availableParallelism()),
    memory_limit: '6GB',
    temp_directory: join(task.dataDir, 'tmp'),
  })
  const connection = await instance.connect()
  for (const set of ['preserve_insertion_order = false', "TimeZone = 'UTC'"]) await connection.run(`SET ${set}`)
  return connection
}

async function all(connection: DuckDBConnection, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjects()
}
