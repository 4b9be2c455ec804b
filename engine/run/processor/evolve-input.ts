import { failure } from '../fold/apply.ts'
import type { Payload } from '../fold/decode-events.ts'
import type { Input } from './inputs.ts'
import type { ProcessorRule } from './processor-rule.ts'

/** An output as `evolve` sees it. */
export interface Evolved {
  readonly type: string
  /** Decoded from its canonical JSON, in live and in catch-up alike. */
  payload(): Payload
}

/**
 * One event's whole effect on its key's state, or none: when `work` throws, the state is as before, and the answer is the
 * reason. Handlers see no more than the event and the state, so the same log gives the same reasons.
 */
export function attempt(rule: ProcessorRule, input: Input, work: () => void): string | undefined {
  const { slot, chunk, bad } = input
  if (bad !== undefined) return bad
  if (slot?.known && rule.model.from.partitions > 1 && slot.partition !== chunk.partition) {
    return `the key ${JSON.stringify(slot.key)} is in partition ${chunk.partition} and was in partition ${slot.partition} before: its events have no order. Append them through one producer's partitioner, or through a processor that repartitions`
  }
  const before = slot && { known: slot.known, partition: slot.partition, wrote: slot.wrote }
  try {
    work()
    return undefined
  } catch (thrown) {
    if (slot) Object.assign(slot, before)
    return failure(input.meta.type, thrown)
  }
}

/** Evolves the state by the input, then by its outputs in their order. Throws what `evolve` throws; the caller restores. */
export function evolveInput(rule: ProcessorRule, input: Input, outputs: readonly Evolved[]): void {
  if (rule.state === undefined || input.slot === undefined) return
  evolveOne(rule, input, input.meta.type, () => input.evolved)
  for (const output of outputs) evolveOne(rule, input, output.type, () => output.payload())
}

/** An output's place and time are its input's: its own are not known before the log has them, and evolving must not differ. */
function evolveOne({ model, state }: ProcessorRule, input: Input, type: string, payload: () => Payload): void {
  const { slot } = input
  if (!state || !slot || !Object.hasOwn(model.evolve, type)) return
  const returned = model.evolve[type]?.(state.form.input(slot.known ?? state.initial), payload(), { ...input.meta, type })
  if (returned === undefined) return
  slot.known = returned === null ? undefined : state.form.of(returned)
  slot.partition = input.chunk.partition
  slot.wrote = { chunk: input.chunk, index: input.index }
}
