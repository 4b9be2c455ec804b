import { path, text } from '../../connectors/store/quote.ts'
import type { Store, Transaction } from '../../connectors/store/store.ts'
import { markedRelation } from '../compile/algebra/feed.ts'
import { exactQuotientDdl } from '../compile/exact-quotient.ts'
import { relationSchema, versionId } from '../compile/relations.ts'
import type { Position } from './batch.ts'
import { buildingConsumer } from './dead-letters.ts'
import type { Derivation, FoldCode } from './derivation.ts'

/** What the store's file says of one version. */
export interface VersionRow {
  readonly name: string
  readonly kind: string
  readonly fingerprint: string
  /** Table in the schema `_state`. */
  readonly table: string
  readonly state: 'live' | 'building' | 'failed'
  readonly error: string | null
  /** How the engine has chosen to keep it: `recompute`, or in parts. A start goes on as it was. */
  readonly plan: 'recompute' | null
  /** The public name points at it; it did before; it may, when it is promoted. What is no view is always public. */
  readonly role: 'public' | 'previous' | 'ready'
}

/** Makes Evert's own tables; harmless when they are there. */
export async function initialize(store: Store): Promise<void> {
  await store.script([
    ...exactQuotientDdl(),
    `CREATE SCHEMA IF NOT EXISTS ${path(relationSchema)}`,
    'CREATE SCHEMA IF NOT EXISTS _state',
    'CREATE TABLE IF NOT EXISTS _evert.meta (key VARCHAR, value VARCHAR)',
    'CREATE TABLE IF NOT EXISTS _evert.positions (topic VARCHAR, topic_id VARCHAR, partition INTEGER, next BIGINT, events BIGINT, dead BIGINT, skipped BIGINT, committed_at TIMESTAMPTZ)',
    'CREATE TABLE IF NOT EXISTS _evert.versions (name VARCHAR, kind VARCHAR, fingerprint VARCHAR, "table" VARCHAR, state VARCHAR, error VARCHAR, source VARCHAR)',
    'ALTER TABLE _evert.versions ADD COLUMN IF NOT EXISTS plan VARCHAR',
    "ALTER TABLE _evert.versions ADD COLUMN IF NOT EXISTS role VARCHAR DEFAULT 'public'",
    'ALTER TABLE _evert.versions ADD COLUMN IF NOT EXISTS views VARCHAR',
    'ALTER TABLE _evert.versions ADD COLUMN IF NOT EXISTS code VARCHAR',
    'CREATE TABLE IF NOT EXISTS _evert.counts (consumer VARCHAR, stream VARCHAR, "read" BIGINT, applied BIGINT, dead BIGINT, skipped BIGINT)',
    'CREATE TABLE IF NOT EXISTS _evert.dead_letters (consumer VARCHAR, stream VARCHAR, partition INTEGER, "offset" BIGINT, type VARCHAR, key VARCHAR, reason VARCHAR, value BLOB, "at" TIMESTAMPTZ)',
  ])
}

/** What the public names point at, and what is being built in its place. */
export async function readVersions(tx: Transaction): Promise<readonly VersionRow[]> {
  return (await readAllVersions(tx)).filter(({ role }) => role === 'public')
}

/** Those beside the public ones as well. */
export async function readAllVersions(tx: Transaction): Promise<readonly VersionRow[]> {
  return (await tx.all(
    'SELECT name, kind, fingerprint, "table", state, error, plan, role FROM _evert.versions ORDER BY rowid',
  )) as unknown as readonly VersionRow[]
}

/** What a version follows from, to be compiled again: its text, and the ids of the views that this names. */
export interface VersionText {
  readonly source: string
  readonly views: readonly string[]
  /** Of a fold. */
  readonly code?: FoldCode
}

/** By the version's table. */
export async function readTexts(tx: Transaction): Promise<ReadonlyMap<string, VersionText>> {
  const rows = await tx.all('SELECT "table", source, views, code FROM _evert.versions')
  return new Map(
    rows.map(({ table, source, views, code }) => [
      String(table),
      {
        source: String(source ?? ''),
        views: JSON.parse(String(views ?? '[]')) as string[],
        ...(code == null ? {} : { code: JSON.parse(String(code)) as FoldCode }),
      },
    ]),
  )
}

export function stateTable(row: Pick<VersionRow, 'table'>): string {
  return path('_state', row.table)
}

export function insertVersion(row: VersionRow, { source, views = [], code }: Pick<Derivation, 'source' | 'views' | 'code'>): string {
  return `INSERT INTO _evert.versions VALUES (${[row.name, row.kind, row.fingerprint, row.table, row.state].map(text).join(', ')}, ${row.error === null ? 'NULL' : text(row.error)}, ${text(source)}, ${row.plan === null ? 'NULL' : text(row.plan)}, ${text(row.role)}, ${text(JSON.stringify(views))}, ${code === undefined ? 'NULL' : text(JSON.stringify(code))})`
}

export function setVersionState(table: string, state: VersionRow['state'], error: string | null = null): string {
  return `UPDATE _evert.versions SET state = ${text(state)}, error = ${error === null ? 'NULL' : text(error)} WHERE "table" = ${text(table)}`
}

/** Statements that give a version another role; its dead letters and counts go with it, under the view's name while it is public. */
export function takeRole(row: VersionRow, role: VersionRow['role']): string[] {
  const consumer = (of: VersionRow['role']) => text(of === 'public' ? row.name : idOf(row))
  return [
    `UPDATE _evert.versions SET role = ${text(role)} WHERE "table" = ${text(row.table)}`,
    ...['dead_letters', 'counts'].map(
      (table) => `UPDATE _evert.${table} SET consumer = ${consumer(role)} WHERE consumer = ${consumer(row.role)}`,
    ),
  ]
}

