import { ident, path } from '../../connectors/store/quote.ts'
import type { Column, Parameter } from '../../connectors/store/store.ts'
import { type Fed, inputOf, markedRelation } from '../compile/algebra/feed.ts'
import type { Scan } from '../compile/algebra/op.ts'
import type { Part } from '../compile/algebra/part.ts'
import { hasPlace, placeNames, relationSchema } from '../compile/relations.ts'
import { asked, type Names } from '../compile/rules/rule.ts'
import type { Batch } from './batch.ts'
import type { Derivation, PrepareContext, Statement, Use } from './derivation.ts'
import { type Mark, Marks } from './marks.ts'
import { published, unpublished } from './published.ts'
import { sideTable } from './registry.ts'

export interface Described {
  readonly name: string
  readonly kind: 'sql' | 'part'
  readonly strategy: Derivation['strategy']
  readonly reason: string
  readonly fingerprint: string
  readonly isChosenWhole?: boolean
  readonly source: string
  readonly views?: readonly string[]
  readonly columns: readonly Column[]
  /** ` ORDER BY …` of a view's readers. */
  readonly order: string
}

/** A SQL view, or what it keeps on the way to its rows: kept by the rule of its part. */
export function derivePart(part: Part, described: Described): Derivation {
  const { rule } = part
  const renamed = part.op.columns.map((column, i) => `${ident(column.id)} AS ${ident(part.names[i] ?? '')}`).join(', ') || '1 AS _one'
  const shown = (names: Names) => part.rename(`SELECT ${renamed} FROM (${rule.rows(names)})`)
  const relation = path(relationSchema, part.name)
  const marked = path(relationSchema, markedRelation(part.name))
  return {
    id: part.name,
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
    ],
    conceal: () => [`DROP VIEW IF EXISTS ${relation}`, ...(rule.marked ? [`DROP VIEW IF EXISTS ${marked}`] : [])],
    ...(described.kind === 'sql' ? published({ ...described, id: part.name }) : unpublished),
    prepare: async (batch, table, context) => ({ statements: () => steps(part, batch, table, context) }),
  }
}

function* steps(part: Part, batch: Batch, table: string, context: PrepareContext): Generator<Statement, void, number> {
  const { changes } = context
  const marks = new Marks()
  const temporary = (name: string) => marks.add({ kind: 'temporary', name })
  const state = (name: string) => marks.add({ kind: 'state', table: name })
  const names = namesOf(table)
  const fed: Fed = {
    isFirst: context.isFirst,
    at: context.at,
    isChanged: (name) => changes.has(name),
    isAdded: (name) => changes.isAdded(name),
    change: (name) => temporary(changes.changeName(name)),
    isStreamChanged: (scan) => hasEvents(scan, batch),
    delta: (scan) => marks.add({ kind: 'events', scan }),
  }
  const run = {
    table: state(names.table),
    side: (name: string) => state(names.side(name)),
    inputs: part.feeds.map((feed) => inputOf(feed, fed)),
    temp: (name: string) => temporary(`${name} of ${part.name}`),
    handsOn: changes.isRead(part.name) && !context.isFirst,
    change: temporary(changes.changeName(part.name)),
    mayTell: context.literal && changes.readers(part.name) === 1,
    at: fed.at,
    isFirst: context.isFirst,
    isSmall: context.literal,
  }
  const maintained = part.rule.maintain(run)
  let next = maintained.next()
  while (!next.done) {
    const asks = next.value.startsWith(asked)
    const sql = asks ? next.value.slice(asked.length) : next.value
    const makes = part.reads.length === 0 ? madeOfEvents(sql, marks, changes) : undefined
    next = maintained.next(yield completed(part, sql, marks, context, { ...(makes === undefined ? {} : { makes }), asks }))
  }
  const handed = next.value
  if (typeof handed === 'object') changes.tell(part.name, completed(part, handed.select, marks, context, {}).sql, handed.isAdded)
  else if (handed) changes.add(part.name, handed === 'added')
}

/** The temporary table that a statement makes, where it reads nothing but the batch's events, or what was made of them. */
function madeOfEvents(sql: string, marks: Marks, changes: PrepareContext['changes']): string | undefined {
  if (!/^CREATE OR REPLACE TEMP TABLE \0/.test(sql)) return undefined
  const [made, ...read] = marks.in(sql)
  const isOfEvents = read.every((mark) => mark.kind === 'events' || (mark.kind === 'temporary' && changes.isAhead(mark.name)))
  return made?.kind === 'temporary' && isOfEvents ? made.name : undefined
}

/** The statement with its marks resolved, when it is asked for: only then is it known where each table is. */
function completed(part: Part, sql: string, marks: Marks, context: PrepareContext, told: Pick<Statement, 'makes' | 'asks'>): Statement {
  let done: { readonly sql: string; readonly parameters: Parameter[] } | undefined
  const complete = () => {
    if (done) return done
    const parameters: Parameter[] = []
    const textOf = (mark: Mark): string => {
      if (mark.kind === 'temporary') return context.changes.place(mark.name)
      return mark.kind === 'state' ? mark.table : events(mark.scan, context, parameters)
    }
    done = { sql: marks.resolve(part.rename(sql), textOf), parameters }
    return done
  }
  return {
    ...told,
    get sql() {
      return complete().sql
    },
    get parameters() {
      const { parameters } = complete()
      return parameters.length > 0 ? parameters : undefined // with parameters, however few, a statement is prepared first
    },
  }
}

function events(scan: Scan, context: PrepareContext, parameters: Parameter[]): string {
  const { source, type } = scan.read.relation
  return context.deltas(parameters).from(source, { ...needsOf(scan), ...(type === undefined ? {} : { type }) })
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
