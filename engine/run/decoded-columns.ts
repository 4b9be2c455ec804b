import { ident } from '../../connectors/store/quote.ts'
import { columnCast, sqlTypeText } from '../model/schema/sql-type.ts'
import type { Field } from '../model/types.ts'
import type { Source } from './batch.ts'

/** What is decoded of a stream: its own columns (all when undefined) and the place columns that are read. */
export interface Wanted {
  readonly columns: readonly Field[]
  readonly place: readonly string[]
  /** One event type only. */
  readonly type?: string
  /** Tombstones too, as rows whose columns are all NULL, with `_null` telling them. */
  readonly tombstones?: boolean
}

/** SQL of a field of an event `e` of one of `types` (`t` tells which); NULL where its type does not declare it, whatever its bytes hold. */
export function columnSql(source: Source, types: readonly string[], field: Field, wanted: Wanted, needType: boolean): string {
  const cast = columnCast(field.type)
  const value = cast === undefined ? `e.${ident(field.name)}` : `CAST(e.${ident(field.name)} AS ${cast})`
  const having = (name: string) =>
    source.types.find((type) => type.name === name)?.fields.some((other) => other.name === field.name) === true
  if (wanted.type !== undefined || types.every(having)) return `${value} AS ${ident(field.name)}`
  const indexes = types.flatMap((name, index) => (having(name) ? [index] : []))
  if (indexes.length === 0) return `CAST(NULL AS ${sqlTypeText(field.type)}) AS ${ident(field.name)}`
  return `${needType ? `CASE WHEN t IN (${indexes.join(', ')}) THEN ${value} END` : value} AS ${ident(field.name)}`
}
