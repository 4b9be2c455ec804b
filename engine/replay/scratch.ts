import type { Log } from '../../connectors/log/log.ts'
import { ident, list, path, text } from '../../connectors/store/quote.ts'
import type { Parameter, Reader } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Analyzer } from '../compile/analyzer.ts'
import { type Ast, replace, textOf } from '../compile/ast.ts'
import { relationSchema } from '../compile/relations.ts'
import type { Position, Source } from '../run/batch.ts'
import type { Wanted } from '../run/decoded-columns.ts'
import { readBatch } from '../run/read-batch.ts'
import { emptySql, parameterBinder, sourceSql, wantedOf } from '../run/source.ts'

/** Events of the log as temporary relations of one reader: what has no history in DuckDB is decoded anew, up to a position. */
export interface Scratch {
  /** Decodes a stream or table unless it was: the columns that `needs` names (lower case; undefined: all), the place columns where `placed`. Returns the events read. */
  load(source: Source, needs: ReadonlySet<string> | undefined, placed: boolean): Promise<number>
  /** Keeps a SELECT's rows under a relation's name from here on. Returns the quoted table. */
  keep(relation: string, select: string): Promise<string>
  /** Text of a resolved SELECT, reading the scratch tables where there is one. */
  print(node: Ast): Promise<string>
}

export interface ScratchOptions {
  /** With `scratch: true`; its snapshot and `position` belong together. */
  readonly reader: Reader
  readonly log: Log
  readonly analyzer: Analyzer
  readonly position: Position
  readonly onEvents?: ((events: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export function createScratch(options: ScratchOptions): Scratch {
  const { reader } = options
  /** Temporary table per relation; events have one with and one without the place columns. */
  const tables = new Map<string, { plain: string; placed: string }>()
  let bytesLeft: number = limits.scratchBytesMax

  const decode = async (source: Source, wanted: Wanted, target: string): Promise<number> => {
    let from: Position = new Map([[source.topic, (options.position.get(source.topic) ?? []).map(() => 0n)]])
    let events = 0
    for (;;) {
      if (options.signal?.aborted) throw new EvertError('interrupted', `Reading ${source.name} from the log was interrupted.`)
      const batch = await readBatch(
        options.log,
        [source],
        from,
        { events: limits.batchEventsMax, bytes: limits.batchBytesMax },
        () => ({ keys: true, times: true, types: true }),
        options.position,
      )
      if (!batch) return events
      bytesLeft -= batch.bytes
      if (bytesLeft < 0) {
        throw new EvertError(
          'limit-exceeded',
          `Reading ${source.name} from the log: more than ${limits.scratchBytesMax} bytes. Keep its history in DuckDB (history: true), or ask a view.`,
        )
      }
      const parameters: Parameter[] = []
      const sql = sourceSql(source, batch.chunks.get(source.name) ?? [], wanted, parameterBinder(parameters))
      if (sql !== undefined) await reader.run(`INSERT INTO ${target} ${sql}`, parameters)
      events += batch.events
      options.onEvents?.(batch.events)
      from = batch.to
    }
  }

  return {
    load: async (source, needs, readsPlace) => {
      if (tables.has(source.name)) return 0
      const isTable = source.kind === 'table'
      const wanted = wantedColumns(source, needs, readsPlace)
      const table = `scratch ${source.name}+`
      const target = path('temp', table)
      await reader.run(`CREATE TEMP TABLE ${ident(table)} AS ${emptySql(wanted)}`)
      const events = await decode(source, wanted, target)
      if (isTable)
        await reader.run(
          `DELETE FROM ${target} WHERE rowid NOT IN (SELECT rowid FROM ${target} QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _partition DESC, _offset DESC) = 1) OR _null`,
        )
      const expose = async (relation: string, columns: readonly string[], type: string | undefined) => {
        const plain = `scratch ${relation}`
        const where = type === undefined || source.types.length === 1 ? '' : ` WHERE _type = ${text(type)}`
        await reader.run(`CREATE TEMP VIEW ${ident(plain)} AS SELECT ${shown(columns)} FROM ${target}${where}`)
        let placed = table
        if (type !== undefined) {
          placed = `scratch ${relation}+`
          await reader.run(`CREATE TEMP VIEW ${ident(placed)} AS SELECT ${shown([...columns, ...wanted.place])} FROM ${target}${where}`)
        }
        tables.set(relation, { plain, placed })
      }
      const names = wanted.columns.map((field) => field.name)
      await expose(source.name, names, undefined)
      for (const type of isTable ? [] : source.types)
        await expose(
          `${source.name}.${type.name}`,
          type.fields.map((field) => field.name).filter((name) => names.includes(name)),
          type.name,
        ) // in the type's own order, as everywhere
      return events
    },
    keep: async (relation, select) => {
      const table = `scratch ${relation}`
      await reader.run(`CREATE OR REPLACE TEMP TABLE ${ident(table)} AS ${select}`)
      tables.set(relation, { plain: table, placed: table })
      return path('temp', table)
    },
    print: (node) =>
      options.analyzer.print(
        replace(node, (part) => {
          if (part.type !== 'BASE_TABLE' || textOf(part.schema_name) !== relationSchema) return undefined
          const placed = textOf(part.table_name).endsWith('+')
          const own = tables.get(textOf(part.table_name).replace(/\+$/, ''))
          return own && { ...part, catalog_name: 'temp', schema_name: 'main', table_name: placed ? own.placed : own.plain }
        }) as Ast,
      ),
  }
}

/** A relation whose columns nobody reads still has its rows. */
function shown(columns: readonly string[]): string {
  return columns.length > 0 ? list(columns) : '1 AS _one'
}

/** A table's rows are chosen by key and place, a type's by `_type`; all other place columns only where they are read. */
function wantedColumns(source: Source, needs: ReadonlySet<string> | undefined, readsPlace: boolean): Wanted {
  if (source.kind === 'table') return { ...wantedOf(source, needs, true), place: ['_key', '_partition', '_offset'], tombstones: true }
  const place = new Set(wantedOf(source, needs, readsPlace).place)
  if (source.types.length > 1) place.add('_type')
  return { ...wantedOf(source, needs, false), place: [...place] }
}
