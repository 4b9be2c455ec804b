import assert from 'node:assert'
import { limits } from '../../../limits.ts'
import type { State } from '../../model/types.ts'
import { type Batch, offsetOf } from '../batch.ts'
import { crashPoint } from '../crash.ts'
import type { Refused } from '../dead-letters.ts'
import { type ReadLimits, readBatch } from '../read-batch.ts'
import { inputWant, outputEnds, type Run } from './catch-up.ts'
import { attempt, evolveInput } from './evolve-input.ts'
import { type Input, inputsOf } from './inputs.ts'
import { type Made, Outbox, outputMaker } from './outbox.ts'
import { fateOf, halt, refusedOf } from './refusal.ts'

/** What the inputs of a step came to. */
interface Outcome {
  readonly outbox: Outbox
  readonly refused: readonly Refused[]
  /** Inputs before this one were worked on; the rest is left to the next step. */
  readonly done: number
}

const noState: State = Object.freeze({})

/** A step at the end of what is known: `handle`, outputs to the log, then the state to the store. */
export class LiveStep {
  readonly #run: Run
  readonly #group: string
  readonly #make: (returned: unknown, input: Input) => Made[]

  constructor(run: Run, group: string) {
    this.#run = run
    this.#group = group
    this.#make = outputMaker(run.rule.model)
  }

  /** At most `max`, and no more than the log has; a step ends early before an input that halts, or when its outputs are many. */
  async step(max: ReadLimits): Promise<{ events: number; outputs: number }> {
    const { rule, log, states } = this.#run
    const { from, name } = rule.model
    const { offsets, sequence } = states.state
    const batch = await readBatch(log, [from], new Map([[from.topic, offsets]]), max, () => inputWant)
    if (!batch) return { events: 0, outputs: 0 }
    const slots = states.slots()
    const inputs = inputsOf(rule, batch.chunks.get(from.name) ?? [], slots)
    await states.load(slots)
    const { outbox, refused, done } = this.#handleAll(inputs)
    const to = this.#end(batch, inputs.slice(done))
    const next = outbox.isEmpty ? sequence : sequence + 1
    const appended = await log.append(outbox.batches({ processor: name, sequence: next, from: offsets, to }), {
      commit: { group: this.#group, position: { sequence: next, offsets: to } },
    })
    assert(appended.ok, 'an append that expects nothing has no conflict')
    crashPoint('processor-after-log')
    const events = this.#countBelow(batch, to)
    await states.commit({ offsets: to, sequence: next, outputs: await outputEnds(this.#run), slots, read: events, refused })
    crashPoint('processor-after-state')
    return { events, outputs: outbox.events }
  }

  #handleAll(inputs: readonly Input[]): Outcome {
    const { from, name } = this.#run.rule.model
    const outbox = new Outbox()
    const refused: Refused[] = []
    for (const [done, input] of inputs.entries()) {
      if (outbox.bytes > limits.batchBytesMax) return { outbox, refused, done }
      const outcome = this.#handle(input)
      if (typeof outcome !== 'string') outbox.add(input, outcome)
      else if (from.onBad === 'halt') {
        if (done > 0) return { outbox, refused, done } // what came before is committed first
        halt(name, from, input, outcome)
      } else {
        const refusal = { reason: outcome.toWellFormed(), fate: fateOf(from) }
        outbox.refuse(input, refusal)
        refused.push(...refusedOf(name, from, input, refusal))
      }
    }
    return { outbox, refused, done: inputs.length }
  }

  /** The outputs of one event, its state evolved by it and by them; or why it is refused, nothing changed. */
  #handle(input: Input): Made[] | string {
    const { rule } = this.#run
    const { model, state } = rule
    let outputs: Made[] = []
    const reason = attempt(rule, input, () => {
      if (Object.hasOwn(model.handle, input.meta.type)) {
        const seen = state ? state.form.input(input.slot?.known ?? state.initial) : noState
        outputs = this.#make(model.handle[input.meta.type]?.(input.payload, seen, input.meta), input)
      }
      evolveInput(rule, input, outputs)
    })
    return reason ?? outputs
  }

  /** Position before the inputs that are left, or after the batch. */
  #end(batch: Batch, left: readonly Input[]): bigint[] {
    const to = [...(batch.to.get(this.#run.rule.model.from.topic) ?? [])]
    for (const { chunk, offset } of left) if (offset < (to[chunk.partition] as bigint)) to[chunk.partition] = offset
    return to
  }

  #countBelow(batch: Batch, to: readonly bigint[]): number {
    let count = 0
    for (const { chunk } of batch.chunks.get(this.#run.rule.model.from.name) ?? []) {
      const end = to[chunk.partition] as bigint
      if (chunk.next <= end) count += chunk.count
      else for (let index = 0; index < chunk.count; index++) if (offsetOf(chunk, index) < end) count++
    }
    return count
  }
}
