import { ident, list, path } from '../../connectors/store/quote.ts'
import type { Parameter } from '../../connectors/store/store.ts'
import { columnsOf, placeColumns, relationSchema, relationTable, streamRelationsDdl } from '../compile/relations.ts'
import { isExpired } from '../compile/retention.ts'
import { hashOf } from '../model/fingerprint.ts'
import type { Retention, StreamModel, TableModel } from '../model/types.ts'
import type { Derivation } from './derivation.ts'
import { changeRows, type KeyedRows, replaceRows } from './keyed-rows.ts'
import { unpublished } from './published.ts'

/** The history of a stream: every event as a row, with its place; where the stream has a retention, the events within it. */
export function deriveHistory(stream: StreamModel): Derivation {
  const columns = [...columnsOf(stream.columns), ...placeColumns]
  return {
    id: stream.name,
    name: stream.name,
    kind: 'history',
    strategy: 'history',
    reason: stream.retention
      ? `the events of the stream of the last ${stream.retention.period} of ${stream.retention.by} are kept as rows`
      : 'every event of the stream is kept as a row',
    fingerprint: stream.retention ? hashOf(JSON.stringify([stream.fingerprint, stream.retention])) : stream.fingerprint,
    source: `stream ${stream.name}`,
    columns,
    streams: new Map([[stream.name, { needs: undefined, placed: true }]]),
    reads: [],
    byEvents: true,
    create: (table) => [`CREATE TABLE ${table} (${columns.map((column) => `${ident(column.name)} ${column.type}`).join(', ')})`],
    expose: (table) => streamRelationsDdl(stream, table),
    ...unpublished,
    conceal: () =>
      [stream.name, ...stream.types.map((type) => `${stream.name}.${type.name}`)].flatMap((name) => [
        `DROP VIEW IF EXISTS ${path(relationSchema, relationTable(name))}`,
        `DROP VIEW IF EXISTS ${path(relationSchema, relationTable(name, true))}`,
      ]),
    prepare: async (_batch, table, context) => {
      const parameters: Parameter[] = []
      const from = context.deltas(parameters).from(stream.name, { needs: undefined, placed: true })
      const insert = { sql: `INSERT INTO ${table} SELECT ${list(columns.map((column) => column.name))} FROM ${from} AS d`, parameters }
      return {
        statements: function* () {
          if ((yield insert) === 0) return
          context.changes.add(stream.name)
          if (stream.retention) yield { sql: expire(stream.retention, table) }
        },
      }
    },
  }
}

/** The bound follows from the rows that are left as from all events: the one with the greatest time never goes. */
function expire({ by, period }: Retention, table: string): string {
  return `DELETE FROM ${table} WHERE ${isExpired(ident(by), period, `max(${ident(by)})`, table)}`
}

/**
 * A keyed changelog: the last value of a key stands, a null value deletes (Kafka's compacted topics). Rows are kept by the
 * message's key, which orders them: all values of a key are in one partition.
 */
export function deriveTable(table: TableModel): Derivation {
  const columns = columnsOf(table.columns)
  const names = list(columns.map((column) => column.name))
  return {
    id: table.name,
    name: table.name,
    kind: 'table',
    strategy: 'table',
    reason: 'the last value of each key',
    fingerprint: table.fingerprint,
    source: `table ${table.name}`,
    columns,
    streams: new Map([[table.name, { needs: undefined, placed: true }]]),
    reads: [],
    byEvents: true,
    create: (state) => [
      `CREATE TABLE ${state} (_key VARCHAR, ${columns.map((column) => `${ident(column.name)} ${column.type}`).join(', ')})`,
    ],
    expose: (state) => [
      `CREATE OR REPLACE VIEW ${path(relationSchema, table.name)} AS SELECT ${names} FROM ${state}`,
      `CREATE OR REPLACE VIEW ${path('main', table.name)} AS SELECT ${names} FROM ${state}`,
    ],
    ...unpublished,
    conceal: () => [`DROP VIEW IF EXISTS ${path(relationSchema, table.name)}`, `DROP VIEW IF EXISTS ${path('main', table.name)}`],
    prepare: async (_batch, state, context) => {
      const parameters: Parameter[] = []
      const from = context.deltas(parameters).from(table.name, { needs: undefined, placed: true, tombstones: true })
      const rows: KeyedRows = { name: table.name, columns, table: state, events: from, parameters }
      return { statements: context.changes.isRead(table.name) ? () => changeRows(rows, context.changes) : replaceRows(rows) }
    },
  }
}
