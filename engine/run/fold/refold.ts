import type { FoldModel } from '../../model/types.ts'
import type { CheckedChunk } from '../batch.ts'
import type { Rejected } from '../derivation.ts'
import { applyEvent } from './apply.ts'
import { foldRule, keyedEvents } from './fold-rule.ts'
import type { Slot } from './slots.ts'

/** One row of a fold, as the table holds it. */
export interface FoldedRow {
  /** Text of the key: see `key-form.ts`. */
  readonly key: string
  /** Canonical JSON of the state: the table's `_state`. */
  readonly state: string
}

/** The same fold over the log, in memory, for `verify`. All states are held at once. */
export async function* refold(fold: FoldModel, chunks: AsyncIterable<CheckedChunk>): AsyncGenerator<FoldedRow> {
  const rule = foldRule(fold)
  const all = new Map<string, Slot>()
  const slots = {
    at: (key: string): Slot => {
      const slot = all.get(key) ?? { key, known: undefined, partition: 0, before: undefined, wrote: undefined }
      all.set(key, slot)
      return slot
    },
  }
  for await (const checked of chunks) {
    const rejected: Rejected[] = []
    const events = keyedEvents(rule, [checked], slots, rejected)
    for (const { slot, chunk, index, payload } of events) applyEvent(rule, slot, chunk, index, payload)
    for (const { slot } of events) if (!slot.known) all.delete(slot.key)
  }
  for (const { key, known } of all.values()) if (known) yield { key, state: known.json }
}
