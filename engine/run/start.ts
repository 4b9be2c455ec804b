import type { Log } from '../../connectors/log/log.ts'
import { ident, path, text } from '../../connectors/store/quote.ts'
import type { Store } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { relationSchema } from '../compile/relations.ts'
import { agreePosition } from './agree-position.ts'
import type { Definitions } from './assemble.ts'
import { type Position, positionSum, type Source } from './batch.ts'
import { choosePlans } from './choose-plans.ts'
import { announce, promotedVersions } from './control.ts'
import { decodedSchemas, forgetDecoding, rememberSchemas } from './decoded.ts'
import type { Derivation } from './derivation.ts'
import type { Member } from './member.ts'
import {
  concealed,
  dropAside,
  dropBuild,
  dropVersion,
  freeTable,
  idOf,
  initialize,
  insertVersion,
  isView,
  readAllVersions,
  readFresh,
  readPosition,
  stateTable,
  type VersionRow,
  writeFresh,
} from './registry.ts'

/** Where an engine begins: what is live and at which position, and what must be built first. */
export interface Start {
  /** As they are kept from now on: of some views it was chosen how. */
  readonly definitions: Definitions
  readonly position: Position
  /** See `LoopOptions.retired`. */
  readonly retired: bigint
  readonly members: readonly Member[]
  /** Joined at position 0 or from state alone: computed with the first batch in any case. */
  readonly fresh: readonly string[]
  /** Declared but not live: built beside the others. */
  readonly toBuild: readonly Derivation[]
  readonly removed: readonly string[]
  /** Ids of versions beside the public ones that cannot be kept up to date any more. */
  readonly discarded: readonly string[]
}

export interface StartOptions {
  /** Members whose rows are of another definition are left out, and nothing is removed: for a replay. */
  readonly tolerateChanged?: boolean
  /** Default `limits.firstBuildEventsMin`. */
  readonly firstBuildEventsMin?: number | undefined
  /** See `Choice`. */
  readonly recomputeRowsMax?: number | undefined
  readonly recomputePartsMin?: number | undefined
}

/** Topics, position and versions, checked against each other. Throws `position-mismatch`, `definition-changed`, `history-gone`. */
export async function start(store: Store, log: Log, declared: Definitions, options: StartOptions = {}): Promise<Start> {
  await initialize(store)
  const position = await agreePosition(store, log, [...declared.sources.values()])
  const isAhead = await aheadOf(log, declared, position, options.firstBuildEventsMin ?? limits.firstBuildEventsMin)
  const choice = { goesOn: () => true, isAhead, rowsMax: options.recomputeRowsMax, partsMin: options.recomputePartsMin }
  const definitions = await store.transaction((tx) => choosePlans(tx, declared, choice))
  const { position: stored } = await store.transaction(readPosition)
  const retired = positionSum(new Map([...stored].filter(([topic]) => !position.has(topic))))
  return { definitions, retired, ...(await reconcile(store, log, definitions, { position, isAhead }, options)) }
}

/** Compares the project with what is live, here and according to the log. */
async function reconcile(
  store: Store,
  log: Log,
  definitions: Definitions,
  { position, isAhead }: { position: Position; isAhead: Known['isAhead'] },
  { tolerateChanged = false }: StartOptions,
): Promise<Omit<Start, 'retired' | 'definitions'>> {
  const all = await store.transaction(readAllVersions)
  const rows = all.filter(({ role }) => role === 'public')
  const promoted = await promotedVersions(log)
  const needed = definitions.all.filter(({ kind, id }) => !isView(kind) || definitions.publicIds.has(id))
  const wanted = new Map(needed.map((derivation) => [key(derivation.kind, derivation.name), derivation]))
  const changed: string[] = []
  const live = new Map<string, VersionRow>()
  const statements: string[] = []
  for (const row of rows) {
    const derivation = wanted.get(key(row.kind, row.name))
    if (row.state === 'building')
      statements.push(...dropBuild(row), ...forgetDecoding()) // it was cut off, and begins anew
    else if (!derivation) continue
    else if (row.fingerprint === derivation.fingerprint && (row.plan === 'recompute') !== (derivation.isChosenWhole === true))
      changed.push(row.name) // its rows are laid out as they are by a plan that there is no more
    else if (row.fingerprint === derivation.fingerprint) live.set(key(row.kind, row.name), row)
    else if (promoted.get(row.name) !== derivation.fingerprint) changed.push(row.name)
    else statements.push(...derivation.unpublish(), ...concealed(row), ...dropVersion(row)) // the log has promoted the new one; a crash came before the swap
  }
  for (const derivation of definitions.derivations) {
    const last = derivation.kind === 'sql' || derivation.kind === 'fold' ? promoted.get(derivation.name) : undefined
    if (
      !live.has(key(derivation.kind, derivation.name)) &&
      last !== undefined &&
      last !== derivation.fingerprint &&
      !changed.includes(derivation.name)
    )
      changed.push(derivation.name)
  }
  if (changed.length > 0 && !tolerateChanged) throw changedError(changed)
  // Whoever tolerates changes replays one view of a project that is being worked on: it takes nothing else away.
  const removed = tolerateChanged ? [] : rows.filter((row) => row.state !== 'building' && !wanted.has(key(row.kind, row.name)))
  await announce(
    log,
    removed.filter((row) => row.kind === 'sql' || row.kind === 'fold').map((row) => ({ kind: 'removed' as const, view: row.name })),
  )
  for (const row of removed) statements.push(...(await forget(store, row)))
  const kept = new Set([...live.keys(), ...changed.flatMap((name) => ['view', 'history', 'table'].map((kind) => `${kind}:${name}`))])
  statements.push(...(await decodedBy(store, definitions, kept)))
  const aside = all.filter((row) => row.role !== 'public')
  return {
    ...(await create(store, log, definitions, position, all, { live, aside, changed, isAhead, drops: !tolerateChanged }, statements)),
    removed: removed.filter((row) => row.kind !== 'part').map((row) => row.name),
  }
}

