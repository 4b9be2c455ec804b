import type { Derivation } from '../run/derivation.ts'
import type { VersionRow } from '../run/registry.ts'

/** How a project's declarations differ from what is kept. */
export interface Change {
  readonly name: string
  readonly kind: Exclude<Derivation['kind'], 'part'>
  /** `lost`: its version was promoted, and the store has no rows of it: they are built again. */
  readonly change: 'added' | 'changed' | 'removed' | 'lost'
  readonly because: readonly Because[]
  readonly before?: VersionRow
  readonly after?: Derivation
}

export type Because =
  | { readonly what: 'definition' }
  | { readonly what: 'schema'; readonly of: string }
  | { readonly what: 'input'; readonly of: string }
  /** The same text is kept in another way: Evert itself has changed. */
  | { readonly what: 'release' }

export interface Compared {
  /** What the project declares, in order of dependence. */
  readonly derivations: readonly Derivation[]
  readonly versions: readonly VersionRow[]
  /** See `promotedVersions`. */
  readonly promoted: ReadonlyMap<string, string>
  /** Streams and tables that were decoded by another schema. */
  readonly moved: ReadonlySet<string>
  /** Is the definition that a version was built from the declared one, formatting and comments aside? */
  readonly isSameText: (before: VersionRow, after: Derivation) => boolean
}

/**
 * All that differs, in order of dependence; what is removed comes last. Parts have no names of their own: they follow their views. A version
 * that is equal but failed is no change: a replay repairs it.
 */
export function changesOf({ derivations, versions, promoted, moved, isSameText }: Compared): readonly Change[] {
  const shown = derivations.filter(({ kind }) => kind !== 'part')
  const kept = versions.filter(({ state, kind }) => state !== 'building' && kind !== 'part')
  const changed = new Set<string>()
  const changes: Change[] = []
  for (const after of shown) {
    const before = kept.find((row) => row.name === after.name && sameKind(row.kind, after.kind))
    const { name, kind } = after
    const last = isView(kind) ? promoted.get(name) : undefined
    const add = (change: Change['change'], because: readonly Because[]) => {
      changed.add(name)
      changes.push({ name, kind: kind as Change['kind'], change, because, ...(before ? { before } : {}), after })
    }
    if (before?.fingerprint === after.fingerprint) continue
    if (last === after.fingerprint) add('lost', [])
    else if (before === undefined && last === undefined) add('added', [])
    else add('changed', reasons(before, after))
  }
  const removed = kept.filter((row) => !shown.some((one) => one.name === row.name && sameKind(one.kind, row.kind)))
  return [
    ...changes,
    ...removed.map((before) => ({
      name: before.name,
      kind: before.kind as Change['kind'],
      change: 'removed' as const,
      because: [],
      before,
    })),
  ]

  function reasons(before: VersionRow | undefined, after: Derivation): readonly Because[] {
    const inputs = viewsRead(after).filter((name) => changed.has(name))
    const schemas = sourcesRead(after).filter((name) => moved.has(name))
    const isOwn = before !== undefined && isView(after.kind) && !isSameText(before, after)
    const found: readonly Because[] = [
      ...(isOwn ? [{ what: 'definition' as const }] : []),
      ...schemas.map((of) => ({ what: 'schema' as const, of })),
      ...inputs.map((of) => ({ what: 'input' as const, of })),
    ]
    if (found.length > 0) return found
    return [{ what: before === undefined ? 'definition' : 'release' }]
  }

  /** Views and folds that it reads, parts on the way left out. */
  function viewsRead(one: Derivation): readonly string[] {
    return through(one).flatMap((read) => (isView(read.kind) ? [read.name] : []))
  }

  /** Streams and tables whose events it, its parts, or what is kept of them for it, are made from. */
  function sourcesRead(one: Derivation): readonly string[] {
    const all = [one, ...through(one).filter(({ kind }) => !isView(kind))]
    return [...new Set(all.flatMap((each) => [...each.streams.keys()]))]
  }

  /** What it reads, and what the parts among that read. */
  function through(one: Derivation): readonly Derivation[] {
    return one.reads.flatMap((id) => {
      const read = derivations.find((each) => each.id === id)
      if (!read) return []
      return read.kind === 'part' ? [read, ...through(read)] : [read]
    })
  }
}

function isView(kind: string): boolean {
  return kind === 'sql' || kind === 'fold'
}

function sameKind(one: string, other: string): boolean {
  return one === other || (isView(one) && isView(other))
}
