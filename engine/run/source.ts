import { ident, text } from '../../connectors/store/quote.ts'
import type { Parameter } from '../../connectors/store/store.ts'
import { placeNames } from '../compile/relations.ts'
import { columnCast, jsonShape, sqlTypeText } from '../model/schema/sql-type.ts'
import type { Field } from '../model/types.ts'
import type { CheckedChunk, Source } from './batch.ts'

/** Where a statement's bytes go: parameters for large batches, constants for small ones (one string of statements, design §4). */
export interface Binder {
  /** SQL of a VARCHAR with this UTF-8 text. */
  bytes(value: Uint8Array): string
}

export function parameterBinder(parameters: Parameter[]): Binder {
  return {
    bytes: (value) => {
      parameters.push(value)
      return `decode($${parameters.length})`
    },
  }
}

export const literalBinder: Binder = { bytes: (value) => text(Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')) }

/** What is decoded of a stream: its own columns (all when undefined) and the place columns that are read. */
export interface Wanted {
  readonly columns: readonly Field[]
  readonly place: readonly string[]
  /** One event type only. */
  readonly type?: string
  /** Tombstones too, as rows whose columns are all NULL, with `_null` telling them. */
  readonly tombstones?: boolean
}

/** Columns of a source that `needs` (lower case) names; a place column is read only when named. */
export function wantedOf(source: Source, needs: ReadonlySet<string> | undefined, placed: boolean, type?: string): Wanted {
  const fields = type === undefined ? source.columns : (source.types.find((candidate) => candidate.name === type)?.fields ?? [])
  const columns = fields.filter((field) => needs === undefined || needs.has(field.name.toLowerCase()))
  const place = placed ? [...placeNames].filter((name) => needs === undefined || needs.has(name)) : []
  return { columns, place, ...(type === undefined ? {} : { type }) }
}

/**
 * SQL of a relation with the typed columns of a batch's events. One SELECT a chunk, joined by UNION ALL, so that DuckDB
 * decodes on all cores (one value is split by one thread). Undefined: no event of the wanted type is in the batch.
 */
export function sourceSql(source: Source, chunks: readonly CheckedChunk[], wanted: Wanted, binder: Binder): string | undefined {
  const selects = chunks.flatMap((checked) => chunkSql(source, checked, wanted, binder) ?? [])
  return selects.length > 0 ? selects.join(' UNION ALL ') : undefined
}

/** An empty relation with the same columns. */
export function emptySql(wanted: Wanted): string {
  const place: Record<string, string> = {
    _type: 'VARCHAR',
    _key: 'VARCHAR',
    _time: 'TIMESTAMPTZ',
    _partition: 'INTEGER',
    _offset: 'BIGINT',
  }
  const columns = [
    ...wanted.columns.map((field) => `CAST(NULL AS ${sqlTypeText(field.type)}) AS ${ident(field.name)}`),
    ...wanted.place.map((name) => `CAST(NULL AS ${place[name]}) AS ${ident(name)}`),
    ...(wanted.tombstones === true ? ['false AS _null'] : []),
  ]
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1 AS _one'} WHERE FALSE`
}

function chunkSql(source: Source, checked: CheckedChunk, wanted: Wanted, binder: Binder): string | undefined {
  const { chunk } = checked
  const typeAt = wanted.type === undefined ? -1 : chunk.types.indexOf(wanted.type)
  if (wanted.type !== undefined && typeAt < 0) return undefined
  const several = chunk.typeIndexes !== undefined && chunk.types.length > 1
  const json = (value: unknown) => binder.bytes(Buffer.from(JSON.stringify(value)))
  const needType = several && (wanted.type !== undefined || wanted.place.includes('_type') || source.types.length > 1)
  const lists = [`unnest(string_split(${binder.bytes(checked.values)}, chr(30))) AS v`]
  if (needType) lists.push(`unnest(from_json(${json(chunk.typeIndexes)}, '["UTINYINT"]')) AS t`)
  if (wanted.place.includes('_offset')) {
    lists.push(
      chunk.offsets
        ? `unnest(from_json(${binder.bytes(Buffer.from(`[${chunk.offsets.join(',')}]`))}, '["BIGINT"]')) AS o`
        : `unnest(range(${chunk.count})) AS o`,
    )
  }
  if (wanted.place.includes('_time') && typeof chunk.times !== 'bigint')
    lists.push(`unnest(from_json(${binder.bytes(Buffer.from(`[${chunk.times.join(',')}]`))}, '["BIGINT"]')) AS m`)
  if (wanted.place.includes('_key') && chunk.keys) lists.push(`unnest(from_json(${json(chunk.keys)}, '["VARCHAR"]')) AS k`)
  const where = [
    "v <> ''",
    ...(needType && typeAt >= 0 ? [`t = ${typeAt}`] : []),
    ...(wanted.tombstones === true || source.kind !== 'table' ? [] : ["v <> 'null'"]),
  ]
  const shape = wanted.columns.length > 0 ? [`from_json(v, ${text(jsonShape(wanted.columns))}) AS e`] : []
  const inner = `SELECT ${[...shape, ...lists.map((item) => item.split(' AS ').at(-1) as string)].join(', ')} FROM (SELECT ${lists.join(', ')}) WHERE ${where.join(' AND ')}`
  const columns = [
    ...wanted.columns.map((field) => columnSql(source, checked, field, wanted, needType)),
    ...wanted.place.map((name) => placeSql(checked, name, needType)),
    ...(wanted.tombstones === true ? ["v = 'null' AS _null"] : []),
  ]
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1 AS _one'} FROM (${inner})`
}

/** A field of the event; NULL in events whose type does not declare it, whatever their bytes hold. */
function columnSql(source: Source, checked: CheckedChunk, field: Field, wanted: Wanted, needType: boolean): string {
  const cast = columnCast(field.type)
  const value = cast === undefined ? `e.${ident(field.name)}` : `CAST(e.${ident(field.name)} AS ${cast})`
  const having = (name: string) =>
    source.types.find((type) => type.name === name)?.fields.some((other) => other.name === field.name) === true
  if (wanted.type !== undefined || checked.chunk.types.every(having)) return `${value} AS ${ident(field.name)}`
  const indexes = checked.chunk.types.flatMap((name, index) => (having(name) ? [index] : []))
  if (indexes.length === 0) return `CAST(NULL AS ${sqlTypeText(field.type)}) AS ${ident(field.name)}`
  return `${needType ? `CASE WHEN t IN (${indexes.join(', ')}) THEN ${value} END` : value} AS ${ident(field.name)}`
}

function placeSql(checked: CheckedChunk, name: string, needType: boolean): string {
  const { chunk } = checked
  switch (name) {
    case '_type':
      return `${needType ? `[${chunk.types.map(text).join(', ')}][t + 1]` : text(chunk.types[0] ?? '')} AS _type`
    case '_key':
      return `${chunk.keys ? 'k' : 'CAST(NULL AS VARCHAR)'} AS _key`
    case '_time':
      return `make_timestamptz(${typeof chunk.times === 'bigint' ? chunk.times : 'm'}) AS _time`
    case '_partition':
      return `${chunk.partition}::INTEGER AS _partition`
    default:
      return `CAST(${chunk.offsets ? 'o' : `${chunk.first} + o`} AS BIGINT) AS _offset`
  }
}
