import type { Derivation } from '../run/derivation.ts'
import type { VersionRow } from '../run/registry.ts'

/** What the store's file holds of a derivation: the version that is served or has failed, else the one that is being built. */
export function storedVersion(versions: readonly VersionRow[], derivation: Derivation): VersionRow | undefined {
  const own = versions.filter((row) => row.name === derivation.name && kindOf(row.kind) === kindOf(derivation.kind))
  return own.find((row) => row.state !== 'building') ?? own[0]
}

/** Whether the rows of a version were built from another definition than the one that is declared now. */
export function isChanged(row: VersionRow, derivation: Derivation): boolean {
  // A build that was begun for another definition has no rows yet: nobody was told anything by them.
  return row.state !== 'building' && row.fingerprint !== derivation.fingerprint
}

/** A view may become a fold, or a fold a view, under the same name: both are what readers call a view. */
function kindOf(kind: string): string {
  return kind === 'fold' || kind === 'sql' ? 'view' : kind
}
