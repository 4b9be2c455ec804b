import { DuckDBInstance } from '@duckdb/node-api'
import { ident, list, path, text } from '../../connectors/store/quote.ts'
import { relationsOfStream } from '../../engine/compile/relations.ts'
import type { StreamModel } from '../../engine/model/types.ts'
import { placeSql } from './shape.ts'

/** A slice of lines as columns, so that checking many queries does not decode it each time. */
export async function writeParquet(stream: StreamModel, lines: string, parquet: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (SELECT * FROM ${linesSql(stream, [lines])}) TO ${text(parquet)} (FORMAT parquet, COMPRESSION zstd)`)
  connection.closeSync()
  instance.closeSync()
}

/** FROM item of files of lines, their columns declared. */
export function linesSql(stream: StreamModel, files: readonly string[]): string {
  const all = relationsOfStream(stream).find((relation) => relation.kind === 'stream')?.columns ?? []
  const columns = [{ name: 'type', type: 'VARCHAR' }, { name: 'n', type: 'BIGINT' }, ...all]
  const declared = columns.map(({ name, type }) => `${ident(name)}: ${text(type)}`)
  return `read_json([${files.map(text).join(', ')}], format = 'newline_delimited', columns = {${declared.join(', ')}})`
}

/** FROM item of files of columns. */
export function parquetSql(files: readonly string[]): string {
  return `read_parquet([${files.map(text).join(', ')}])`
}

/** Views that stand in for the event types' relations, over one FROM item: the queries read the same names. */
export function relationsSql(stream: StreamModel, from: string): string[] {
  const types = relationsOfStream(stream).filter((relation) => relation.kind === 'type')
  const place = Object.entries(placeSql).map(([name, sql]) => `${sql} AS ${ident(name)}`)
  return [
    `CREATE SCHEMA ${ident(stream.name)}`,
    ...types.map(
      ({ type = '', columns }) =>
        `CREATE VIEW ${path(stream.name, type)} AS SELECT ${list(columns.map((column) => column.name))}, ${place.join(', ')} FROM ${from} WHERE "type" = ${text(type)}`,
    ),
  ]
}
