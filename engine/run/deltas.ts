import { ident, path, text } from '../../connectors/store/quote.ts'
import type { Parameter } from '../../connectors/store/store.ts'
import type { Batch, Source } from './batch.ts'
import type { Deltas, Derivation, PrepareContext, Statement } from './derivation.ts'
import { emptySql, literalBinder, parameterBinder, sourceSql, wantedOf } from './source.ts'

/**
 * How the statements of one batch see its events. A small batch stands in each statement as constants. A large one is
 * fused into the only statement that reads it, or, when several read the same stream, decoded once into a temporary table.
 */
export interface BatchDeltas {
  /** Temporary tables to make first. */
  readonly first: readonly Statement[]
  readonly context: Pick<PrepareContext, 'deltas' | 'literal'>
}

export function batchDeltas(
  sources: ReadonlyMap<string, Source>,
  batch: Batch,
  readers: readonly Derivation[],
  literal: boolean,
): BatchDeltas {
  const first: Statement[] = []
  const shared = new Set<string>()
  if (!literal) {
    for (const [name] of batch.chunks) {
      const uses = readers
        .flatMap((reader) => reader.streams.get(name) ?? [])
        .filter((use) => use.needs === undefined || use.needs.size > 0)
      if (uses.length < 2) continue
      shared.add(name)
      first.push(temporary(sources.get(name) as Source, batch, uses))
    }
  }
  const deltas = (parameters: Parameter[]): Deltas => {
    const binder = literal ? literalBinder : parameterBinder(parameters)
    return {
      binder,
      from: (stream, options) => {
        const source = sources.get(stream) as Source
        const wanted = wantedOf(source, options.needs, options.placed, options.type)
        const asked = options.tombstones === true ? { ...wanted, tombstones: true } : wanted
        if (!shared.has(stream)) return `(${sourceSql(source, batch.chunks.get(stream) ?? [], asked, binder) ?? emptySql(asked)})`
        const names = [...wanted.columns.map((field) => field.name), ...wanted.place, ...(options.tombstones === true ? ['_null'] : [])]
        const where = options.type === undefined || source.types.length === 1 ? '' : ` WHERE _type = ${text(options.type)}`
        return `(SELECT ${names.length > 0 ? names.map(ident).join(', ') : '1 AS _one'} FROM ${path('temp', deltaTable(stream))}${where})`
      },
    }
  }
  return { first, context: { deltas, literal } }
}

function deltaTable(stream: string): string {
  return `events of ${stream}`
}

function temporary(source: Source, batch: Batch, uses: readonly { needs: ReadonlySet<string> | undefined; placed: boolean }[]): Statement {
  const needs = uses.some((use) => use.needs === undefined) ? undefined : new Set(uses.flatMap((use) => [...(use.needs ?? [])]))
  const several = source.types.length > 1
  const wanted = wantedOf(
    source,
    needs,
    uses.some((use) => use.placed),
  )
  const place = several && !wanted.place.includes('_type') ? [...wanted.place, '_type'] : wanted.place
  const asked = { ...wanted, place, ...(source.kind === 'table' ? { tombstones: true } : {}) }
  const parameters: Parameter[] = []
  const sql = sourceSql(source, batch.chunks.get(source.name) ?? [], asked, parameterBinder(parameters)) ?? emptySql(asked)
  return { sql: `CREATE OR REPLACE TEMP TABLE ${ident(deltaTable(source.name))} AS ${sql}`, parameters }
}
