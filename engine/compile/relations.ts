import { list, path, text } from '../../connectors/store/quote.ts'
import type { Column } from '../../connectors/store/store.ts'
import { fingerprintOf } from '../model/fingerprint.ts'
import { sqlTypeText } from '../model/schema/sql-type.ts'
import type { Field, Retention, StreamModel, TableModel } from '../model/types.ts'

/** Columns of an event that every stream has; had by name, never in `*`. */
export const placeColumns: readonly Column[] = [
  { name: '_type', type: 'VARCHAR' },
  { name: '_key', type: 'VARCHAR' },
  { name: '_time', type: 'TIMESTAMP WITH TIME ZONE' },
  { name: '_partition', type: 'INTEGER' },
  { name: '_offset', type: 'BIGINT' },
]
export const placeNames: ReadonlySet<string> = new Set(placeColumns.map((column) => column.name))

/** Every database that runs our SQL (the engine's, a scratch one, the compiler's empty one) has its relations in this schema. */
export const relationSchema = '_rel'

/** A name that SQL may read. */
export interface Relation {
  /** Of the DuckDB relation: for a view that is kept, its version's id. */
  readonly name: string
  /** The name that users know it by, where it is another. */
  readonly shown?: string
  readonly kind: 'stream' | 'type' | 'table' | 'view'
  /** The stream or table whose events it shows; for a view its own `name`. */
  readonly source: string
  /** One event type of the source, if `kind` is `type`. */
  readonly type?: string
  readonly columns: readonly Column[]
  /** Fingerprint of the source's schema: which events are good depends on it. Views have none of their own. */
  readonly schema?: string
  /** Events of a stream are never taken back. */
  readonly appendOnly: boolean
  /** Columns that are never NULL, by name. */
  readonly required?: ReadonlySet<string>
  /** Kept rows that are only added to, which can also be read with `_at`, the position of the batch that added them. */
  readonly marked?: boolean
  /** What is seen of it: within all of these, of which no two are by the same column. */
  readonly retention?: readonly Retention[]
  /** All events of the source, if `kind` is `type`. */
  readonly whole?: Relation
  /** The stream as a whole is meant, and not the events of a batch. */
  readonly isHistory?: boolean
}

/** Names one version of a view, among all that are kept of it. */
export function versionId(name: string, fingerprint: string): string {
  return `${name}@${fingerprint}`
}

/** The name that users know it by. */
export function shownName(relation: Relation): string {
  return relation.shown ?? relation.name
}

export function columnsOf(fields: readonly Field[]): Column[] {
  return fields.map((field) => ({ name: field.name, type: sqlTypeText(field.type) }))
}

function requiredOf(fields: readonly Field[]): ReadonlySet<string> {
  return new Set(fields.filter((field) => field.required).map((field) => field.name))
}

export function hasPlace(relation: Relation): boolean {
  return relation.kind === 'stream' || relation.kind === 'type'
}

/** The relations that one stream gives: all of its events, and each type's when there are several. */
export function relationsOfStream(stream: StreamModel): Relation[] {
  const all: Relation = {
    name: stream.name,
    kind: 'stream',
    source: stream.name,
    columns: columnsOf(stream.columns),
    required: requiredOf(stream.columns),
    appendOnly: true,
    schema: stream.fingerprint,
    ...(stream.retention ? { retention: [stream.retention] } : {}),
  }
  const types = stream.types.map(
    (type): Relation => ({
      name: `${stream.name}.${type.name}`,
      kind: 'type',
      source: stream.name,
      type: type.name,
      columns: columnsOf(type.fields),
      required: requiredOf(type.fields),
      appendOnly: true,
      schema: fingerprintOf([type]),
      whole: all,
      ...(stream.retention ? { retention: [stream.retention] } : {}),
    }),
  )
  return [all, ...types]
}

export function relationOfTable(table: TableModel): Relation {
  return {
    name: table.name,
    kind: 'table',
    source: table.name,
    columns: columnsOf(table.columns),
    required: requiredOf(table.columns),
    appendOnly: false,
    schema: table.fingerprint,
  }
}

/** Name of the DuckDB relation; with `placed` the one that also has the place columns. */
export function relationTable(name: string, placed = false): string {
  return placed ? `${name}+` : name
}

/** Makes the relations of a stream over one table that holds its columns and the place columns. */
export function streamRelationsDdl(stream: StreamModel, table: string): string[] {
  return relationsOfStream(stream).flatMap((relation) => {
    const where = relation.type === undefined ? '' : ` WHERE "_type" = ${text(relation.type)}`
    const plain = list(relation.columns.map((column) => column.name))
    const place = list(placeColumns.map((column) => column.name))
    return [
      `CREATE OR REPLACE VIEW ${path(relationSchema, relationTable(relation.name))} AS SELECT ${plain} FROM ${table}${where}`,
      `CREATE OR REPLACE VIEW ${path(relationSchema, relationTable(relation.name, true))} AS SELECT ${plain}, ${place} FROM ${table}${where}`,
    ]
  })
}
