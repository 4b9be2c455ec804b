import { SEPARATOR } from '../../connectors/log/log.ts'
import { ident, text } from '../../connectors/store/quote.ts'
import type { Parameter } from '../../connectors/store/store.ts'
import { placeNames } from '../compile/relations.ts'
import { jsonShape, sqlTypeText } from '../model/schema/sql-type.ts'
import type { CheckedChunk, Source } from './batch.ts'
import { columnSql, type Wanted } from './decoded-columns.ts'
import { fewOf, fewSql } from './few-events.ts'

/** Where a statement's bytes go: parameters for large batches, constants for small ones (one string of statements, design §4). */
export interface Binder {
  /** SQL of a VARCHAR with this UTF-8 text. */
  bytes(value: Uint8Array): string
  /** Constants: a few events, which go in together. */
  readonly isLiteral: boolean
}

export function parameterBinder(parameters: Parameter[]): Binder {
  return {
    isLiteral: false,
    bytes: (value) => {
      parameters.push(value)
      return `decode($${parameters.length})`
    },
  }
}

export const literalBinder: Binder = {
  isLiteral: true,
  bytes: (value) => text(Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')),
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
 * decodes on all cores (one value is split by one thread); a few events go as one SELECT with constants, since it is planning that
 * they cost. Undefined: no event of the wanted type is in the batch.
 */
export function sourceSql(source: Source, chunks: readonly CheckedChunk[], wanted: Wanted, binder: Binder): string | undefined {
  if (binder.isLiteral) return fewSql(source, fewOf(chunks, wanted, source.kind === 'table'), wanted)
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
  const needType = several && (wanted.type !== undefined || wanted.place.includes('_type') || source.types.length > 1)
  const cells = cellsOf(checked, wanted, needType, binder)
  const where = [
    "v <> ''",
    ...(needType && typeAt >= 0 ? [`t = ${typeAt}`] : []),
    ...(wanted.tombstones === true || source.kind !== 'table' ? [] : ["v <> 'null'"]),
  ]
  const shape = wanted.columns.length > 0 ? [`from_json(v, ${text(jsonShape(wanted.columns))}) AS e`] : []
  const from = `SELECT ${cells.map(({ name, sql }) => `${sql} AS ${name}`).join(', ')}`
  const inner = `SELECT ${[...shape, ...cells.map(({ name }) => name)].join(', ')} FROM (${from}) WHERE ${where.join(' AND ')}`
  const columns = [
    ...wanted.columns.map((field) => columnSql(source, chunk.types, field, wanted, needType)),
    ...wanted.place.map((name) => placeSql(checked, name, needType)),
    ...(wanted.tombstones === true ? ["v = 'null' AS _null"] : []),
  ]
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1 AS _one'} FROM (${inner})`
}

/** One thing that is known of each event of a chunk, as a list. */
interface Cell {
  readonly name: string
  readonly sql: string
}

function cellsOf({ chunk, values }: CheckedChunk, wanted: Wanted, needType: boolean, binder: Binder): Cell[] {
  const listed = (type: string, json: string) => `unnest(from_json(${binder.bytes(Buffer.from(json))}, '["${type}"]'))`
  const numbers = (type: string, all: readonly (number | bigint)[]) => listed(type, `[${all.join(',')}]`)
  const cells: Cell[] = [{ name: 'v', sql: `unnest(string_split(${binder.bytes(values)}, chr(${SEPARATOR})))` }]
  if (needType) cells.push({ name: 't', sql: numbers('UTINYINT', chunk.typeIndexes ?? []) })
  if (wanted.place.includes('_offset'))
    cells.push({ name: 'o', sql: chunk.offsets ? numbers('BIGINT', chunk.offsets) : `unnest(range(${chunk.count}))` })
  if (wanted.place.includes('_time') && typeof chunk.times !== 'bigint') cells.push({ name: 'm', sql: numbers('BIGINT', chunk.times) })
  if (wanted.place.includes('_key') && chunk.keys) cells.push({ name: 'k', sql: listed('VARCHAR', JSON.stringify(chunk.keys)) })
  return cells
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
