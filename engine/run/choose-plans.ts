import type { Transaction } from '../../connectors/store/store.ts'
import { limits } from '../../limits.ts'
import type { ViewPlan } from '../compile/plan.ts'
import { type Definitions, withWhole } from './assemble.ts'
import { idOf, readAllVersions, stateTable, type VersionRow } from './registry.ts'

export interface Choice {
  /** Versions that go on as they are kept; for all others it is chosen anew. */
  readonly goesOn: (row: VersionRow) => boolean
  /** So much waits before the view that its inputs are not yet what they will be: it is kept in parts. */
  readonly isAhead?: (id: string) => boolean
  /** Default `limits.recomputeRowsMax`; 0: everything is kept in parts. */
  readonly rowsMax?: number | undefined
  /** Default `limits.recomputePartsMin`. */
  readonly partsMin?: number | undefined
}

/**
 * The definitions as they are to be kept: views that are there as the registry says, new ones over few rows as a whole that is computed
 * anew. It is a choice of cost alone, made when a version comes to be, and changed by `Replanner` only.
 */
export async function choosePlans(tx: Transaction, definitions: Definitions, choice: Choice): Promise<Definitions> {
  const { goesOn, isAhead = () => false, rowsMax = limits.recomputeRowsMax, partsMin = limits.recomputePartsMin } = choice
  const { compiled } = definitions
  const rows = await readAllVersions(tx)
  const ids = new Set<string>()
  for (const [id, plan] of compiled.plans) {
    const row = rows.find((one) => idOf(one) === id && one.state !== 'building')
    const isThere = row !== undefined && goesOn(row)
    const pays = plan.whole !== undefined && plan.parts.length + 1 >= partsMin && rowsMax > 0 && !isAhead(id)
    const isSmall = async () => pays && (await rowsRead(tx, plan, rows)) <= rowsMax
    if (isThere ? row.plan === 'recompute' : await isSmall()) ids.add(id)
  }
  return withWhole(definitions, ids)
}

/** Rows of all that a view reads and of its own, as they are stored; what is not there yet has none. */
export async function rowsRead(tx: Transaction, plan: ViewPlan, rows: readonly VersionRow[]): Promise<number> {
  const names = new Set([plan.name, ...plan.reads.map(({ relation }) => relation.shown ?? relation.source)])
  const tables = rows
    .filter((row) => row.state === 'live' && row.role === 'public' && row.kind !== 'history' && names.has(row.name))
    .map(stateTable)
  if (tables.length === 0) return 0
  const [counted] = await tx.all(`SELECT ${tables.map((table) => `(SELECT count(*) FROM ${table})`).join(' + ')} AS n`)
  return Number(counted?.n)
}
