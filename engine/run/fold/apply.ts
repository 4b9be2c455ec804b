import type { Chunk } from '../../../connectors/log/log.ts'
import type { EventMeta, Evolve } from '../../model/types.ts'
import { offsetOf, timeOf, typeOf } from '../batch.ts'
import type { Payload } from './decode-events.ts'
import type { Slot } from './slots.ts'
import type { Known, StateForm } from './state-form.ts'

/** What a fold does with one event, apart from where states are kept. */
export interface Rule {
  readonly on: Readonly<Record<string, Evolve>>
  readonly form: StateForm
  readonly initial: Known
  /** More than one partition: a key may turn up in a second one. */
  readonly partitioned: boolean
}

/**
 * Applies one event to its key's slot. A handler that throws, or whose state does not fit, changes nothing: the answer is
 * the reason, which depends on the event and the state alone, so that a replay gives the same.
 */
export function applyEvent(rule: Rule, slot: Slot, chunk: Chunk, index: number, payload: Payload): string | undefined {
  const meta = metaOf(chunk, index)
  const evolve = rule.on[meta.type]
  if (evolve === undefined) return undefined
  if (rule.partitioned && slot.known && slot.partition !== chunk.partition) {
    return `the key ${JSON.stringify(slot.key)} is in partition ${chunk.partition} and was in partition ${slot.partition} before: its events have no order. Append them through one producer's partitioner, or through a processor that repartitions`
  }
  try {
    const returned = evolve(rule.form.input(slot.known ?? rule.initial), payload, meta)
    if (returned === undefined) return undefined
    slot.known = returned === null ? undefined : rule.form.of(returned)
  } catch (thrown) {
    return failure(meta.type, thrown)
  }
  slot.partition = chunk.partition
  slot.wrote = { chunk, index }
  return undefined
}

/** A handler's failure as a reason: its message, without a stack. */
export function failure(what: string, thrown: unknown): string {
  return `the handler of ${what} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`
}

/** What handlers are told of an event beside its payload. */
export function metaOf(chunk: Chunk, index: number): EventMeta {
  return {
    type: typeOf(chunk, index),
    key: chunk.keys?.[index] ?? null,
    time: new Date(Number(timeOf(chunk, index) / 1000n)),
    partition: chunk.partition,
    offset: offsetOf(chunk, index),
  }
}
