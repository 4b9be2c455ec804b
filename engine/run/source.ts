import { SEPARATOR } from '../../connectors/log/log.ts'
import { ident, text } from '../../connectors/store/quote.ts'
import type { Parameter } from '../../connectors/store/store.ts'
import { placeNames } from '../compile/relations.ts'
import { columnCast, jsonShape, sqlTypeText } from '../model/schema/sql-type.ts'
import type { Field } from '../model/types.ts'
import type { CheckedChunk, Source } from './batch.ts'

const separator = String.fromCharCode(SEPARATOR)

/** Where a statement's bytes go: parameters for large batches, constants for small ones (one string of statements, design §4). */
export interface Binder {
  /** SQL of a VARCHAR with this UTF-8 text. */
  bytes(value: Uint8Array): string
  /** Constants: events go in as rows. */
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
  const needType = several && (wanted.type !== undefined || wanted.place.includes('_type') || source.types.length > 1)
  const cells = cellsOf(checked, wanted, needType)
  const where = [
    "v <> ''",
    ...(needType && typeAt >= 0 ? [`t = ${typeAt}`] : []),
    ...(wanted.tombstones === true || source.kind !== 'table' ? [] : ["v <> 'null'"]),
  ]
  const shape = wanted.columns.length > 0 ? [`from_json(v, ${text(jsonShape(wanted.columns))}) AS e`] : []
  const from = binder.isLiteral
    ? valuesOf(cells, chunk.count)
    : `(SELECT ${cells.map((cell) => `${cell.list(binder)} AS ${cell.name}`).join(', ')})`
  const inner = `SELECT ${[...shape, ...cells.map((cell) => cell.name)].join(', ')} FROM ${from} WHERE ${where.join(' AND ')}`
  const columns = [
    ...wanted.columns.map((field) => columnSql(source, checked, field, wanted, needType)),
    ...wanted.place.map((name) => placeSql(checked, name, needType)),
    ...(wanted.tombstones === true ? ["v = 'null' AS _null"] : []),
  ]
  return `SELECT ${columns.length > 0 ? columns.join(', ') : '1 AS _one'} FROM (${inner})`
}

/** One thing that is known of each event of a chunk: as a list for all of them, or as a constant for one. */
interface Cell {
  readonly name: string
  list(binder: Binder): string
  one(index: number): string
}

function cellsOf({ chunk, values }: CheckedChunk, wanted: Wanted, needType: boolean): Cell[] {
  const json = (binder: Binder, value: string) => binder.bytes(Buffer.from(value))
  const numbers = (name: string, type: string, all: readonly (number | bigint)[]): Cell => ({
    name,
    list: (binder) => `unnest(from_json(${json(binder, `[${all.join(',')}]`)}, '["${type}"]'))`,
    one: (index) => String(all[index]),
  })
  const frames = lazy(() => Buffer.from(values.buffer, values.byteOffset, values.length).toString('utf8').split(separator))
  const cells: Cell[] = [
    { name: 'v', list: (binder) => `unnest(string_split(${binder.bytes(values)}, chr(30)))`, one: (index) => text(frames()[index] ?? '') },
  ]
  if (needType) cells.push(numbers('t', 'UTINYINT', chunk.typeIndexes ?? []))
  if (wanted.place.includes('_offset')) {
    if (chunk.offsets) cells.push(numbers('o', 'BIGINT', chunk.offsets))
    else cells.push({ name: 'o', list: () => `unnest(range(${chunk.count}))`, one: String })
  }
  if (wanted.place.includes('_time') && typeof chunk.times !== 'bigint') cells.push(numbers('m', 'BIGINT', chunk.times))
  const { keys } = chunk
  if (wanted.place.includes('_key') && keys) {
    cells.push({
      name: 'k',
      list: (binder) => `unnest(from_json(${json(binder, JSON.stringify(keys))}, '["VARCHAR"]'))`,
      one: (index) => (keys[index] == null ? 'CAST(NULL AS VARCHAR)' : text(keys[index])),
    })
  }
  return cells
}

/** A few events as rows of constants: DuckDB plans them faster than lists to take apart. */
function valuesOf(cells: readonly Cell[], count: number): string {
  const rows = Array.from({ length: count }, (_, index) => `(${cells.map((cell) => cell.one(index)).join(', ')})`)
  return `(VALUES ${rows.join(', ')}) AS x(${cells.map((cell) => cell.name).join(', ')})`
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
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
