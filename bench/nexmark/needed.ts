import { rm } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { path, text } from '../../connectors/store/quote.ts'
import { relationSchema, relationsOfStream, relationTable } from '../../engine/compile/relations.ts'
import type { StreamModel } from '../../engine/model/types.ts'

/** What a view cannot do without, in bytes of the blocks that DuckDB fills with it. */
export interface Needed {
  readonly viewBytes: number
  /** See `historyOf`; 0 where the view goes on from its own rows. */
  readonly historyBytes: number
}

/**
 * Writes the view's rows and the history that it needs as plain tables of a fresh DuckDB file, as dense as DuckDB packs what never
 * changes: what its state on disk is to be compared with. `file` is made and removed.
 */
export async function neededBytes(
  connection: DuckDBConnection,
  stream: StreamModel,
  view: string,
  history: readonly string[],
  file: string,
): Promise<Needed> {
  for (const sql of relationsInPlan(stream)) await connection.run(sql)
  await connection.run(`ATTACH ${text(file)} AS needed`)
  const writtenBytes = async (name: string, select: string) => {
    await connection.run(`CREATE TABLE ${path('needed', 'main', name)} AS ${select}`)
    await connection.run('CHECKPOINT needed')
    const answer = await connection.runAndReadAll(
      "SELECT used_blocks * block_size AS bytes FROM pragma_database_size() WHERE database_name = 'needed'",
    )
    return Number(answer.getRowObjects()[0]?.bytes)
  }
  const viewBytes = await writtenBytes('view', view)
  let bytes = viewBytes
  for (const [index, select] of history.entries()) bytes = await writtenBytes(`history${index}`, select)
  await connection.run('DETACH needed')
  for (const end of ['', '.wal']) await rm(`${file}${end}`, { force: true })
  return { viewBytes, historyBytes: bytes - viewBytes }
}

/** The event types under the names that a plan has for them, with and without their places, over those of `relationsSql`. */
function relationsInPlan(stream: StreamModel): string[] {
  const types = relationsOfStream(stream).filter((relation) => relation.kind === 'type')
  const views = types.flatMap(({ name, type = '' }) =>
    [false, true].map((placed) => `CREATE VIEW ${path(relationSchema, relationTable(name, placed))} AS FROM ${path(stream.name, type)}`),
  )
  return [`CREATE SCHEMA ${path(relationSchema)}`, ...views]
}
