import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Parameter, Row, Store } from '../../connectors/store/store.ts'
import type { CheckedChunk, Source } from '../../engine/run/batch.ts'
import type { Wanted } from '../../engine/run/decoded-columns.ts'
import { emptySql, literalBinder, parameterBinder, sourceSql, wantedOf } from '../../engine/run/source.ts'

/** A DuckDB in memory that decodes checked chunks, by both paths. */
export interface Decoder {
  /** The decoded rows; throws when the literal and the parameter path disagree. */
  rows(source: Source, chunks: readonly CheckedChunk[], wanted?: Partial<Wanted>): Promise<readonly Row[]>
  close(): Promise<void>
}

export async function openDecoder(): Promise<Decoder> {
  const store: Store = await openDuckdb(':memory:', { threads: 2 })
  const ask = (sql: string, parameters?: readonly Parameter[]) =>
    store.transaction((tx) => tx.all(`SELECT * FROM (${sql}) ORDER BY ALL`, parameters))
  const asText = (rows: readonly Row[]) => JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
  return {
    rows: async (source, chunks, wanted = {}) => {
      const all: Wanted = { ...wantedOf(source, undefined, true, wanted.type), ...wanted }
      const parameters: Parameter[] = []
      const sql = sourceSql(source, chunks, all, parameterBinder(parameters)) ?? emptySql(all)
      const byParameter = await ask(sql, parameters)
      const byLiteral = await ask(sourceSql(source, chunks, all, literalBinder) ?? emptySql(all))
      if (asText(byParameter) !== asText(byLiteral))
        throw new Error(`the two paths differ: ${asText(byParameter)} and ${asText(byLiteral)}`)
      return byParameter
    },
    close: () => store.close(),
  }
}
