import { text } from '../../connectors/store/quote.ts'
import type { Store } from '../../connectors/store/store.ts'
import { crashPoint } from '../run/crash.ts'
import { buildingConsumer } from '../run/dead-letters.ts'
import type { Loop } from '../run/loop.ts'
import { dropAside, idOf, isView, readAllVersions, setVersionState, stateTable } from '../run/registry.ts'
import { computeFromState } from './compute-from-state.ts'
import { inOrder } from './members.ts'
import type { BuiltVersion } from './swap.ts'

export interface JoinOptions {
  readonly store: Store
  readonly loop: Loop
  /** The order of all members afterwards, by id. */
  readonly order: readonly string[]
}

/**
 * Between two live batches: what was built goes on beside the public versions, kept up to date and ready to be promoted; no public name
 * changes, so no reader notices. One that stood ready under the same id before is replaced.
 */
export async function joinAside(built: readonly BuiltVersion[], { store, loop, order }: JoinOptions): Promise<void> {
  const ids = new Set(built.map(({ member }) => member.derivation.id))
  crashPoint('join-before-commit')
  await store.transaction(async (tx) => {
    const before = (await readAllVersions(tx)).filter((row) => row.state !== 'building' && row.role !== 'public' && ids.has(idOf(row)))
    for (const { member, row } of built) {
      const { derivation } = member
      if (!derivation.byEvents) await computeFromState(tx, member, loop)
      for (const statement of [...derivation.expose(stateTable(row)), setVersionState(row.table, 'live')]) await tx.run(statement)
    }
    for (const row of before) for (const statement of dropAside(row, true)) await tx.run(statement)
    for (const { member } of built) {
      const [own, building] = [text(member.derivation.id), text(buildingConsumer(member.derivation.name))]
      for (const table of ['dead_letters', 'counts'])
        await tx.run(`UPDATE _evert.${table} SET consumer = ${own} WHERE consumer = ${building}`)
    }
  })
  crashPoint('join-after-commit')
  const others = loop.members.filter((member) => !ids.has(member.derivation.id))
  const joined = built.map(({ member }) => (isView(member.derivation.kind) ? { ...member, isAside: true } : member))
  loop.setMembers(inOrder([...others, ...joined], order))
}
