import type { Transaction } from '../../connectors/store/store.ts'
import type { ViewPlan } from '../compile/plan.ts'
import type { MeasuredBatch } from '../run/measurements.ts'
import { readVersions, type VersionRow } from '../run/registry.ts'
import { type StateSize, stateSizes } from '../run/state-sizes.ts'
import type { Core } from './core.ts'
import { storedVersion } from './stored.ts'

/** What is known of a project's views beside their text, at one position. */
export interface Facts {
  /** By id. */
  readonly plans: ReadonlyMap<string, ViewPlan>
  /** The same with every view in parts: how state grows follows from the SELECT, whichever plan is chosen. */
  readonly inParts: ReadonlyMap<string, ViewPlan>
  /** Those beside the public ones as well: a view may read one that is not public any more. */
  readonly known: ReadonlyMap<string, ViewPlan>
  readonly versions: readonly VersionRow[]
  /** Of the stored version of a view, part, table, fold or history; undefined where nothing is built. */
  sizeOf(id: string): StateSize | undefined
  /** Views whose plan has this part. */
  usersOf(part: string): readonly string[]
  /** The last batches, oldest first; none where no engine runs. */
  batchesOf(id: string): readonly MeasuredBatch[]
}

/** Reads sizes and versions; the measurements are this process's own. */
export async function gatherFacts(core: Core, reader: Transaction): Promise<Facts> {
  const { plans, derivations } = core.definitions
  const versions = await readVersions(reader)
  const bySize = await stateSizes(reader)
  const sizes = new Map(
    derivations.flatMap((derivation) => {
      const row = storedVersion(versions, derivation)
      const size = row?.state === 'live' ? bySize.get(row.table) : undefined
      return size ? [[derivation.id, size] as const] : []
    }),
  )
  const users = new Map<string, string[]>()
  for (const plan of plans.values()) for (const part of plan.parts) users.set(part.name, [...(users.get(part.name) ?? []), plan.name])
  return {
    plans,
    inParts: core.definitions.inParts.plans,
    known: core.definitions.compiled.plans,
    versions,
    sizeOf: (id) => sizes.get(id),
    usersOf: (part) => users.get(part) ?? [],
    batchesOf: (id) => core.loop?.measurements.of(id) ?? [],
  }
}
