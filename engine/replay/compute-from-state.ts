import type { Transaction } from '../../connectors/store/store.ts'
import { runAll } from '../run/as-steps.ts'
import { BatchChanges } from '../run/changes.ts'
import type { PrepareContext } from '../run/derivation.ts'
import type { Loop } from '../run/loop.ts'
import { type Member, ViewFailed } from '../run/member.ts'
import { literalBinder } from '../run/source.ts'

/** The rows of a view that follow from its inputs' rows, from an empty state. */
export async function computeFromState(tx: Transaction, member: Member, { position, at }: Pick<Loop, 'position' | 'at'>): Promise<void> {
  const batch = { chunks: new Map(), events: 0, bytes: 0, to: position }
  const answer = await member.derivation.prepare(batch, member.table, { ...noDeltas, at, changes: new BatchChanges([]) })
  await runAll(tx, answer).catch((error: Error) => {
    throw new ViewFailed(member, error)
  })
}

const noDeltas: Omit<PrepareContext, 'changes' | 'at'> = {
  literal: true,
  isFirst: true,
  deltas: () => ({
    binder: literalBinder,
    from: () => {
      throw new Error('A view computed from state reads no events')
    },
  }),
  before: {
    run: () => Promise.reject(new Error('Views prepare; they do not write')),
    all: () => Promise.reject(new Error('A view computed from state loads nothing')),
  },
}
