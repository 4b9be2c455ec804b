import type { Chunk } from '../../../connectors/log/log.ts'
import { EvertError } from '../../../errors.ts'
import type { Codec, FoldModel, State } from '../../model/types.ts'
import type { CheckedChunk } from '../batch.ts'
import type { Rejected } from '../derivation.ts'
import type { Rule } from './apply.ts'
import { decodeEvents, type Payload } from './decode-events.ts'
import { type KeyForm, keyForm } from './key-form.ts'
import { type Known, type StateForm, stateForm } from './state-form.ts'

/** A fold's rule with how its events are read and keyed. */
export interface FoldRule extends Rule {
  readonly codecs: ReadonlyMap<string, Codec>
  readonly keyName: string
  readonly key: KeyForm
}

/** Throws `declaration-invalid` when the initial state does not fit the state's schema. */
export function foldRule(fold: FoldModel): FoldRule {
  const form = stateForm(fold.state.fields, fold.state.codec)
  return {
    on: fold.on,
    form,
    initial: initialState(`view '${fold.name}'`, fold.initial, form),
    partitioned: fold.from.partitions > 1,
    codecs: new Map(fold.from.types.filter((type) => Object.hasOwn(fold.on, type.name)).map((type) => [type.name, type.codec])),
    keyName: fold.key,
    key: keyForm(fold.keyField),
  }
}

/** The state of a key that has none yet. */
export function initialState(what: string, initial: State, form: StateForm): Known {
  try {
    return form.of(initial)
  } catch (thrown) {
    throw new EvertError(
      'declaration-invalid',
      `${what}: its initial state does not fit the state's schema: ${(thrown as Error).message}. Give every required field a value`,
      { cause: thrown },
    )
  }
}

/** An event to fold, with its key's place among the states. */
export interface Keyed<S> {
  readonly slot: S
  readonly chunk: Chunk
  readonly index: number
  readonly payload: Payload
}

/** The events that a fold handles, in the log's order per partition; one without a key is rejected. */
export function keyedEvents<S>(
  rule: FoldRule,
  chunks: readonly CheckedChunk[],
  slots: { at(key: string): S },
  rejected: Rejected[],
): Keyed<S>[] {
  const keyed: Keyed<S>[] = []
  for (const checked of chunks) {
    const { chunk } = checked
    const payloads = decodeEvents(checked, rule.codecs)
    for (let index = 0; index < payloads.length; index++) {
      const payload = payloads[index]
      if (payload === undefined) continue
      const key = rule.key.text(payload[rule.keyName])
      if (key === undefined) rejected.push({ chunk, index, reason: `the key ${rule.keyName} is null` })
      else keyed.push({ slot: slots.at(key), chunk, index, payload })
    }
  }
  return keyed
}
