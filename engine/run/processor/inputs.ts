import type { Chunk } from '../../../connectors/log/log.ts'
import type { EventMeta } from '../../model/types.ts'
import { type CheckedChunk, offsetOf, timeOf, typeOf } from '../batch.ts'
import { metaOf } from '../fold/apply.ts'
import { decodeEvents, type Payload } from '../fold/decode-events.ts'
import type { Slot } from '../fold/slots.ts'
import { deepFreeze } from '../fold/state-form.ts'
import type { ProcessorRule } from './processor-rule.ts'

/** One event that a processor handles or evolves. */
export interface Input {
  readonly chunk: Chunk
  readonly index: number
  readonly offset: bigint
  readonly timeMicros: bigint
  readonly meta: EventMeta
  /** For `handle`. */
  readonly payload: Payload
  /** For `evolve`: another copy when the first cannot be frozen, so that `handle` can change nothing that `evolve` sees. */
  readonly evolved: Payload
  /** Its key's state; none without state. */
  readonly slot: Slot | undefined
  /** Why it cannot be applied, whatever the state. */
  readonly bad: string | undefined
}

const nothing: Payload = Object.freeze({})

/**
 * The events of a batch that matter, in canonical order: by time, partition and offset (design §13). The processor's own
 * outputs are left out: they were evolved with the inputs that caused them.
 */
export function inputsOf(rule: ProcessorRule, chunks: readonly CheckedChunk[], slots: { at(key: string): Slot }): Input[] {
  const inputs = chunks.flatMap((checked) => (isOwn(rule, checked.chunk) ? [] : inputsOfChunk(rule, checked, slots)))
  return rule.model.from.partitions === 1 ? inputs : inputs.sort(canonically)
}

/** Whether the processor itself has appended these events. */
export function isOwn(rule: ProcessorRule, chunk: Chunk): boolean {
  return chunk.transaction?.processor === rule.model.name
}

function canonically(a: Input, b: Input): number {
  if (a.timeMicros !== b.timeMicros) return a.timeMicros < b.timeMicros ? -1 : 1
  if (a.chunk.partition !== b.chunk.partition) return a.chunk.partition - b.chunk.partition
  return a.offset < b.offset ? -1 : 1
}

function inputsOfChunk(rule: ProcessorRule, checked: CheckedChunk, slots: { at(key: string): Slot }): Input[] {
  const { chunk } = checked
  const payloads = decodeEvents(checked, rule.codecs)
  const areFrozen = payloads.map((payload) => deepFreeze(payload)).every(Boolean)
  const copies = areFrozen ? payloads : decodeEvents(checked, rule.codecs)
  const bad = new Map(checked.bad.map(({ index, reason }) => [index, reason]))
  const inputs: Input[] = []
  for (let index = 0; index < chunk.count; index++) {
    if (!rule.codecs.has(typeOf(chunk, index))) continue
    const payload = payloads[index]
    const key = payload === undefined ? undefined : rule.state?.key.text(payload[rule.state.keyName])
    const isKeyless = rule.state !== undefined && key === undefined
    const reason =
      bad.get(index) ?? (payload === undefined ? 'it has no value' : isKeyless ? `the key ${rule.state?.keyName} is null` : undefined)
    inputs.push({
      chunk,
      index,
      offset: offsetOf(chunk, index),
      timeMicros: timeOf(chunk, index),
      meta: metaOf(chunk, index),
      payload: payload ?? nothing,
      evolved: copies[index] ?? nothing,
      slot: key === undefined ? undefined : slots.at(key),
      bad: reason,
    })
  }
  return inputs
}
