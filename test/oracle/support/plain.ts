import { type DuckDBConnection, DuckDBInstance, type DuckDBResultReader } from '@duckdb/node-api'
import { wrongOptimizers } from '../../../connectors/store/duckdb/open.ts'
import { ident, list, path, text } from '../../../connectors/store/quote.ts'
import { sqlTypeText } from '../../../engine/model/schema/sql-type.ts'
import type { Field, StreamModel, TableModel } from '../../../engine/model/types.ts'

/** One good event as the recomputation sees it. */
export interface PlainEvent {
  readonly type: string
  readonly key: string | null
  readonly partition: number
  readonly offset: bigint
  readonly timeMicros: bigint
  /** Values as DuckDB casts them from text; null for a tombstone of a table. */
  readonly values: Readonly<Record<string, string | null>> | null
}

export interface PlainAnswer {
  readonly columns: readonly string[]
  /** Rows as JSON text, sorted: a multiset. */
  readonly rows: readonly string[]
}

const place = '_type VARCHAR, _key VARCHAR, _time TIMESTAMPTZ, _partition INTEGER, _offset BIGINT'

/**
 * The recomputation: a DuckDB of its own in memory, one relation per stream, event type and table, made from the events
 * without a line of the engine's. A view is the same SELECT text, run anew.
 */
export class Plain {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  #worlds = 0

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  /** Of the rewriting of expressions comes the other trap (`engine/compile/null-safe.ts`): here it is left out altogether. */
  static async open(sources: Iterable<StreamModel | TableModel>): Promise<Plain> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      disabled_optimizers: `${wrongOptimizers},expression_rewriter`,
    })
    const plain = new Plain(instance, await instance.connect())
    await plain.run("SET TimeZone = 'UTC'")
    for (const source of sources) await plain.#create(source)
    return plain
  }

  /** Forgets everything and begins with other sources: a database within the same instance costs a tenth of an instance. */
  async renew(sources: Iterable<StreamModel | TableModel>): Promise<void> {
    const before = this.#worlds++
    await this.run(`ATTACH ':memory:' AS ${ident(`world ${this.#worlds}`)}`)
    await this.run(`USE ${ident(`world ${this.#worlds}`)}`)
    if (before > 0) await this.run(`DETACH ${ident(`world ${before}`)}`)
    for (const source of sources) await this.#create(source)
  }

  async #create(source: StreamModel | TableModel): Promise<void> {
    const columns = source.columns.map((field) => `${ident(field.name)} ${sqlTypeText(field.type)}`).join(', ')
    await this.run(`CREATE TABLE ${ident(rowsOf(source))} (${columns}${source.kind === 'stream' ? `, ${place}` : ', _key VARCHAR'})`)
    if (source.kind === 'stream' && source.retention) {
      const { by, period } = source.retention
      const rows = ident(rowsOf(source))
      await this.run(
        `CREATE VIEW ${ident(source.name)} AS SELECT * FROM ${rows} WHERE ${ident(by)} + INTERVAL ${text(period)} >= (SELECT max(${ident(by)}) FROM ${rows})`,
      )
    }
    if (source.kind !== 'stream' || source.types.length < 2) return
    await this.run(`CREATE SCHEMA ${ident(source.name)}`)
    for (const type of source.types) {
      const fields = list(type.fields.map((field) => field.name))
      await this.run(
        `CREATE VIEW ${path(source.name, type.name)} AS SELECT ${fields}, _type, _key, _time, _partition, _offset FROM main.${ident(source.name)} WHERE _type = ${text(type.name)}`,
      )
    }
  }

  async insert(source: StreamModel | TableModel, events: readonly PlainEvent[]): Promise<void> {
    if (source.kind === 'table') {
      for (const event of events) {
        await this.run(`DELETE FROM ${ident(source.name)} WHERE _key = ${text(event.key ?? '')}`)
        if (event.values)
          await this.run(`INSERT INTO ${ident(source.name)} VALUES (${cells(source.columns, event.values)}, ${text(event.key ?? '')})`)
      }
      return
    }
    const rows = events.map((event) => {
      const own = new Set(source.types.find((type) => type.name === event.type)?.fields.map((field) => field.name))
      const values = Object.fromEntries(Object.entries(event.values ?? {}).filter(([name]) => own.has(name)))
      return `(${cells(source.columns, values)}, ${text(event.type)}, ${event.key === null ? 'NULL' : text(event.key)}, make_timestamptz(${event.timeMicros}), ${event.partition}, ${event.offset})`
    })
    for (let from = 0; from < rows.length; from += 500)
      await this.run(`INSERT INTO ${ident(rowsOf(source))} VALUES ${rows.slice(from, from + 500).join(', ')}`)
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql)
  }

  /** Names and types of a SELECT's columns. Throws DuckDB's own error. */
  async describe(select: string): Promise<{ name: string; type: string }[]> {
    const rows = (await this.#connection.runAndReadAll(`DESCRIBE ${select}`)).getRowObjects()
    return rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
  }

  async answer(sql: string): Promise<PlainAnswer> {
    const result = await this.#asked(sql)
    const types = result.columnTypes().map(String)
    const columns = result.columnNames().map((name, i) => `${name} ${types[i]}`)
    return {
      columns,
      rows: result
        .getRowsJson()
        .map((row) => JSON.stringify(row))
        .sort(),
    }
  }

  /** DuckDB 1.5.6 cannot plan some SELECTs over views of empty tables (a correlated ORDER BY … LIMIT); unoptimised it can. */
  async #asked(sql: string): Promise<DuckDBResultReader> {
    try {
      return await this.#connection.runAndReadAll(sql)
    } catch (error) {
      if (!/^INTERNAL Error/.test((error as Error).message)) throw error
      await this.run('PRAGMA disable_optimizer')
      try {
        return await this.#connection.runAndReadAll(sql)
      } finally {
        await this.run('PRAGMA enable_optimizer')
      }
    }
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

/** A stream with a retention is a view over all of its events. */
function rowsOf(source: StreamModel | TableModel): string {
  return source.kind === 'stream' && source.retention ? `${source.name} (all)` : source.name
}

/** DuckDB would not have the text: types do not meet, and the like. */
export function isRefusal(error: unknown): boolean {
  return /^(Binder|Conversion|Parser|Catalog|Not implemented|Invalid Input) Error/.test((error as Error).message)
}

function cells(fields: readonly Field[], values: Readonly<Record<string, string | null>>): string {
  return fields
    .map((field) => {
      const value = values[field.name]
      return value === undefined || value === null ? 'NULL' : `CAST(${text(value)} AS ${sqlTypeText(field.type)})`
    })
    .join(', ')
}
