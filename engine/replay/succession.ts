import type { Member } from '../run/member.ts'
import { idOf, isView, type VersionRow } from '../run/registry.ts'

/** What a swap finds. */
export interface Found {
  /** All that are kept up to date. */
  readonly members: readonly Member[]
  /** All versions but those that are being built. */
  readonly rows: readonly VersionRow[]
  /** What comes into its place. */
  readonly built: readonly Member[]
  /** Streams that are decoded by another schema from now on. */
  readonly redecoded: ReadonlySet<string>
  /** Previous versions of a view that go on being kept. */
  readonly keep: number
}

/** Which of what was there goes on beside the new versions, and which goes. */
export interface Succession {
  /** Public until now. */
  readonly previous: readonly VersionRow[]
  readonly gone: readonly VersionRow[]
}

/**
 * A view's version that another replaces goes on, so that one can go back to it at once. Not so one that failed, one of the same definition
 * (which was repaired), one that stands on events that are decoded otherwise now, and more than `keep` of them, unless another is built on them.
 */
export function succession({ members, rows, built, redecoded, keep }: Found): Succession {
  const ids = new Set(built.map(({ derivation }) => derivation.id))
  const names = new Map(built.map(({ derivation }) => [nameOf(derivation), derivation]))
  const replaced = rows.filter((row) => ids.has(idOf(row)) || (row.role === 'public' && names.has(nameOf(row))))
  const byId = new Map(members.map((member) => [member.derivation.id, member]))
  // A stream's history or a table has one version: what was read of the one before is not there any more.
  const lost = new Set(replaced.filter((row) => !isView(row.kind) && names.get(nameOf(row))?.fingerprint !== row.fingerprint).map(idOf))
  const standsOn = (id: string): boolean => {
    const derivation = byId.get(id)?.derivation
    if (!derivation || lost.has(id) || [...derivation.streams.keys()].some((stream) => redecoded.has(stream))) return false
    return derivation.reads.every((read) => !lost.has(read) && (ids.has(read) || standsOn(read)))
  }
  const goesOn = (row: VersionRow) => keep > 0 && isView(row.kind) && row.state === 'live' && !ids.has(idOf(row)) && standsOn(idOf(row))
  const previous = replaced.filter(goesOn)
  const aside = rows.filter((row) => row.role !== 'public' && !ids.has(idOf(row)))
  const superseded = new Set(replaced.filter((row) => isView(row.kind) && !ids.has(idOf(row))).map(({ name }) => name))
  const isBeyond = (row: VersionRow, at: number): boolean => {
    const later = [...aside.slice(at + 1), ...previous].filter((one) => one.role !== 'ready' && one.name === row.name)
    return row.role === 'previous' && superseded.has(row.name) && later.length >= keep
  }
  const beyond = aside.filter((row, at) => (row.state === 'live' && !standsOn(idOf(row))) || isBeyond(row, at))
  const gone = [...replaced.filter((row) => !previous.includes(row)), ...unread(beyond, members, new Set(replaced.map(idOf)))]
  return { previous, gone }
}

/** Those on which nothing else is built: who is built on one that goes, goes as well or keeps it. */
export function unread(
  rows: readonly VersionRow[],
  members: readonly Member[],
  going: ReadonlySet<string> = new Set(),
): readonly VersionRow[] {
  const ids = new Set([...rows.map(idOf), ...going])
  const needed = new Set<string>()
  for (const { derivation } of members.toReversed())
    if (derivation.kind === 'part' ? needed.has(derivation.id) : !ids.has(derivation.id))
      for (const read of derivation.reads) needed.add(read)
  const left = rows.filter((row) => !needed.has(idOf(row)))
  return left.length === rows.length ? left : unread(left, members, going)
}

function nameOf({ name, kind }: { readonly name: string; readonly kind: string }): string {
  return `${isView(kind) ? 'view' : kind}:${name}`
}
