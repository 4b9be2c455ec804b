import type { StreamModel } from '../../model/types.ts'
import { type Refused, refusals } from '../dead-letters.ts'
import type { Input } from './inputs.ts'

/**
 * That a processor refused an input is a fact that only the running of `handle` could find out, so it is written to the
 * log, on the control topic, in the transaction that moves past the input. Dead letters follow from it.
 */
export interface Refusal {
  readonly reason: string
  readonly fate: 'dead' | 'skipped'
}

export function refusalText({ reason, fate }: Refusal): string {
  return JSON.stringify({ kind: 'refused', reason: reason.toWellFormed(), fate })
}

export function readRefusal(text: string): Refusal {
  const { reason, fate } = JSON.parse(text) as Refusal
  return { reason, fate }
}

export function fateOf(stream: StreamModel): Refusal['fate'] {
  return stream.onBad === 'skip' ? 'skipped' : 'dead'
}

/** The dead letter of a refused input, as it was decided, whatever the policy says today. */
export function refusedOf(processor: string, stream: StreamModel, input: Input, { reason, fate }: Refusal): Refused[] {
  return refuse(processor, { ...stream, onBad: fate === 'skipped' ? 'skip' : 'dead-letter' }, input, reason)
}

/** Throws `event-refused` with the place: the policy is to halt. */
export function halt(processor: string, stream: StreamModel, input: Input, reason: string): void {
  refuse(processor, stream, input, reason)
}

function refuse(processor: string, stream: StreamModel, { chunk, index }: Input, reason: string): Refused[] {
  return refusals(new Map([[stream.name, stream]]), { chunks: new Map(), events: 0, bytes: 0, to: new Map() }, [
    { consumer: processor, stream: stream.name, rejected: { chunk, index, reason } },
  ])
}
