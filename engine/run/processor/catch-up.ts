import type { Ends, GroupPosition, Log } from '../../../connectors/log/log.ts'
import { EvertError } from '../../../errors.ts'
import type { Batch, Position } from '../batch.ts'
import { controlTopic } from '../control.ts'
import type { Refused } from '../dead-letters.ts'
import { type ReadLimits, readBatch } from '../read-batch.ts'
import { attempt, type Evolved, evolveInput } from './evolve-input.ts'
import { type Input, inputsOf } from './inputs.ts'
import type { ProcessorRule } from './processor-rule.ts'
import type { ProcessorStore } from './processor-store.ts'
import { fateOf, halt, readRefusal, refusedOf } from './refusal.ts'
import { causeId, type Logged, loggedTransactions, type Recorded } from './transactions.ts'

export interface Run {
  readonly rule: ProcessorRule
  readonly log: Log
  readonly states: ProcessorStore
}

/** Everything that a processor needs to know of its input events. */
export const inputWant = { keys: true, times: true, types: true, causes: true }

/** The topics that hold what a processor appends. */
export function outputTopics({ model }: ProcessorRule): string[] {
  return [...new Set([...model.to.map((stream) => stream.topic), controlTopic])]
}

/**
 * Brings the state to the position that the log holds for the processor, by `evolve` alone: each input, then the outputs
 * that the log holds for it. `handle` is not called. Commits and yields the number of events piece by piece, so a long
 * history passes through with one piece of it in memory; a crash goes on at the last piece.
 */
export async function* catchUp(run: Run, to: GroupPosition, max: ReadLimits): AsyncGenerator<number> {
  const { rule, log, states } = run
  const ends = await log.ends(outputTopics(rule))
  const { sequence, outputs } = states.state
  for await (const transaction of loggedTransactions(log, rule.model.name, sequence, outputs, ends)) {
    if (transaction.sequence > to.sequence)
      throw unexplained(rule, `the log holds its transaction ${transaction.sequence}, and its position only ${to.sequence}`)
    yield* evolveUntil(run, transaction.from, max)
    yield await evolveTransaction(run, transaction)
  }
  if (states.state.sequence !== to.sequence)
    throw unexplained(rule, `its position names transaction ${to.sequence}, and the log's outputs end at ${states.state.sequence}`)
  yield* evolveUntil(run, to.offsets, max)
  await states.commit({ ...states.state, outputs: ends, slots: states.slots(), read: 0, refused: [] })
}

/** Inputs that no transaction with outputs speaks of: they had none. */
async function* evolveUntil(run: Run, to: readonly bigint[], max: ReadLimits): AsyncGenerator<number> {
  const { states } = run
  for (;;) {
    const batch = await read(run, to, max)
    const offsets = batch ? after(run, batch) : to
    if (batch) yield await evolveBatch(run, [batch], { offsets })
    else if (isBehind(states.state.offsets, to)) await evolveBatch(run, [], { offsets: to }) // a gap at the end
    if (!batch) return
  }
}

async function evolveTransaction(run: Run, transaction: Logged): Promise<number> {
  const { rule, states } = run
  if (isBehind(transaction.from, states.state.offsets))
    throw unexplained(rule, `its state has passed the beginning of its transaction ${transaction.sequence}`)
  const batches: Batch[] = []
  // One transaction is one step of the state, and was one batch when it was live.
  for (let from = states.state.offsets; ; ) {
    const batch = await read(run, transaction.to, { events: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }, from)
    if (!batch) break
    batches.push(batch)
    from = after(run, batch)
  }
  return evolveBatch(run, batches, { offsets: transaction.to, transaction })
}

/** Evolves by some inputs with their logged outputs, and commits. */
async function evolveBatch(
  { rule, states }: Run,
  batches: readonly Batch[],
  { offsets, transaction }: { offsets: readonly bigint[]; transaction?: Logged },
): Promise<number> {
  const { model } = rule
  const slots = states.slots()
  const chunks = batches.flatMap((batch) => batch.chunks.get(model.from.name) ?? [])
  const inputs = inputsOf(rule, chunks, slots)
  await states.load(slots)
  const refused: Refused[] = []
  for (const input of inputs) {
    const records = transaction?.records.get(causeId(input.chunk.partition, input.offset)) ?? []
    const refusal = records.find((record) => record.topic === controlTopic)
    if (refusal) refused.push(...refusedOf(model.name, model.from, input, readRefusal(refusal.text)))
    else {
      const reason = attempt(rule, input, () =>
        evolveInput(
          rule,
          input,
          records.map((record) => evolvedOf(rule, record)),
        ),
      )
      if (reason !== undefined) refused.push(...newlyRefused(rule, input, reason))
    }
  }
  const read = chunks.reduce((sum, { chunk }) => sum + chunk.count, 0)
  await states.commit({ ...states.state, offsets, slots, read, refused, ...(transaction ? { sequence: transaction.sequence } : {}) })
  return read
}

/** What the log accepted, today's `evolve` does not take: the policy of today decides, and the log stays as it is. */
function newlyRefused({ model }: ProcessorRule, input: Input, reason: string): Refused[] {
  if (model.from.onBad === 'halt') halt(model.name, model.from, input, reason)
  return refusedOf(model.name, model.from, input, { reason, fate: fateOf(model.from) })
}

function evolvedOf({ model }: ProcessorRule, { topic, type, text }: Recorded): Evolved {
  return {
    type,
    payload: () => {
      const declared = model.to.find((stream) => stream.topic === topic)?.types.find((each) => each.name === type)
      if (!declared) throw new Error(`its output ${type} is no longer declared`)
      return declared.codec.decode(text)
    },
  }
}

function read(
  { rule, log, states }: Run,
  to: readonly bigint[],
  max: ReadLimits,
  from: readonly bigint[] = states.state.offsets,
): Promise<Batch | undefined> {
  const { topic } = rule.model.from
  return readBatch(log, [rule.model.from], new Map([[topic, from]]), max, () => inputWant, new Map([[topic, to]]))
}

function after({ rule }: Run, batch: { readonly to: Position }): readonly bigint[] {
  return batch.to.get(rule.model.from.topic) ?? []
}

/** Whether `a` is before `b` in some partition. */
export function isBehind(a: readonly bigint[], b: readonly bigint[]): boolean {
  return b.some((offset, partition) => (a[partition] ?? 0n) < offset)
}

function unexplained({ model }: ProcessorRule, what: string): EvertError {
  return new EvertError(
    'log-corrupt',
    `Catching up processor ${model.name}: ${what}. The log and the store do not belong together, or outputs were lost. Restore the log from a copy, or remove the file views.duckdb to build the state from the log that is there.`,
    { details: { processor: model.name } },
  )
}

/** Where later outputs can be: nothing of the processor's lies beyond these ends yet. */
export async function outputEnds({ rule, log }: Run): Promise<Ends> {
  return log.ends(outputTopics(rule))
}
