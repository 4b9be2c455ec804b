import type { Log } from '../../connectors/log/log.ts'
import { text } from '../../connectors/store/quote.ts'
import type { Store, Transaction } from '../../connectors/store/store.ts'
import type { Source } from '../run/batch.ts'
import { announce } from '../run/control.ts'
import { crashPoint } from '../run/crash.ts'
import { buildingConsumer } from '../run/dead-letters.ts'
import { adoptDecoding } from '../run/decoded.ts'
import type { Loop } from '../run/loop.ts'
import { type Member, tableOf } from '../run/member.ts'
import {
  concealed,
  dropAside,
  dropTables,
  dropVersion,
  idOf,
  isView,
  readAllVersions,
  readFresh,
  setVersionState,
  stateTable,
  takeRole,
  type VersionRow,
  writeFresh,
  writePromotion,
} from '../run/registry.ts'
import { computeFromState } from './compute-from-state.ts'
import { differing } from './differing.ts'
import { inOrder, orphansOf } from './members.ts'
import { succession } from './succession.ts'

export interface SwapOptions {
  readonly store: Store
  readonly log: Log
  readonly loop: Loop
  /** The order of all members after the swap, by id. */
  readonly order: readonly string[]
  /** Streams that the built versions were decoded by another schema for than the live ones. */
  readonly redecoded: readonly Source[]
  /** See `BuildOptions`. */
  readonly keepsRows: boolean
  readonly keepPrevious: number
}

/** What was built, with its row in the registry. */
export interface BuiltVersion {
  readonly member: Member
  readonly row: VersionRow
}

/**
 * Between two live batches, so that the live views stand still: announce, then compute, repoint and drop in one transaction. The versions
 * that were public go on beside the new ones, as far as they can (`succession.ts`).
 */
export async function swap(built: readonly BuiltVersion[], options: SwapOptions): Promise<void> {
  const { store, log, loop, order, redecoded, keepPrevious } = options
  const members = built.map(({ member }) => member)
  const ids = new Set(members.map(({ derivation }) => derivation.id))
  crashPoint('swap-before-announce')
  const rows = (await store.transaction(readAllVersions)).filter((row) => row.state !== 'building')
  const found = { members: loop.members, rows, built: members, redecoded: new Set(redecoded.map(({ name }) => name)), keep: keepPrevious }
  const { previous, gone } = succession(found)
  const goneTables = new Set(gone.map(stateTable))
  const asideTables = new Set(previous.map(stateTable))
  const others = loop.members.filter((member) => !ids.has(member.derivation.id) && !goneTables.has(member.table))
  const left = [...others.map((member) => (asideTables.has(member.table) ? { ...member, isAside: true } : member)), ...members]
  // What a declared view needs stays, though the view may have failed, or is not replayed yet.
  const orphans = orphansOf(left).filter((member) => !order.includes(member.derivation.id))
  await store.transaction(async (tx) => {
    for (const row of previous) for (const statement of takeRole(row, 'previous')) await tx.run(statement)
    const changed = new Set<string>()
    for (const one of built) if (await takePlace(tx, one, rows, options)) changed.add(one.member.derivation.id)
    for (const source of redecoded) for (const statement of adoptDecoding(source)) await tx.run(statement)
    for (const member of followers(loop.members, changed, ids)) {
      for (const statement of [...dropTables(member.table), ...member.derivation.create(member.table)]) await tx.run(statement)
      await computeFromState(tx, member, loop)
    }
    for (const row of gone) {
      const isRepaired = ids.has(idOf(row)) // its names are the new one's now
      const statements = row.role === 'public' ? [...(isRepaired ? [] : concealed(row)), ...dropVersion(row)] : dropAside(row, isRepaired)
      for (const statement of statements) await tx.run(statement)
    }
    // One that failed when it joined was left to be computed: it is now.
    const fresh = (await readFresh(tx)).filter((id) => !ids.has(id) && gone.every((row) => idOf(row) !== id))
    for (const statement of writeFresh(fresh)) await tx.run(statement)
    for (const member of orphans)
      for (const statement of [...member.derivation.conceal(), ...dropVersion({ table: tableOf(member) })]) await tx.run(statement)
    const moved = members.flatMap(({ derivation: { name, fingerprint, kind } }) => {
      const from = rows.find((row) => row.name === name && row.role === 'public' && isView(row.kind))?.fingerprint ?? null
      return isView(kind) && from !== fingerprint ? [{ name, from, to: fingerprint }] : []
    })
    if (moved.length > 0) for (const statement of writePromotion(moved)) await tx.run(statement)
    // The log learns of it before the store does; a crash between the two makes the next start build it again.
    await announce(
      log,
      members
        .map(({ derivation }) => derivation)
        .filter(({ kind }) => isView(kind))
        .map(({ name, fingerprint, source }) => ({ kind: 'promoted' as const, view: name, version: fingerprint, source })),
    )
    crashPoint('swap-after-announce')
  })
  crashPoint('swap-after-commit')
  loop.setMembers(
    inOrder(
      left.filter((member) => !orphans.includes(member)),
      order,
    ),
  )
}

/** The public names are pointed at it. Have its rows become others than those of the version in whose place it comes? */
async function takePlace(
  tx: Transaction,
  { member, row }: BuiltVersion,
  rows: readonly VersionRow[],
  { loop, keepsRows }: SwapOptions,
): Promise<boolean> {
  const { derivation } = member
  if (!derivation.byEvents) await computeFromState(tx, member, loop)
  const isRepaired = rows.some((old) => idOf(old) === derivation.id)
  const differ = keepsRows && isRepaired ? await differing(tx, derivation.id) : undefined
  for (const statement of [...derivation.expose(stateTable(row)), ...derivation.publish()]) await tx.run(statement)
  const isChanged = differ === undefined || (await differ())
  const [own, building] = [text(derivation.name), text(buildingConsumer(derivation.name))]
  for (const statement of [
    setVersionState(row.table, 'live'),
    ...['dead_letters', 'counts'].flatMap((table) => [
      `DELETE FROM _evert.${table} WHERE consumer = ${own}`,
      `UPDATE _evert.${table} SET consumer = ${own} WHERE consumer = ${building}`,
    ]),
  ])
    await tx.run(statement)
  return isChanged
}

/** Live views over the changed ones that are not built anew themselves: they follow in the same transaction. */
function followers(members: readonly Member[], changed: ReadonlySet<string>, built: ReadonlySet<string>): readonly Member[] {
  const ids = new Set(changed)
  return members.filter(({ derivation }) => {
    const isFollower = !built.has(derivation.id) && !derivation.byEvents && derivation.reads.some((read) => ids.has(read))
    if (isFollower) ids.add(derivation.id)
    return isFollower
  })
}
