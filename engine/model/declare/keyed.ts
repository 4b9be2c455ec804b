import type { Payload } from '../schema/payload.ts'
import { sqlTypeText } from '../schema/sql-type.ts'
import type { Field, Origin, StreamModel } from '../types.ts'
import { keyProblem } from './key.ts'
import { declarationInvalid, readSchema } from './origin.ts'

/** The key of a fold or a processor with state: checked in every event type that it handles, and that its events have an order. */
export function keyOf(
  origin: Origin,
  what: string,
  from: StreamModel,
  wanted: string | undefined,
  handled: readonly string[],
): { key: string; keyField: Field } {
  const key = wanted ?? from.key
  if (key === undefined)
    throw declarationInvalid(origin, `${what}: neither it nor stream '${from.name}' has a key. Name a field of its events: key: '…'`)
  const found: Field[] = []
  for (const type of from.types.filter((each) => handled.includes(each.name))) {
    const problem = keyProblem(type.fields, key)
    if (problem !== undefined)
      throw declarationInvalid(
        origin,
        `${what}: its key '${key}' ${problem} in event type ${type.name}, which it handles. Name a required field of all handled types, or do not handle ${type.name}`,
      )
    found.push(type.fields.find((field) => field.name === key) as Field)
  }
  if (key !== from.key && from.partitions > 1) throw declarationInvalid(origin, unordered(what, from, key, found[0] as Field))
  return { key, keyField: found[0] as Field }
}

function unordered(what: string, from: StreamModel, key: string, field: Field): string {
  const type = from.types.find((each) => each.fields.some((other) => other.name === key))?.name ?? 'Event'
  const by = from.key === undefined ? 'not keyed' : `keyed by '${from.key}'`
  return `${what}: its key '${key}' cannot be ordered. Stream '${from.name}' is ${by} and has ${from.partitions} partitions, and events have an order within a partition only. Give the stream one partition, or bring the events of one ${key} together in a stream of their own and fold that:

  export const ${from.name}_by_${key} = stream('${from.name}_by_${key}', {
    key: '${key}', // ${sqlTypeText(field.type)}
    partitions: ${from.partitions},
    events: { ${type}: … },
  })
  export const repartition_${from.name} = processor('repartition_${from.name}', {
    from: ${from.name},
    to: ${from.name}_by_${key},
    emits: ['${type}'],
    handle: { ${type}: (event) => ({ type: '${type}', data: event }) },
  })
`
}

/** A row's columns: the state's fields beside the key. */
export function stateOf(origin: Origin, what: string, key: string, read: () => Payload): Payload {
  const state = readSchema(origin, `${what}, state`, read)
  const twice = state.fields.find((field) => field.name.toLowerCase() === key.toLowerCase())
  if (twice !== undefined)
    throw declarationInvalid(
      origin,
      `${what}: its state has the field '${twice.name}', which is the key. The key is a column of every row already: leave it out of the state`,
    )
  return state
}