/** The schemas to remember: all but those that a replay has yet to bring, since live views or changed ones were decoded by another. */
async function decodedBy(store: Store, definitions: Definitions, kept: ReadonlySet<string>): Promise<string[]> {
  const sources = [...definitions.sources.values()]
  const { changed, unknown } = await store.transaction((tx) => decodedSchemas(tx, sources))
  const isRead = (source: Source) =>
    definitions.derivations.some((derivation) => derivation.streams.has(source.name) && kept.has(key(derivation.kind, derivation.name)))
  return rememberSchemas(sources.filter((source) => unknown.has(source.name) || (changed.has(source.name) && !isRead(source))))
}

/** A version that nobody declares any more, with the names under which it was read (a history has several) and its dead letters. */
async function forget(store: Store, row: VersionRow): Promise<string[]> {
  const exposed = await store.transaction((tx) =>
    tx.all(`SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND contains(sql, ${text(ident(row.table))})`),
  )
  return [
    ...exposed.map((view) => `DROP VIEW IF EXISTS ${path(String(view.schema_name), String(view.view_name))}`),
    ...concealed(row),
    ...(isView(row.kind) ? ['main', relationSchema].map((schema) => `DROP VIEW IF EXISTS ${path(schema, row.name)}`) : []),
    ...dropVersion(row),
    `DELETE FROM _evert.dead_letters WHERE consumer = ${text(row.name)}`,
    `DELETE FROM _evert.counts WHERE consumer = ${text(row.name)}`,
  ]
}

interface Known {
  readonly live: ReadonlyMap<string, VersionRow>
  /** Versions beside the public ones. */
  readonly aside: readonly VersionRow[]
  /** Are those of them that cannot go on taken away? */
  readonly drops: boolean
  /** Views whose rows are of another definition: they are replaced by a replay, and by nothing else. */
  readonly changed: readonly string[]
  /** Is there so much before a view that it is better computed when all of it is kept? */
  readonly isAhead: (id: string) => boolean
}

