import { path } from '../../connectors/store/quote.ts'
import { relationSchema } from '../compile/relations.ts'
import type { Derivation } from '../run/derivation.ts'
import { readPosition, readVersions } from '../run/registry.ts'
import type { Core } from './core.ts'
import { positionJson } from './position.ts'
import type { PositionJson, ViewInfo } from './service.ts'
import { isChanged, storedVersion } from './stored.ts'

/** Every derivation of the project with its version, state and size, all at one position. */
export async function listViews(core: Core): Promise<readonly ViewInfo[]> {
  const reader = await core.store.reader()
  try {
    const versions = await readVersions(reader)
    const { position } = await readPosition(reader)
    const answer: ViewInfo[] = []
    for (const derivation of core.definitions.derivations) {
      if (derivation.kind === 'part') continue // it has no name to ask for
      const row = storedVersion(versions, derivation)
      const live = row?.state === 'live'
      const [count] = live ? await reader.all(`SELECT count(*) AS n FROM ${path(relationSchema, derivation.name)}`) : []
      answer.push(
        infoOf(core, derivation, {
          state: row?.state ?? 'not built',
          version: row?.fingerprint ?? derivation.fingerprint,
          error: row?.error ?? undefined,
          changed: row !== undefined && isChanged(row, derivation),
          rows: count === undefined ? null : Number(count.n),
          position: positionJson(core, position),
        }),
      )
    }
    return answer
  } finally {
    await reader.close()
  }
}

interface Found {
  readonly state: ViewInfo['state']
  readonly version: string
  readonly error: string | undefined
  readonly changed: boolean
  readonly rows: number | null
  readonly position: PositionJson
}

function infoOf(core: Core, derivation: Derivation, found: Found): ViewInfo {
  const plan = derivation.kind === 'sql' ? core.definitions.plans.get(derivation.name) : undefined
  const reads = plan ? plan.reads.map((read) => read.relation.name) : derivation.kind === 'fold' ? [...derivation.streams.keys()] : []
  return {
    name: derivation.name,
    kind: derivation.kind === 'history' ? 'stream' : derivation.kind === 'part' ? 'sql' : derivation.kind,
    strategy: derivation.strategy,
    reason: derivation.reason,
    reads,
    columns: core.definitions.catalog.get(derivation.name.toLowerCase())?.columns ?? derivation.columns,
    version: found.version,
    state: found.state,
    ...(found.changed ? { changed: true } : {}),
    ...(found.error === undefined ? {} : { error: found.error }),
    rows: found.rows,
    position: found.position,
  }
}
