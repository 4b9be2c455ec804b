import type { Reader } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { placeNames } from '../compile/relations.ts'
import { resolve } from '../compile/resolve.ts'
import { eventTimes, retainedIn } from '../compile/retention.ts'
import { createScratch } from '../replay/scratch.ts'
import { readPosition, readVersions } from '../run/registry.ts'
import type { Core } from './core.ts'
import { meter } from './meter.ts'
import { positionJson } from './position.ts'
import type { Ask, Json, QueryAnswer } from './service.ts'
import { adviceFor } from './statements.ts'

/**
 * One SELECT over views, tables and streams, in one snapshot. What it names is looked up in the project (the sandbox); a
 * stream without history is decoded from the log first, the columns that are named only.
 */
export async function answerQuery(
  core: Core,
  sql: string,
  options: { rowsMax?: number; timeoutMs?: number },
  ask: Ask,
): Promise<QueryAnswer> {
  const node = await parse(core, sql)
  const resolved = resolve(node, core.definitions.catalog, 'query-refused')
  const reader = await core.store.reader({ scratch: true })
  try {
    const versions = await readVersions(reader)
    const { position } = await readPosition(reader)
    const progress = meter('reading the log', 'events', ask)
    const scratch = createScratch({ reader, log: core.log, analyzer: core.analyzer, position, onEvents: progress.add, signal: ask.signal })
    for (const { relation, placed } of resolved.reads) {
      const kinds = relation.kind === 'view' ? ['sql', 'fold'] : relation.kind === 'table' ? ['table'] : ['history']
      const row = versions.find(
        (candidate) => candidate.name === relation.source && kinds.includes(candidate.kind) && candidate.state !== 'building',
      )
      if (row?.state === 'live') continue
      if (row?.state === 'failed')
        throw new EvertError(
          'view-failed',
          `The view ${row.name} failed and is not served: ${row.error}. Mend it and run evert replay ${row.name}.`,
        )
      const source = core.definitions.sources.get(relation.source)
      if (!source)
        throw new EvertError('view-unknown', `The view ${relation.name} is declared but not built yet. Start the engine: evert run.`)
      const sources = resolved.reads.filter((read) => read.relation.source === source.name)
      const columns = sources.flatMap((read) => read.relation.columns.map((column) => column.name))
      await scratch.load(
        source,
        needsOfQuery(resolved.node, [...columns, ...(placed ? placeNames : [])], eventTimes(relation)),
        sources.some((read) => read.placed),
      )
    }
    const seen = await retainedIn(core.analyzer, resolved.node, resolved.reads)
    const answer = await reader.query(await scratch.print(seen), {
      timeoutMs: options.timeoutMs ?? limits.queryTimeoutMsDefault,
      signal: ask.signal,
    })
    return {
      columns: answer.columns,
      position: positionJson(core, position),
      rows: rowsOf(reader, answer.rows, options.rowsMax ?? limits.queryRowsDefault),
    }
  } catch (error) {
    await reader.close()
    if (error instanceof EvertError) throw error
    throw new EvertError('query-failed', (error as Error).message, { cause: error })
  }
}

async function parse(core: Core, sql: string): Promise<Awaited<ReturnType<Core['analyzer']['parse']>>> {
  try {
    return await core.analyzer.parse(sql.replace(/[\s;]+$/, ''))
  } catch (error) {
    if (!(error instanceof EvertError) || error.code !== 'sql-invalid') throw error
    // A mistake in the text has its place; without one it is well written and not what can be asked.
    const says = error.details.at === undefined ? (adviceFor(sql) ?? error.message) : caret(sql, error)
    throw new EvertError('query-refused', says, { cause: error, details: error.details })
  }
}

function caret(sql: string, error: EvertError): string {
  const at = Number(error.details.at)
  if (!Number.isFinite(at)) return error.message
  const before = sql.slice(0, at).split('\n')
  return `${error.message}\n  ${sql.split('\n')[before.length - 1] ?? ''}\n  ${' '.repeat((before.at(-1) ?? '').length)}^`
}

/** Columns that a query's text mentions anywhere; all of them when it has a star or a name that is not a column. */
function needsOfQuery(node: unknown, columns: readonly string[], always: readonly string[]): ReadonlySet<string> | undefined {
  const text = JSON.stringify(node)
  if (text.includes('"STAR"')) return undefined
  const lower = text.toLowerCase()
  return new Set([...columns.map((column) => column.toLowerCase()).filter((column) => lower.includes(JSON.stringify(column))), ...always])
}

async function* rowsOf(
  reader: Reader,
  blocks: AsyncIterable<readonly (readonly unknown[])[]>,
  rowsMax: number,
): AsyncGenerator<readonly (readonly Json[])[]> {
  let rows = 0
  try {
    for await (const block of blocks) {
      rows += block.length
      if (rows > rowsMax)
        throw new EvertError(
          'limit-exceeded',
          `The answer has more than ${rowsMax} rows. Add a LIMIT, aggregate, or raise the limit of rows.`,
        )
      yield block as readonly (readonly Json[])[]
    }
  } finally {
    await reader.close()
  }
}
