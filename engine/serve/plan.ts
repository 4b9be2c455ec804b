import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Column, Reader } from '../../connectors/store/store.ts'
import { type Analyzer, createAnalyzer } from '../compile/analyzer.ts'
import { relationSchema } from '../compile/relations.ts'
import { loadProject } from '../model/load/load-project.ts'
import { addedColumns, type Breaking, breakingColumns } from '../replay/breaking.ts'
import { type Because, type Change, changesOf } from '../replay/changes.ts'
import { logEnds } from '../replay/log-ends.ts'
import type { Definitions } from '../run/assemble.ts'
import { promotedVersions } from '../run/control.ts'
import { decodedSchemas } from '../run/decoded.ts'
import { define } from '../run/define.ts'
import { idOf, readAllVersions, readVersions } from '../run/registry.ts'
import type { Core } from './core.ts'
import type { PlanAnswer, PlannedChange } from './plan-answer.ts'
import { type Measured, measure } from './plan-measure.ts'
import { textComparison } from './plan-texts.ts'
import { positionJson } from './position.ts'
import { readersOf } from './readers-of.ts'
import type { Ask } from './service.ts'

/**
 * What is declared on disk now against what is kept: views that come, go and change, who reads them, what readers notice, and what building
 * them takes, from a sample of the log. Nothing is written but the sample's own files, which are gone afterwards. Throws what loading a
 * project throws, and `interrupted`.
 */
export async function planProject(core: Core, ask: Ask): Promise<PlanAnswer> {
  const project = await loadProject(core.project.config.root)
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  try {
    const definitions = await define(project, analyzer)
    const { changes, columns, moved, kept } = await compared(core, analyzer, definitions)
    const isKept = ({ after }: Change) => after !== undefined && kept.has(after.id)
    const toBuild = changes.filter((change) => !isKept(change))
    const measured = await measure(core.log, project, definitions, toBuild, ask)
    const planned = changes.map((change) => ({
      ...plannedChange(change, definitions, columns, measured),
      ...(isKept(change) ? { isKept: true as const } : {}),
    }))
    return {
      changes: planned,
      schemas: [...moved],
      breaking: planned.some((one) => one.breaking.length > 0),
      ...(measured.all === undefined ? {} : { estimate: measured.all }),
      ends: positionJson({ ...core, definitions }, await logEnds(core.log, [...definitions.sources.values()])),
    }
  } finally {
    await analyzer.close()
  }
}

/** What differs, by one state of the store; its reader is closed before the sample, which would keep checkpoints waiting. */
async function compared(core: Core, analyzer: Analyzer, definitions: Definitions) {
  const reader = await core.store.reader()
  try {
    const { changed: moved } = await decodedSchemas(reader, [...definitions.sources.values()])
    const changes = changesOf({
      derivations: definitions.derivations,
      versions: await readVersions(reader),
      promoted: await promotedVersions(core.log),
      moved,
      isSameText: await textComparison(analyzer, reader, definitions),
    })
    const aside = (await readAllVersions(reader)).filter(({ role, state }) => role !== 'public' && state === 'live')
    return { changes, columns: await columnsKept(reader), moved, kept: new Set(aside.map(idOf)) }
  } finally {
    await reader.close()
  }
}

function plannedChange(
  { name, kind, change, because, before, after }: Change,
  definitions: Definitions,
  columns: ReadonlyMap<string, readonly Column[]>,
  measured: Measured,
): PlannedChange {
  const was = before ? (columns.get(name) ?? []) : []
  const is = after ? (definitions.catalog.get(name.toLowerCase())?.columns ?? after.columns) : []
  const isServed = was.length > 0
  const breaking: readonly Breaking[] = change === 'removed' ? [{ what: 'view removed' }] : isServed ? breakingColumns(was, is) : []
  const estimated = after && measured.of.get(after.id)
  const problem = after && measured.problems.get(after.id)
  return {
    name,
    kind: kind === 'history' ? 'stream' : kind,
    change,
    because: because.map(inWords),
    ...(before ? { versionBefore: before.fingerprint } : {}),
    ...(after ? { version: after.fingerprint, strategy: after.strategy } : {}),
    readBy: after ? readersOf(after.id, definitions.derivations).map((reader) => reader.name) : [],
    breaking: kind === 'history' ? [] : breaking,
    columnsAdded: isServed && after ? addedColumns(was, is).map((column) => column.name) : [],
    ...(estimated === undefined ? {} : { estimate: estimated }),
    ...(problem === undefined ? {} : { problem }),
  }
}

function inWords(because: Because): string {
  if (because.what === 'definition') return 'its definition'
  if (because.what === 'schema') return `the schema of ${because.of}`
  return because.what === 'input' ? `${because.of}, which it reads` : 'Evert keeps it in another way'
}

/** Columns of every kept relation, as its readers see them. */
async function columnsKept(reader: Reader): Promise<ReadonlyMap<string, readonly Column[]>> {
  const rows = await reader.all(
    `SELECT table_name AS name, column_name AS "column", data_type AS type FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = '${relationSchema}' ORDER BY table_name, column_index`,
  )
  const kept = new Map<string, Column[]>()
  for (const row of rows) {
    const columns = kept.get(String(row.name)) ?? []
    columns.push({ name: String(row.column), type: String(row.type) })
    kept.set(String(row.name), columns)
  }
  return kept
}
