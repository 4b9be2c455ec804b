import { blobValue, type DuckDBValue } from '@duckdb/node-api'
import type { Parameter } from '../store.ts'

/** Parameters as DuckDB's client wants them. */
export function bind(parameters: readonly Parameter[] | undefined): DuckDBValue[] | undefined {
  return parameters?.map((value) => (value instanceof Uint8Array ? blobValue(value) : value))
}
