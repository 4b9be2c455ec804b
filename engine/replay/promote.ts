import type { Log } from '../../connectors/log/log.ts'
import { path } from '../../connectors/store/quote.ts'
import type { Store } from '../../connectors/store/store.ts'
import { relationSchema } from '../compile/relations.ts'
import { announce } from '../run/control.ts'
import { crashPoint } from '../run/crash.ts'
import type { Loop } from '../run/loop.ts'
import { dropAside, exchangeRoles, idOf, readAllVersions, takeRole, type VersionRow, writePromotion } from '../run/registry.ts'
import { orphansOf } from './members.ts'

interface Options {
  readonly store: Store
  readonly log: Log
  readonly loop: Loop
}

/**
 * Points the public names at these versions, which are kept beside the present ones, in one transaction between two batches: they stand at the
 * same position, so no reader waits and none sees two of them. The log learns of it before the store does; the next start finishes what a
 * crash cut off between the two.
 */
export async function promote(
  rows: readonly VersionRow[],
  { store, log, loop, isBack }: Options & { readonly isBack: boolean },
): Promise<void> {
  const ids = new Set(rows.map(idOf))
  const names = new Set(rows.map(({ name }) => name))
  const chosen = loop.members.filter(({ derivation }) => ids.has(derivation.id))
  await store.transaction(async (tx) => {
    const all = await readAllVersions(tx)
    for (const row of rows) {
      const other = all.find((one) => one.name === row.name && one.role === 'public' && one.state !== 'building')
      for (const statement of exchangeRoles(row, other, isBack)) await tx.run(statement)
    }
    const from = (name: string) => all.find((one) => one.name === name && one.role === 'public')?.fingerprint ?? null
    const moved = rows.map(({ name, fingerprint }) => ({ name, from: from(name), to: fingerprint }))
    // One does not go back to where one came back from.
    for (const statement of writePromotion(isBack ? [] : moved)) await tx.run(statement)
    for (const { derivation } of chosen) for (const statement of derivation.publish()) await tx.run(statement)
    await announce(
      log,
      chosen.map(({ derivation: { name, fingerprint, source } }) => ({
        kind: 'promoted' as const,
        view: name,
        version: fingerprint,
        source,
      })),
    )
    crashPoint('promote-after-announce')
  })
  crashPoint('promote-after-commit')
  loop.setMembers(
    loop.members.map((member) => {
      const { derivation, table } = member
      if (ids.has(derivation.id)) return { derivation, table }
      const isReplaced = names.has(derivation.name) && (derivation.kind === 'sql' || derivation.kind === 'fold')
      return isReplaced ? { ...member, isAside: true } : member
    }),
  )
}

/** Takes the public names of views away that are not declared any more; their versions are previous ones from then on. Between two batches. */
export async function retire(rows: readonly VersionRow[], { store, log, loop }: Options): Promise<void> {
  const ids = new Set(rows.map(idOf))
  await store.transaction(async (tx) => {
    for (const row of rows) {
      const names = [relationSchema, 'main'].map((schema) => `DROP VIEW IF EXISTS ${path(schema, row.name)}`)
      for (const statement of [...takeRole(row, 'previous'), ...names]) await tx.run(statement)
    }
    await announce(
      log,
      rows.map(({ name }) => ({ kind: 'removed' as const, view: name })),
    )
  })
  loop.setMembers(loop.members.map((member) => (ids.has(member.derivation.id) ? { ...member, isAside: true } : member)))
}

/**
 * Takes versions away on which nobody is built, and that no public name points at, with the parts that they alone needed (`needed` ones stay);
 * between two batches.
 */
export async function discard(
  rows: readonly VersionRow[],
  { store, loop, needed }: Pick<Options, 'store' | 'loop'> & { readonly needed: ReadonlySet<string> },
): Promise<void> {
  const ids = new Set(rows.map(idOf))
  const left = loop.members.filter(({ derivation }) => !ids.has(derivation.id))
  const orphans = new Set(orphansOf(left).filter(({ derivation }) => !needed.has(derivation.id)))
  const names = new Set([...orphans].map(({ derivation }) => derivation.id))
  await store.transaction(async (tx) => {
    const parts = (await readAllVersions(tx)).filter(({ kind, name }) => kind === 'part' && names.has(name))
    for (const row of [...rows, ...parts]) for (const statement of dropAside(row)) await tx.run(statement)
    crashPoint('discard-before-commit')
  })
  loop.setMembers(left.filter((member) => !orphans.has(member)))
}
