import { path, text } from '../../connectors/store/quote.ts'
import type { Transaction } from '../../connectors/store/store.ts'
import { sideTable, stateTable } from './registry.ts'

/** The state of one version: of its table and of those beside it. */
export interface StateSize {
  /** Rows as they are stored: a group, a distinct row with its count. */
  readonly rows: number
  readonly bytes: number
}

/**
 * Sizes by the version's table. Bytes are those in DuckDB's file, compressed, by the places of a table's segments in their
 * blocks, which are of 256 KiB: a table that has been checkpointed has at least one. What has come since the last checkpoint
 * has no place yet and counts by the widths of its types. Reads metadata only: milliseconds, whatever the tables hold.
 */
export async function stateSizes(reader: Transaction): Promise<ReadonlyMap<string, StateSize>> {
  const tables = await reader.all(
    `SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE NOT temporary AND (schema_name = '_state' OR starts_with(schema_name, 'sides of ')) ORDER BY ALL`,
  )
  if (tables.length === 0) return new Map()
  const bytes = new Map(
    (await reader.all(segmentsSql(tables.map((row) => [String(row.schema_name), String(row.table_name)])))).map((row) => [
      String(row.place),
      Number(row.bytes),
    ]),
  )
  const sizes = new Map<string, StateSize>()
  for (const row of tables) {
    const place = placeOf(String(row.schema_name), String(row.table_name))
    const owner = row.schema_name === '_state' ? String(row.table_name) : ''
    const name = owner || (tables.find((one) => sidesOf(String(one.table_name)) === row.schema_name)?.table_name as string | undefined)
    if (name === undefined) continue
    const before = sizes.get(name) ?? { rows: 0, bytes: 0 }
    sizes.set(name, { rows: before.rows + Number(row.estimated_size), bytes: before.bytes + (bytes.get(place) ?? 0) })
  }
  return sizes
}

const blockBytes = 256 << 10

/** A segment reaches to the next one in its block, or to the block's end. */
function segmentsSql(tables: readonly (readonly [string, string])[]): string {
  const all = tables.map(([schema, table]) => {
    const place = text(placeOf(schema, table))
    return `SELECT ${place} AS place, segment_type AS type, "count" AS n, persistent, block_id AS block, block_offset AS begin_at, len(additional_block_ids) AS more FROM pragma_storage_info(${text(path(schema, table))})`
  })
  return `WITH s AS (${all.join(' UNION ALL ')}), places AS (SELECT DISTINCT place, block, begin_at FROM s WHERE persistent AND block >= 0),
  in_file AS (SELECT place, lead(begin_at, 1, ${blockBytes}) OVER (PARTITION BY block ORDER BY begin_at, place) - begin_at AS bytes FROM places),
  beside AS (SELECT place, more * ${blockBytes} AS bytes FROM s WHERE persistent AND more > 0),
  since AS (SELECT place, ceil(n * ${widthSql}) AS bytes FROM s WHERE NOT persistent)
  SELECT place, CAST(sum(bytes) AS BIGINT) AS bytes FROM (FROM in_file UNION ALL FROM beside UNION ALL FROM since) GROUP BY place`
}

/** Bytes of a value in memory; a text is taken for 16, which is what DuckDB keeps in place. */
const widthSql = `CASE WHEN type = 'VALIDITY' THEN 0.125 WHEN type IN ('BOOLEAN', 'TINYINT', 'UTINYINT') THEN 1 WHEN type IN ('SMALLINT', 'USMALLINT') THEN 2 WHEN type IN ('INTEGER', 'UINTEGER', 'FLOAT', 'DATE') THEN 4 WHEN type IN ('VARCHAR', 'BLOB', 'HUGEINT', 'UHUGEINT', 'UUID', 'INTERVAL') THEN 16 ELSE 8 END`

function placeOf(schema: string, table: string): string {
  return path(schema, table)
}

function sidesOf(table: string): string {
  return sideTable(stateTable({ table })).slice(1, -1)
}
