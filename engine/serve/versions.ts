import { path } from '../../connectors/store/quote.ts'
import type { Transaction } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { relationSchema } from '../compile/relations.ts'
import { idOf, isView, readAllVersions, type VersionRow } from '../run/registry.ts'
import { stateSizes } from '../run/state-sizes.ts'
import type { Core } from './core.ts'
import type { VersionInfo } from './versions-answer.ts'

/** Every version that is kept, view by view, the oldest first. Throws `view-unknown`. */
export async function listVersions(core: Core, view: string | undefined): Promise<readonly VersionInfo[]> {
  const reader = await core.store.reader()
  try {
    const rows = await versionsOf(reader, view)
    const sizes = await stateSizes(reader)
    const answer: VersionInfo[] = []
    for (const row of rows) {
      const [count] = row.state === 'live' ? await reader.all(`SELECT count(*) AS n FROM ${path(relationSchema, idOf(row))}`) : []
      answer.push({
        view: row.name,
        kind: row.kind === 'fold' ? 'fold' : 'sql',
        version: row.fingerprint,
        role: row.role,
        state: row.state,
        declared: core.declared.has(idOf(row)),
        rows: count === undefined ? null : Number(count.n),
        bytes: sizes.get(row.table)?.bytes ?? null,
        ...(row.error === null ? {} : { error: row.error }),
      })
    }
    return answer
  } finally {
    await reader.close()
  }
}

/** The versions of one view, or of all; those of one beside each other. Throws `view-unknown`. */
export async function versionsOf(tx: Transaction, view?: string): Promise<readonly VersionRow[]> {
  const rows = (await readAllVersions(tx)).filter(({ kind }) => isView(kind))
  const found = view === undefined ? rows : rows.filter(({ name }) => name.toLowerCase() === view.toLowerCase())
  if (view === undefined || found.length > 0) return found.toSorted((one, other) => compare(one.name, other.name))
  const known = [...new Set(rows.map(({ name }) => name))].toSorted(compare)
  throw new EvertError('view-unknown', `No version of a view named ${view} is kept. Views with versions: ${known.join(', ') || 'none'}.`)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
