import { fingerprintOf, hashOf } from '../../model/fingerprint.ts'
import type { Codec, Field, ProcessorModel } from '../../model/types.ts'
import { initialState } from '../fold/fold-rule.ts'
import { type KeyForm, keyForm } from '../fold/key-form.ts'
import { type Known, type StateForm, stateForm } from '../fold/state-form.ts'
import type { FoldTable } from '../fold/write-back.ts'

/** How a processor keeps its state; one without state has none of it. */
export interface StateRule {
  readonly keyName: string
  readonly keyField: Field
  readonly key: KeyForm
  readonly form: StateForm
  readonly initial: Known
  readonly table: FoldTable
}

export interface ProcessorRule {
  readonly model: ProcessorModel
  /** Of the input types that it handles or evolves; it passes over all others. */
  readonly codecs: ReadonlyMap<string, Codec>
  readonly state: StateRule | undefined
  /** Changes with all that the state follows from. */
  readonly fingerprint: string
}

/** Raise when the state's table changes its form: it is then built anew. */
const formatVersion = 1

export function processorRule(model: ProcessorModel, codeFingerprint: string): ProcessorRule {
  const codecs = new Map(
    model.from.types
      .filter(({ name }) => Object.hasOwn(model.handle, name) || Object.hasOwn(model.evolve, name))
      .map((type) => [type.name, type.codec]),
  )
  return { model, codecs, state: stateRule(model), fingerprint: fingerprint(model, codeFingerprint) }
}

function stateRule({ name, state, key, keyField, initial }: ProcessorModel): StateRule | undefined {
  if (state === undefined || key === undefined || keyField === undefined) return undefined
  const form = stateForm(state.fields, state.codec)
  const keys = keyForm(keyField)
  return {
    keyName: key,
    keyField,
    key: keys,
    form,
    initial: initialState(`processor '${name}'`, initial, form),
    table: { keyField, form: keys, fields: [] },
  }
}

/**
 * The code as a whole is in it, `handle` too: `evolve` may call anything of its module, so that a change which cannot
 * matter to it is not told from one that does. A rebuild only costs time. Without state there is nothing to rebuild.
 */
function fingerprint(model: ProcessorModel, codeFingerprint: string): string {
  if (model.state === undefined) return hashOf(JSON.stringify([formatVersion, model.from.topic]))
  const evolved = [model.from, ...model.to].flatMap((stream) => stream.types.filter((type) => Object.hasOwn(model.evolve, type.name)))
  return hashOf(
    JSON.stringify(
      [formatVersion, model.from.topic, model.key, fingerprintOf(evolved), model.state.fields, model.initial, codeFingerprint],
      bigintText,
    ),
  )
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
