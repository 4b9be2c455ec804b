import type { Log } from '../../connectors/log/log.ts'
import { ident, path, text } from '../../connectors/store/quote.ts'
import type { Reader, Row, Store } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Analyzer } from '../compile/analyzer.ts'
import { relationSchema } from '../compile/relations.ts'
import { jsonShape, sqlTypeText } from '../model/schema/sql-type.ts'
import type { FoldModel } from '../model/types.ts'
import type { Definitions } from '../run/assemble.ts'
import type { CheckedChunk, Position } from '../run/batch.ts'
import type { Derivation } from '../run/derivation.ts'
import { refold } from '../run/fold/refold.ts'
import { readBatch } from '../run/read-batch.ts'
import { readPosition } from '../run/registry.ts'
import { createScratch, type Scratch } from './scratch.ts'

export interface Verified {
  readonly view: string
  readonly rows: number
  readonly differing: number
  /** Up to 20: which side has a row more often, and by how much. */
  readonly differences: readonly { only: 'view' | 'recomputed'; times: number; row: Row }[]
  readonly position: Position
  readonly events: number
  /** Set when floats were compared within it. */
  readonly tolerance?: number
}

export interface VerifyOptions {
  readonly store: Store
  readonly log: Log
  readonly analyzer: Analyzer
  readonly definitions: Definitions
  readonly onEvents?: ((events: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Relative difference within which float columns count as equal: DuckDB's own parallel sums differ from run to run. */
const tolerance = 1e-9

/**
 * Recomputes a view, and all that it reads, from the log up to the position of one snapshot, and compares it with the
 * stored rows of that snapshot as multisets. The engine goes on meanwhile. Throws `view-unknown`.
 */
export async function verifyView(view: string, options: VerifyOptions): Promise<Verified> {
  const reader = await options.store.reader({ scratch: true })
  try {
    const { position } = await readPosition(reader)
    let events = 0
    const counted = (more: number) => {
      events += more
      options.onEvents?.(more)
    }
    const scratch = createScratch({
      reader,
      log: options.log,
      analyzer: options.analyzer,
      position,
      onEvents: counted,
      signal: options.signal,
    })
    const { id, name } = keptAs(view, options.definitions)
    const fresh = await recompute(id, { ...options, onEvents: counted }, scratch, reader, position, new Set())
    const columns = options.definitions.catalog.get(name.toLowerCase())?.columns ?? []
    const result = await compare(reader, path(relationSchema, id), fresh, columns)
    return { view: name, position, events, ...result }
  } finally {
    await reader.close()
  }
}

/** Throws `view-unknown`. */
function keptAs(view: string, { derivations }: Definitions): Derivation {
  const declared = derivations.filter(({ kind }) => kind !== 'part')
  const found = declared.find(({ name }) => name === view)
  if (found) return found
  throw new EvertError('view-unknown', `There is no view named ${view}. Known: ${declared.map(({ name }) => name).join(', ')}.`)
}

/** The relation's rows as the log alone gives them, in a temporary table. */
async function recompute(
  id: string,
  options: VerifyOptions,
  scratch: Scratch,
  reader: Reader,
  position: Position,
  done: Set<string>,
): Promise<string> {
  const table = path('temp', `scratch ${id}`)
  if (done.has(id)) return table
  done.add(id)
  const { definitions } = options
  const source = definitions.sources.get(id)
  if (source) {
    await scratch.load(source, undefined, source.kind === 'stream')
    return table
  }
  const fold = definitions.compiled.folds.get(id)
  if (fold) {
    await foldAgain(fold, id, options, scratch, reader, position)
    return table
  }
  const plan = definitions.compiled.plans.get(id)
  if (!plan) throw new Error(`Nothing is declared as ${id}`)
  for (const read of plan.reads) {
    const of = definitions.sources.get(read.relation.source)
    if (of) await scratch.load(of, unionNeeds(options, of.name), readsPlace(options, of.name))
    else await recompute(read.relation.source, options, scratch, reader, position, done)
  }
  return scratch.keep(id, await scratch.print(plan.node))
}

/** All columns that any view needs of a stream: it is loaded once, and shared by the views on the way. */
function unionNeeds(options: VerifyOptions, source: string): ReadonlySet<string> | undefined {
  const all = new Set<string>()
  for (const plan of options.definitions.compiled.plans.values()) {
    for (const read of plan.reads) {
      if (read.relation.source !== source) continue
      const needs = plan.needs.get(read.relation.name)
      if (needs === undefined) return undefined
      for (const column of needs) all.add(column)
    }
  }
  return all
}

function readsPlace(options: VerifyOptions, source: string): boolean {
  return [...options.definitions.compiled.plans.values()].some((plan) =>
    plan.reads.some((read) => read.relation.source === source && read.placed),
  )
}

async function foldAgain(
  fold: FoldModel,
  id: string,
  options: VerifyOptions,
  scratch: Scratch,
  reader: Reader,
  position: Position,
): Promise<void> {
  const state = fold.state.fields
  const key = state.some((field) => field.name === fold.key) ? [] : [fold.keyField]
  const columns = [
    ...key.map((field) => `CAST(NULL AS ${sqlTypeText(field.type)}) AS ${ident(field.name)}`),
    ...state.map((field) => `CAST(NULL AS ${sqlTypeText(field.type)}) AS ${ident(field.name)}`),
  ]
  const table = await scratch.keep(id, `SELECT ${columns.join(', ')} WHERE FALSE`)
  async function* chunks(): AsyncGenerator<CheckedChunk> {
    let from: Position = new Map([[fold.from.topic, (position.get(fold.from.topic) ?? []).map(() => 0n)]])
    for (;;) {
      if (options.signal?.aborted) throw new EvertError('interrupted', `Verifying ${fold.name} was interrupted.`)
      const batch = await readBatch(
        options.log,
        [fold.from],
        from,
        { events: limits.batchEventsMax, bytes: limits.batchBytesMax },
        () => ({ keys: true, times: true, types: true }),
        position,
      )
      if (!batch) return
      options.onEvents?.(batch.events)
      yield* batch.chunks.get(fold.from.name) ?? []
      from = batch.to
    }
  }
  let rows: string[] = []
  const flush = async () => {
    if (rows.length === 0) return
    const cells = state.map((field) => `CAST(e.${ident(field.name)} AS ${sqlTypeText(field.type)})`)
    const keys = key.map((field) => `CAST(k AS ${sqlTypeText(field.type)})`)
    await reader.run(
      `INSERT INTO ${table} SELECT ${[...keys, ...cells].join(', ')} FROM (SELECT k, from_json(s, ${text(jsonShape(state))}) AS e FROM (VALUES ${rows.join(', ')}) AS v(k, s))`,
    )
    rows = []
  }
  for await (const row of refold(fold, chunks())) {
    rows.push(`(${text(row.key)}, ${text(row.state)})`)
    if (rows.length >= 2_000) await flush()
  }
  await flush()
}

type Compared = Pick<Verified, 'rows' | 'differing' | 'differences' | 'tolerance'>

async function compare(
  reader: Reader,
  stored: string,
  fresh: string,
  columns: readonly { name: string; type: string }[],
): Promise<Compared> {
  const names = columns.map((column) => ident(column.name)).join(', ')
  const difference = `SELECT ${names}, CAST(sum(_w) AS BIGINT) AS _times FROM (SELECT ${names}, 1 AS _w FROM ${stored} UNION ALL SELECT ${names}, -1 FROM ${fresh}) GROUP BY ALL HAVING sum(_w) <> 0`
  await reader.run(`CREATE OR REPLACE TEMP TABLE "verify difference" AS ${difference}`)
  const floats = columns.filter((column) => column.type === 'DOUBLE' || column.type === 'FLOAT')
  const before = await count(reader, 'SELECT count(*) AS n FROM temp."verify difference"')
  if (before > 0 && floats.length > 0) await forgive(reader, columns, floats)
  const rows = await count(reader, `SELECT count(*) AS n FROM ${stored}`)
  const differing = await count(reader, 'SELECT count(*) AS n FROM temp."verify difference"')
  const sample = await reader.all('SELECT * FROM temp."verify difference" ORDER BY ALL LIMIT 20')
  const differences = sample.map(({ _times, ...row }) => ({
    only: Number(_times) > 0 ? ('view' as const) : ('recomputed' as const),
    times: Math.abs(Number(_times)),
    row,
  }))
  return { rows, differing, differences, ...(before > 0 && floats.length > 0 ? { tolerance } : {}) }
}

/** Takes away the pairs of rows that differ in floats only, and there within the tolerance. */
async function forgive(
  reader: Reader,
  columns: readonly { name: string; type: string }[],
  floats: readonly { name: string }[],
): Promise<void> {
  const exact = columns.filter((column) => !floats.includes(column)).map((column) => ident(column.name))
  const order = floats.map((column) => ident(column.name)).join(', ')
  const ranked = (side: string, sign: string) =>
    `${side} AS (SELECT *, row_number() OVER (${exact.length > 0 ? `PARTITION BY ${exact.join(', ')} ` : ''}ORDER BY ${order}) AS _n FROM temp."verify difference" WHERE _times ${sign} 0)`
  const same = [...exact.map((name) => `a.${name} IS NOT DISTINCT FROM b.${name}`), 'a._n = b._n', 'a._times = -b._times']
  const close = floats.map(
    ({ name }) =>
      `(a.${ident(name)} IS NOT DISTINCT FROM b.${ident(name)} OR abs(a.${ident(name)} - b.${ident(name)}) <= ${tolerance} * greatest(abs(a.${ident(name)}), abs(b.${ident(name)}), 1e-300))`,
  )
  const pairs = columns.flatMap((column, i) => [`a.${ident(column.name)} AS a${i}`, `b.${ident(column.name)} AS b${i}`])
  await reader.run(
    `CREATE OR REPLACE TEMP TABLE "verify forgiven" AS WITH ${ranked('a', '>')}, ${ranked('b', '<')} SELECT ${pairs.join(', ')} FROM a JOIN b ON ${[...same, ...close].join(' AND ')}`,
  )
  const is = (side: string) => columns.map((column, i) => `d.${ident(column.name)} IS NOT DISTINCT FROM m.${side}${i}`).join(' AND ')
  await reader.run(
    `DELETE FROM temp."verify difference" AS d WHERE EXISTS (SELECT 1 FROM temp."verify forgiven" AS m WHERE (${is('a')}) OR (${is('b')}))`,
  )
}

async function count(reader: Reader, sql: string): Promise<number> {
  return Number((await reader.all(sql))[0]?.n ?? 0)
}
