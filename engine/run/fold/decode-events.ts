import { SEPARATOR } from '../../../connectors/log/log.ts'
import type { Codec } from '../../model/types.ts'
import { type CheckedChunk, typeOf } from '../batch.ts'

export type Payload = Record<string, unknown>

const COMMA = 0x2c
const nothing: readonly undefined[] = []

/**
 * The payloads of a chunk's events by index; absent for a bad event, a tombstone and a type without a codec. The values
 * are canonical JSON, which holds no 0x1e, so a chunk of one type is one JSON array after its separators became commas.
 */
export function decodeEvents(checked: CheckedChunk, codecs: ReadonlyMap<string, Codec>): readonly (Payload | undefined)[] {
  const { chunk, bad } = checked
  if (!chunk.types.some((type) => codecs.has(type)) || chunk.count === 0) return nothing
  const isUniform = chunk.typeIndexes === undefined || chunk.types.length === 1
  const codec = codecs.get(chunk.types[0] ?? '')
  if (isUniform && codec && bad.length === 0 && (chunk.nulls?.length ?? 0) === 0) return codec.decodeAll(arrayText(checked.values))
  return decodeFrames(checked, codecs)
}

function arrayText(values: Uint8Array): string {
  const copy = Buffer.allocUnsafe(values.length + 2)
  copy[0] = 0x5b
  copy.set(values, 1)
  copy[copy.length - 1] = 0x5d
  for (let at = copy.indexOf(SEPARATOR); at >= 0; at = copy.indexOf(SEPARATOR, at + 1)) copy[at] = COMMA
  return copy.toString('utf8')
}

/** Several types, or values that are not there: one JSON array per type, and each payload back to its place. */
function decodeFrames({ chunk, values }: CheckedChunk, codecs: ReadonlyMap<string, Codec>): (Payload | undefined)[] {
  const frames = Buffer.from(values.buffer, values.byteOffset, values.length).toString('utf8').split('\x1e')
  const byType = new Map<string, number[]>()
  for (let index = 0; index < chunk.count; index++) {
    const frame = frames[index]
    if (frame === undefined || frame === '' || frame === 'null') continue
    const type = typeOf(chunk, index)
    const indexes = byType.get(type)
    if (indexes) indexes.push(index)
    else if (codecs.has(type)) byType.set(type, [index])
  }
  const payloads = new Array<Payload | undefined>(chunk.count)
  for (const [type, indexes] of byType) {
    const decoded = codecs.get(type)?.decodeAll(`[${indexes.map((index) => frames[index]).join(',')}]`) ?? []
    indexes.forEach((index, i) => {
      payloads[index] = decoded[i]
    })
  }
  return payloads
}