/** Statements that make a version public in another's place. `isBack`: the other can be promoted again; else it is a previous one now. */
export function exchangeRoles(row: VersionRow, other: VersionRow | undefined, isBack: boolean): string[] {
  return [...(other ? takeRole(other, isBack ? 'ready' : 'previous') : []), ...takeRole(row, 'public')]
}

/** Quoted schema of the further tables that belong to a version's table (a quoted name). */
export function sideTable(table: string): string {
  return `"sides of ${table.slice(table.indexOf('.') + 1).replaceAll('"', '')}"`
}

/** Statements that take a version's tables away. */
export function dropTables(table: string): string[] {
  return [`DROP TABLE IF EXISTS ${table}`, `DROP SCHEMA IF EXISTS ${sideTable(table)} CASCADE`]
}

export function isView(kind: string): boolean {
  return kind === 'sql' || kind === 'fold'
}

/** See `Derivation.id`. */
export function idOf({ name, kind, fingerprint }: Pick<VersionRow, 'name' | 'kind' | 'fingerprint'>): string {
  return isView(kind) ? versionId(name, fingerprint) : name
}

/** Statements that take away the names by which others read a version of a view or a part. */
export function concealed(row: VersionRow): string[] {
  if (row.kind !== 'part' && !isView(row.kind)) return []
  return [idOf(row), markedRelation(idOf(row))].map((name) => `DROP VIEW IF EXISTS ${path(relationSchema, name)}`)
}

export function dropVersion(row: Pick<VersionRow, 'table'>): string[] {
  return [`DELETE FROM _evert.versions WHERE "table" = ${text(row.table)}`, ...dropTables(stateTable(row))]
}

/** A version beside the public one, with its dead letters; nobody is built on it. `isRepaired`: another of the same id has its names. */
export function dropAside(row: VersionRow, isRepaired = false): string[] {
  return [
    ...(isRepaired ? [] : concealed(row)),
    ...dropVersion(row),
    ...['dead_letters', 'counts'].map((table) => `DELETE FROM _evert.${table} WHERE consumer = ${text(idOf(row))}`),
  ]
}

/** A version that was not finished, with the dead letters that it had so far. */
export function dropBuild(row: Pick<VersionRow, 'table' | 'name'>): string[] {
  const consumer = text(buildingConsumer(row.name))
  return [
    ...dropVersion(row),
    `DELETE FROM _evert.dead_letters WHERE consumer = ${consumer}`,
    `DELETE FROM _evert.counts WHERE consumer = ${consumer}`,
  ]
}

/** A table name that no version has: a rebuild of the same definition gets a number. */
export function freeTable(name: string, fingerprint: string, taken: readonly VersionRow[]): string {
  const used = new Set(taken.map((row) => row.table))
  for (let n = 1; ; n++) {
    const table = n === 1 ? `${name}@${fingerprint}` : `${name}@${fingerprint}.${n}`
    if (!used.has(table)) return table
  }
}

export interface StoredPosition {
  readonly position: Position
  readonly topicIds: ReadonlyMap<string, string>
}

export async function readPosition(tx: Transaction): Promise<StoredPosition> {
  const rows = await tx.all('SELECT topic, topic_id, partition, next FROM _evert.positions ORDER BY topic, partition')
  const position = new Map<string, bigint[]>()
  const topicIds = new Map<string, string>()
  for (const row of rows) {
    const topic = String(row.topic)
    const offsets = position.get(topic) ?? []
    offsets[Number(row.partition)] = BigInt(row.next as bigint)
    position.set(topic, offsets)
    topicIds.set(topic, String(row.topic_id))
  }
  return { position, topicIds }
}

export function insertPosition(topic: string, topicId: string, partition: number): string {
  return `INSERT INTO _evert.positions VALUES (${text(topic)}, ${text(topicId)}, ${partition}, 0, 0, 0, 0, NULL)`
}

export async function readMeta(tx: Transaction, key: string): Promise<string | undefined> {
  const [row] = await tx.all(`SELECT value FROM _evert.meta WHERE key = ${text(key)}`)
  return row === undefined ? undefined : String(row.value)
}

/** Views that have joined and were not computed yet: kept, so that a crash in between does not leave them empty. */
export async function readFresh(tx: Transaction): Promise<readonly string[]> {
  return JSON.parse((await readMeta(tx, freshKey)) ?? '[]') as string[]
}

export function writeFresh(names: readonly string[]): string[] {
  return writeMeta(freshKey, JSON.stringify(names))
}

/** One view's pointer, moved. */
export interface Promotion {
  readonly name: string
  /** Fingerprints; null: there was none before. */
  readonly from: string | null
  readonly to: string
}

/** What was promoted last, together: `evert rollback` goes back by it. */
export async function readPromotion(tx: Transaction): Promise<readonly Promotion[]> {
  return JSON.parse((await readMeta(tx, promotionKey)) ?? '[]') as Promotion[]
}

export function writePromotion(promotions: readonly Promotion[]): string[] {
  return writeMeta(promotionKey, JSON.stringify(promotions))
}

const promotionKey = 'promotion'
const freshKey = 'fresh'

export function writeMeta(key: string, value: string): string[] {
  return [`DELETE FROM _evert.meta WHERE key = ${text(key)}`, `INSERT INTO _evert.meta VALUES (${text(key)}, ${text(value)})`]
}