async function create(
  store: Store,
  log: Log,
  definitions: Definitions,
  position: Position,
  rows: readonly VersionRow[],
  { live, aside, changed, isAhead, drops }: Known,
  statements: string[],
): Promise<Omit<Start, 'removed' | 'retired' | 'definitions'>> {
  const members: Member[] = []
  const left = new Set(await store.transaction(readFresh))
  const fresh: string[] = []
  const made: Derivation[] = []
  const toBuild: Derivation[] = []
  const failed = new Set<Derivation>()
  const joined = new Set<string>()
  const untouched = (name: string) => (position.get(definitions.sources.get(name)?.topic ?? '') ?? []).every((offset) => offset === 0n)
  const served = new Set(definitions.derivations)
  for (const derivation of definitions.all) {
    if (isView(derivation.kind) && !served.has(derivation)) {
      const other = aside.find((row) => row.state === 'live' && idOf(row) === derivation.id)
      if (!other || !derivation.reads.every((read) => joined.has(read))) continue
      members.push({ derivation, table: stateTable(other), isAside: true })
      joined.add(derivation.id)
      if (left.has(derivation.id)) fresh.push(derivation.id)
      continue
    }
    const row = live.get(key(derivation.kind, derivation.name))
    if (!row && !served.has(derivation)) continue
    if (row) {
      if (row.state !== 'live') {
        failed.add(derivation)
        continue // not served until it is replayed
      }
      members.push({ derivation, table: stateTable(row) })
      joined.add(derivation.id)
      if (left.has(derivation.id)) fresh.push(derivation.id)
    } else if (
      !changed.includes(derivation.name) &&
      [...derivation.streams.keys()].every(untouched) &&
      derivation.reads.every((read) => joined.has(read)) &&
      (derivation.byEvents || !isAhead(derivation.id))
    ) {
      const version: VersionRow = {
        name: derivation.name,
        kind: derivation.kind,
        fingerprint: derivation.fingerprint,
        table: freeTable(derivation.name, derivation.fingerprint, rows),
        state: 'live',
        error: null,
        plan: derivation.isChosenWhole === true ? 'recompute' : null,
        role: 'public',
      }
      const table = stateTable(version)
      statements.push(...derivation.create(table), ...derivation.expose(table), ...derivation.publish(), insertVersion(version, derivation))
      members.push({ derivation, table })
      joined.add(derivation.id)
      fresh.push(derivation.id)
      made.push(derivation)
    } else toBuild.push(derivation)
  }
  await announce(
    log,
    made
      .filter((derivation) => derivation.kind !== 'history' && derivation.kind !== 'table')
      .map((derivation) => ({
        kind: 'promoted' as const,
        view: derivation.name,
        version: derivation.fingerprint,
        source: derivation.source,
      })),
  )
  if (made.length > 0) statements.push(...writeFresh(fresh))
  // What is not kept up to date would be wrong from the next batch on.
  const lost = drops ? aside.filter((row) => row.state === 'building' || (row.state === 'live' && !joined.has(idOf(row)))) : []
  for (const row of lost) statements.push(...(row.state === 'building' ? dropBuild(row) : dropAside(row)))
  const points = await pointersOf(store)
  for (const { derivation, isAside } of members)
    if (isAside !== true && isView(derivation.kind) && points.get(derivation.name)?.includes(ident(derivation.id)) !== true)
      statements.push(...derivation.publish()) // a crash came between the log and the names
  if (statements.length > 0) await store.script(statements)
  return { position, members, fresh, toBuild: withFailedParts(definitions, toBuild, failed), discarded: lost.map(idOf) }
}

/** What the public names say, by name. */
async function pointersOf(store: Store): Promise<ReadonlyMap<string, string>> {
  const rows = await store.transaction((tx) =>
    tx.all("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' AND database_name = current_database()"),
  )
  return new Map(rows.map((row) => [String(row.view_name), String(row.sql)]))
}

/** A part that failed under other views is tried again for those that have come to need it. */
function withFailedParts(definitions: Definitions, toBuild: readonly Derivation[], failed: ReadonlySet<Derivation>): Derivation[] {
  const chosen = new Set(toBuild)
  const read = new Set(toBuild.flatMap((derivation) => derivation.reads))
  for (const derivation of definitions.derivations.toReversed()) {
    if (derivation.kind !== 'part' || !failed.has(derivation) || !read.has(derivation.id)) continue
    chosen.add(derivation)
    for (const name of derivation.reads) read.add(name)
  }
  return definitions.derivations.filter((derivation) => chosen.has(derivation))
}

/** Is there so much before a derivation, in all that it follows from, that it is better computed when that is there? */
async function aheadOf(log: Log, definitions: Definitions, position: Position, eventsMin: number): Promise<(id: string) => boolean> {
  const sources = [...definitions.sources.values()]
  const ends = await log.ends(sources.map((source) => source.topic))
  const waiting = (source: Source) =>
    positionSum(new Map([[source.topic, ends.get(source.topic) ?? []]])) -
    positionSum(new Map([[source.topic, position.get(source.topic) ?? []]]))
  const inputs = new Map<string, ReadonlySet<string>>()
  for (const { id, streams, reads } of definitions.derivations)
    inputs.set(id, new Set([...streams.keys(), ...reads.flatMap((read) => [...(inputs.get(read) ?? [])])]))
  return (id) => {
    const own = sources.filter((source) => inputs.get(id)?.has(source.name))
    return own.reduce((sum, source) => sum + waiting(source), 0n) > eventsMin
  }
}

function changedError(names: readonly string[]): EvertError {
  const list = [...new Set(names)]
  return new EvertError(
    'definition-changed',
    `What ${list.join(', ')} ${list.length > 1 ? 'are' : 'is'} declared as, or the schema that is read, has changed since the rows were built. Run \`evert apply\` to build all that differs beside what is served and move all names at once (\`evert plan\` shows it; \`evert replay ${list.join(' ')}\` where a schema has changed), or restore the declaration.`,
    { details: { views: list } },
  )
}

function key(kind: string, name: string): string {
  // A history and its stream's name may meet a view's only by mistake, which loading refuses; kinds keep them apart all the same.
  return `${isView(kind) ? 'view' : kind}:${name}`
}
