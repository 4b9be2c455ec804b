import { blobValue, DuckDBInstance } from '@duckdb/node-api'
import { columnCast, jsonShape, sqlTypeText } from '../schema/sql-type.ts'
import type { Field } from '../types.ts'

/** DuckDB as the tests' judge: what its lenient `from_json` makes of texts, by the shape and casts that the engine uses. */
export interface Judge {
  /** One statement over all texts; each value as SQL prints it, null for NULL. An error of DuckDB's is thrown. */
  decode(fields: readonly Field[], texts: readonly string[]): Promise<(string | null)[][]>
  /** Values of a SQL expression, printed in the same way. */
  printed(expressions: readonly string[]): Promise<(string | null)[]>
  close(): void
}

/** A text literal; the model may not know the connectors' quoting. */
export function sqlText(value: string): string {
  return `('${value.replaceAll("'", "''").replaceAll('\0', "' || chr(0) || '")}')`
}

/** A database in memory, for one test file. */
export async function openJudge(): Promise<Judge> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  return {
    async decode(fields, texts) {
      const columns = fields.map(
        (field, index) => `CAST(x[${sqlText(field.name)}] AS ${columnCast(field.type) ?? sqlTypeText(field.type)})::VARCHAR AS c${index}`,
      )
      const sql = `SELECT ${columns.join(', ')} FROM (SELECT from_json(v, ${sqlText(jsonShape(fields))}) AS x, i FROM (SELECT unnest(from_json(decode($1::BLOB), '["VARCHAR"]')) AS v, unnest(range(${texts.length})) AS i)) ORDER BY i`
      const reader = await connection.runAndReadAll(sql, [blobValue(Buffer.from(JSON.stringify(texts)))])
      return reader.getRowsJson() as (string | null)[][]
    },
    async printed(expressions) {
      const reader = await connection.runAndReadAll(`SELECT ${expressions.map((each) => `(${each})::VARCHAR`).join(', ')}`)
      return (reader.getRowsJson()[0] ?? []) as (string | null)[]
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}
