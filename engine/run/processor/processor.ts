/**
 * Exactly once, the argument (design §6).
 *
 * A step takes the inputs [from, to) and does two commits, the log's first:
 *
 *  1. one log transaction holds every output, each with its cause (the input's place, its number among that input's
 *     outputs), what was refused, each with its cause, and the group's position `to`: all of it or nothing;
 *  2. one store transaction holds the states, the dead letters, the counts, and a position of its own.
 *
 * Outputs are neither lost nor doubled: `handle` runs for an input only while the log's position is at or before it, and
 * the commit that moves the position past it is the one that holds its outputs. A crash before that commit leaves neither.
 *
 * The state is never ahead of the log, since 2 follows 1. When it is behind, after a crash between the two or with the
 * store's file lost, it catches up by `evolve` over the logged inputs and, after each, the logged outputs that name it as
 * their cause. The live step does the same calls in the same order, on payloads decoded from the same canonical JSON, with
 * metadata that the log holds; so both give the same state, byte for byte. Nothing in it asks `handle` again.
 *
 * Refused inputs (`handle` or `evolve` threw, an output was invalid, the event itself is bad) change no state. Only `handle`
 * could tell that they are refused, and it is not asked again, so that is a fact, too: an event `refused` on the control
 * topic, in the same log transaction, with reason and fate. The dead letter is made in transaction 2 only, live or in
 * catch-up, together with the position that passes its input: derivable again, and made once per state.
 *
 * Transactions that hold outputs or refusals are numbered without gaps, so a lost one is found out. The rest only move the
 * position: catch-up knows their inputs as those that no numbered transaction speaks of.
 */
import assert from 'node:assert'
import type { Log } from '../../../connectors/log/log.ts'
import type { Store } from '../../../connectors/store/store.ts'
import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { ProcessorModel } from '../../model/types.ts'
import { controlTopic } from '../control.ts'
import { catchUp, isBehind, type Run } from './catch-up.ts'
import { LiveStep } from './live-step.ts'
import { processorRule } from './processor-rule.ts'
import { type ProcessorCounts, ProcessorStore } from './processor-store.ts'

export interface ProcessorOptions {
  readonly log: Log
  readonly store: Store
  readonly logger?: { info(values: object, message: string): void }
  readonly cacheKeysMax?: number
}

export interface StepOptions {
  readonly eventsMax?: number
  readonly bytesMax?: number
}

/** A running processor. One at a time per log. */
export interface Processor {
  readonly name: string
  /** Topic of the input. */
  readonly topic: string
  /** Next offset per input partition, as the state has it. */
  readonly position: readonly bigint[]
  readonly counts: ProcessorCounts
  /**
   * One bounded batch, or a piece of catching up; 0 events when there is nothing to do. Throws `event-refused` under the
   * policy `halt`, and what log and store throw; the next call then begins at what both have committed.
   */
  step(options?: StepOptions): Promise<{ events: number; outputs: number }>
  /** Ends after the step that is under way. Log and store stay open: they are the caller's. */
  close(): Promise<void>
}

/**
 * Makes a processor ready to step; its topics are created when they are missing. Throws `capability-missing` on a log
 * without transactions, `position-mismatch` when the state is not of this log.
 */
export async function createProcessor(model: ProcessorModel, codeFingerprint: string, options: ProcessorOptions): Promise<Processor> {
  const { log, store, logger } = options
  if (!log.capabilities.transactions)
    throw new EvertError(
      'capability-missing',
      `Run processor ${model.name}: this log has no transactions, so outputs and position cannot be written together. Use a log that has them.`,
    )
  await log.createTopic(controlTopic, { partitions: 1 })
  for (const { topic, partitions, versions } of [model.from, ...model.to]) await log.createTopic(topic, { partitions, versions })
  const rule = processorRule(model, codeFingerprint)
  const states = new ProcessorStore(rule, store, log.id, options.cacheKeysMax ?? limits.foldCacheKeysMax)
  const opened = await states.open(model.from.partitions)
  const processor = new RunningProcessor({ rule, log, states })
  if (opened === 'reset' && (await log.committed(groupOf(model))))
    logger?.info({ processor: model.name }, `The state of ${model.name} is built anew from the log`)
  return processor
}

/** The log's name for the processor's position. */
export function groupOf(model: ProcessorModel): string {
  return `processor:${model.name}`
}

class RunningProcessor implements Processor {
  readonly #run: Run
  readonly #live: LiveStep
  #catchUp: AsyncGenerator<number> | undefined
  #isCaughtUp = false
  #step: Promise<unknown> | undefined
  #closed = false

  constructor(run: Run) {
    this.#run = run
    this.#live = new LiveStep(run, groupOf(run.rule.model))
  }

  get name(): string {
    return this.#run.rule.model.name
  }

  get topic(): string {
    return this.#run.rule.model.from.topic
  }

  get position(): readonly bigint[] {
    return this.#run.states.state.offsets
  }

  get counts(): ProcessorCounts {
    return this.#run.states.counts
  }

  async step(options: StepOptions = {}): Promise<{ events: number; outputs: number }> {
    assert(this.#step === undefined && !this.#closed, 'a processor does one step at a time, until it is closed')
    const max = { events: options.eventsMax ?? limits.batchEventsMax, bytes: options.bytesMax ?? limits.batchBytesMax }
    const step = this.#caughtUp(max).then(async (events) => (events > 0 ? { events, outputs: 0 } : this.#live.step(max)))
    this.#step = step
    try {
      return await step
    } catch (error) {
      // What the log has committed of it is not known here: look again.
      this.#isCaughtUp = false
      this.#catchUp = undefined
      throw error
    } finally {
      this.#step = undefined
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#step?.catch(() => undefined) // its caller sees the error
    await this.#catchUp?.return(undefined)
  }

  /** A piece of catching up: its events, or 0 when the state is where the log is. */
  async #caughtUp(max: { events: number; bytes: number }): Promise<number> {
    if (this.#isCaughtUp) return 0
    this.#catchUp ??= await this.#behind(max)
    for (;;) {
      const piece = await this.#catchUp?.next()
      if (piece === undefined || piece.done) break
      if (piece.value > 0) return piece.value
    }
    this.#catchUp = undefined
    this.#isCaughtUp = true
    return 0
  }

  async #behind(max: { events: number; bytes: number }): Promise<AsyncGenerator<number> | undefined> {
    const { states, log, rule } = this.#run
    const { offsets, sequence } = states.state
    const committed = (await log.committed(groupOf(rule.model))) ?? { sequence: 0, offsets: [] }
    if (isBehind(committed.offsets, offsets) || sequence > committed.sequence) {
      throw new EvertError(
        'position-mismatch',
        `The state of processor ${rule.model.name} is at ${offsets.join(', ')}, the log knows it at ${committed.offsets.join(', ') || 0}: the log has lost what the state has seen. Restore the log, or remove the file views.duckdb to build the state from what is left.`,
      )
    }
    return isBehind(offsets, committed.offsets) || sequence < committed.sequence ? catchUp(this.#run, committed, max) : undefined
  }
}
