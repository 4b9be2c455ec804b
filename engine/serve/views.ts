import { path } from '../../connectors/store/quote.ts'
import type { Transaction } from '../../connectors/store/store.ts'
import { relationSchema, shownName } from '../compile/relations.ts'
import type { Derivation } from '../run/derivation.ts'
import { idOf, readPosition, type VersionRow } from '../run/registry.ts'
import type { Core } from './core.ts'
import { type Facts, gatherFacts } from './explain-facts.ts'
import { type Growth, growthOfView } from './explain-growth.ts'
import { warningsOf } from './explain-warnings.ts'
import { positionJson } from './position.ts'
import type { PositionJson, SharedPart, ViewInfo } from './service.ts'
import { isChanged, storedVersion } from './stored.ts'

/** Every derivation of the project with its version, state and size, all at one position. */
export async function listViews(core: Core): Promise<readonly ViewInfo[]> {
  const reader = await core.store.reader()
  try {
    return await viewInfos(core, reader, await gatherFacts(core, reader))
  } finally {
    await reader.close()
  }
}

/** The same with what has been gathered already. */
export async function viewInfos(core: Core, reader: Transaction, facts: Facts): Promise<readonly ViewInfo[]> {
  const position = positionJson(core, (await readPosition(reader)).position)
  const answer: ViewInfo[] = []
  for (const derivation of core.definitions.derivations) {
    if (derivation.kind === 'part') continue // it has no name to ask for
    const row = storedVersion(facts.versions, derivation)
    const [count] = row?.state === 'live' ? await reader.all(`SELECT count(*) AS n FROM ${path(relationSchema, idOf(row))}`) : []
    answer.push(infoOf(core, facts, derivation, { row, rows: count === undefined ? null : Number(count.n), position }))
  }
  return answer
}

interface Found {
  readonly row: VersionRow | undefined
  readonly rows: number | null
  readonly position: PositionJson
}

function infoOf(core: Core, facts: Facts, derivation: Derivation, { row, rows, position }: Found): ViewInfo {
  const { definitions } = core
  const plan = derivation.kind === 'sql' ? definitions.plans.get(derivation.id) : undefined
  const reads = plan ? plan.reads.map((read) => shownName(read.relation)) : derivation.kind === 'fold' ? [...derivation.streams.keys()] : []
  const parts = plan?.parts ?? []
  const own = facts.sizeOf(derivation.id)
  const shared = parts.flatMap((part): SharedPart[] => {
    const others = facts.usersOf(part.name).filter((user) => user !== derivation.name)
    return others.length === 0 ? [] : [{ part: part.name, bytes: facts.sizeOf(part.name)?.bytes ?? 0, with: others }]
  })
  const growth: Growth = plan ? growthOfView(plan.id, facts.inParts) : derivation.kind === 'history' ? 'events' : 'keys'
  return {
    name: derivation.name,
    kind: derivation.kind === 'history' ? 'stream' : derivation.kind === 'part' ? 'sql' : derivation.kind,
    strategy: derivation.strategy,
    reason: derivation.reason,
    reads,
    columns: definitions.catalog.get(derivation.name.toLowerCase())?.columns ?? derivation.columns,
    version: row?.fingerprint ?? derivation.fingerprint,
    state: row?.state ?? 'not built',
    ...(row !== undefined && isChanged(row, derivation) ? { changed: true } : {}),
    ...(row?.error == null ? {} : { error: row.error }),
    rows,
    position,
    bytes: own === undefined ? null : own.bytes + parts.reduce((sum, part) => sum + (facts.sizeOf(part.name)?.bytes ?? 0), 0),
    shared,
    growth,
    warnings: plan ? warningsOf(plan, facts) : [],
  }
}
