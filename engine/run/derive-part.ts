import { ident, list, path } from '../../connectors/store/quote.ts'
import type { Column, Parameter } from '../../connectors/store/store.ts'
import { type Fed, inputOf, markedRelation } from '../compile/algebra/feed.ts'
import type { Scan } from '../compile/algebra/op.ts'
import type { Part } from '../compile/algebra/part.ts'
import { hasPlace, placeNames, relationSchema } from '../compile/relations.ts'
import type { Names } from '../compile/rules/rule.ts'
import type { Batch } from './batch.ts'
import type { Derivation, PrepareContext, Statement, Use } from './derivation.ts'
import { sideTable } from './registry.ts'

export interface Described {
  readonly kind: 'sql' | 'part'
  readonly strategy: Derivation['strategy']
  readonly reason: string
  readonly fingerprint: string
  readonly source: string
  readonly columns: readonly Column[]
  /** ` ORDER BY …` of a view's readers. */
  readonly order: string
}

/** A SQL view, or what it keeps on the way to its rows: kept by the rule of its part. */
export function derivePart(part: Part, described: Described): Derivation {
  const { rule, name } = part
  const renamed = part.op.columns.map((column, i) => `${ident(column.id)} AS ${ident(part.names[i] ?? '')}`).join(', ') || '1 AS _one'
  const shown = (names: Names) => part.rename(`SELECT ${renamed} FROM (${rule.rows(names)})`)
  const relation = path(relationSchema, name)
  const marked = path(relationSchema, markedRelation(name))
  return {
    name,
    ...described,
    streams: streamsOf(part),
    uses: part.streams.map((scan): Use => {
      const { source, type } = scan.read.relation
      return { stream: source, ...needsOf(scan), ...(type === undefined ? {} : { type }) }
    }),
    reads: part.reads,
    byEvents: part.byEvents,
    create: (table) => {
      const statements = rule.create(namesOf(table)).map(part.rename)
      const usesSides = statements.some((sql) => sql.includes(sideTable(table)))
      return [...(usesSides ? [`CREATE SCHEMA IF NOT EXISTS ${sideTable(table)}`] : []), ...statements]
    },
    expose: (table) => [
      `CREATE OR REPLACE VIEW ${relation} AS ${shown(namesOf(table))}`,
      ...(rule.marked
        ? [`CREATE OR REPLACE VIEW ${marked} AS ${part.rename(`SELECT ${renamed}, _at FROM (${rule.marked(namesOf(table))})`)}`]
        : []),
      ...(described.kind === 'sql'
        ? [`CREATE OR REPLACE VIEW ${path('main', name)} AS SELECT ${list(part.names)} FROM (${shown(namesOf(table))})${described.order}`]
        : []),
    ],
    conceal: () => [
      `DROP VIEW IF EXISTS ${relation}`,
      ...(rule.marked ? [`DROP VIEW IF EXISTS ${marked}`] : []),
      ...(described.kind === 'sql' ? [`DROP VIEW IF EXISTS ${path('main', name)}`] : []),
    ],
    prepare: async (batch, table, context) => ({ statements: () => steps(part, batch, table, context) }),
  }
}

function* steps(part: Part, batch: Batch, table: string, context: PrepareContext): Generator<Statement, void, number> {
  const { changes } = context
  let parameters: Parameter[] = []
  // Events may hold any text, so they come into a statement when its columns have their names.
  const events: string[] = []
  const complete = (sql: string) => part.rename(sql).replaceAll(/\0(\d+)\0/g, (_, at: string) => events[Number(at)] ?? '')
  const fed: Fed = {
    isFirst: context.isFirst,
    at: context.at,
    isChanged: (name) => changes.has(name),
    change: (name) => changes.table(name),
    isStreamChanged: (scan) => hasEvents(scan, batch),
    delta: (scan) => {
      const { relation } = scan.read
      const from = context.deltas(parameters).from(relation.source, {
        ...needsOf(scan),
        ...(relation.type === undefined ? {} : { type: relation.type }),
      })
      return `\0${events.push(from) - 1}\0`
    },
  }
  const run = {
    ...namesOf(table),
    inputs: part.feeds.map((feed) => inputOf(feed, fed)),
    temp: (name: string) => path('temp', `${name} of ${part.name}`),
    handsOn: changes.isRead(part.name) && !context.isFirst,
    change: changes.table(part.name),
    at: fed.at,
    isFirst: context.isFirst,
    isSmall: context.literal,
  }
  const maintained = part.rule.maintain(run)
  let next = maintained.next()
  while (!next.done) {
    const own = parameters
    parameters = []
    const sql = complete(next.value)
    next = maintained.next(yield own.length > 0 ? { sql, parameters: own } : { sql })
  }
  if (next.value) changes.add(part.name)
}

function hasEvents(scan: Scan, batch: Batch): boolean {
  const { source, type } = scan.read.relation
  const chunks = batch.chunks.get(source) ?? []
  return type === undefined ? chunks.length > 0 : chunks.some(({ chunk }) => chunk.types.includes(type))
}

function needsOf(scan: Scan): { needs: ReadonlySet<string>; placed: boolean } {
  const needs = new Set(scan.names.map((name) => name.toLowerCase()))
  return { needs, placed: hasPlace(scan.read.relation) && [...needs].some((name) => placeNames.has(name)) }
}

function streamsOf(part: Part): Derivation['streams'] {
  const streams = new Map<string, { needs: ReadonlySet<string>; placed: boolean }>()
  for (const scan of part.streams) {
    const own = needsOf(scan)
    const before = streams.get(scan.read.relation.source)
    streams.set(scan.read.relation.source, {
      needs: new Set([...own.needs, ...(before?.needs ?? [])]),
      placed: own.placed || before?.placed === true,
    })
  }
  return streams
}

function namesOf(table: string): Names {
  return { table, side: (name) => `${sideTable(table)}.${ident(name)}` }
}
