import type { StreamModel } from '../../../engine/model/types.ts'
import type { Foreign } from './case.ts'
import type { Chooser } from './chooser.ts'
import { payloadOf } from './schema.ts'

const nonsense = [
  '',
  'null',
  '[]',
  '{"k":1}',
  '{"k":"a"',
  'not json',
  '{"k":"a"},{"k":"b"}',
  '{"k":null}',
  '{}',
  '{"k":"a","i":1.5,"b":true,"d":12345678.123,"sm":99999,"flag":"yes","day":"2024-13-01","t":[],"u":{},"ts":"x","tz":"y","f":"z","l":"p","w":"x","huge":"1","vast":[]}',
]

/** An event that no `append` has checked: written otherwise, with fields of other types in it, or plain nonsense. */
export function foreignEvent(source: StreamModel, chooser: Chooser): Foreign {
  const type = chooser.pick(source.types)
  if (chooser.chance(8)) return { type: 'Undeclared', text: '{"k":"a"}' }
  if (chooser.chance(4)) {
    const text = chooser.pick(nonsense)
    // An event type that has none of the fields of the last one takes it as it is.
    const isGood = type.codec.check(Buffer.from(text), 0, Buffer.byteLength(text)).ok
    return isGood ? { type: type.name, text: '{' } : { type: type.name, text }
  }
  const data = payloadOf(source, type.name, chooser)
  const own = new Set(type.fields.map((field) => field.name))
  const others = Object.fromEntries(
    source.columns.filter((field) => !own.has(field.name)).map((field) => [field.name, chooser.pick([1, 'leak', true, null])]),
  )
  const text = JSON.stringify(
    chooser.chance(2) ? { ...others, ...data, K: 'leak', _offset: 7 } : data,
    undefined,
    chooser.pick(['', ' ', '\n']),
  )
  return { type: type.name, text, data }
}
