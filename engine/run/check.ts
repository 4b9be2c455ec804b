import { isUtf8 } from 'node:buffer'
import { type Chunk, SEPARATOR } from '../../connectors/log/log.ts'
import type { EventType } from '../model/types.ts'
import type { BadEvent, CheckedChunk, Source } from './batch.ts'

const nothing: readonly BadEvent[] = []
const NULL_TEXT = Buffer.from('null')
const KEYLESS = "a table's row needs a key: rows are kept by the message's key, and this message has none"

/**
 * Makes a chunk decodable (design §4.2). Values that `append` validated and marked with the stream's present schema go
 * through as they are; all others get one full check, which depends on the bytes, the key of a table's row and the schema alone.
 */
export function checkChunk(source: Source, chunk: Chunk): CheckedChunk {
  const marked = chunk.schema === source.fingerprint && chunk.lengths === undefined
  const keyless = source.kind === 'table' && chunk.keys?.includes(null) !== false
  if (marked && !keyless && (chunk.nulls === undefined || chunk.nulls.length === 0)) return { chunk, values: chunk.values, bad: nothing }
  const types = chunk.types.map((name) => source.types.find((type) => type.name === name))
  const known = (name: string) =>
    `the type ${JSON.stringify(name)} is not declared on ${source.name} (declared: ${source.types.map((type) => type.name).join(', ')})`
  const nulls = new Set(chunk.nulls ?? [])
  const utf8 = isUtf8(chunk.values)
  const bad: BadEvent[] = []
  const changed = new Map<number, Uint8Array>()
  const frames = framesOf(chunk)
  for (let index = 0; index < chunk.count; index++) {
    const typeIndex = chunk.typeIndexes?.[index] ?? 0
    const type = types[typeIndex]
    const verdict = isKeyless(source, chunk, index)
      ? KEYLESS
      : nulls.has(index)
        ? tombstone(source)
        : verdictOf(
            type,
            known(chunk.types[typeIndex] ?? ''),
            chunk.values,
            frames[index * 2] ?? 0,
            frames[index * 2 + 1] ?? 0,
            marked,
            utf8,
          )
    if (verdict === undefined) continue
    if (typeof verdict === 'string') {
      bad.push({ index, reason: verdict })
      changed.set(index, Buffer.alloc(0))
    } else changed.set(index, verdict)
  }
  if (changed.size === 0 && chunk.lengths === undefined) return { chunk, values: chunk.values, bad: nothing }
  return { chunk, values: reframe(chunk, frames, changed), bad }
}

/** Rows of a table are found again by their key. Whoever reads a table asks for the keys, so none at hand is none there. */
function isKeyless(source: Source, chunk: Chunk, index: number): boolean {
  return source.kind === 'table' && (chunk.keys?.[index] ?? null) === null
}

function tombstone(source: Source): Uint8Array | string {
  return source.kind === 'table' ? NULL_TEXT : 'a null value: only tables have tombstones'
}

/** Undefined: good as it stands; bytes: decode these instead; text: why it is bad. */
function verdictOf(
  type: EventType | undefined,
  unknown: string,
  values: Uint8Array,
  start: number,
  end: number,
  marked: boolean,
  utf8: boolean,
): Uint8Array | string | undefined {
  if (!type) return unknown
  if (marked) return undefined
  if (!utf8 && !isUtf8(values.subarray(start, end))) return 'invalid UTF-8'
  const verdict = type.codec.check(values, start, end)
  if (!verdict.ok) return verdict.reason
  return verdict.canonical === undefined ? undefined : Buffer.from(verdict.canonical)
}

/** Start and end of each value. */
function framesOf(chunk: Chunk): Float64Array {
  const frames = new Float64Array(chunk.count * 2)
  let at = 0
  for (let index = 0; index < chunk.count; index++) {
    const length = chunk.lengths?.[index]
    const found = length === undefined ? chunk.values.indexOf(SEPARATOR, at) : at + length
    const end = found < 0 ? chunk.values.length : found
    frames[index * 2] = at
    frames[index * 2 + 1] = end
    at = length === undefined ? end + 1 : end
  }
  return frames
}

/** The values framed by separators again, with the changed ones in place. */
function reframe(chunk: Chunk, frames: Float64Array, changed: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const separator = Buffer.of(SEPARATOR)
  const parts: Uint8Array[] = []
  if (chunk.lengths !== undefined) {
    for (let index = 0; index < chunk.count; index++) {
      if (index > 0) parts.push(separator)
      parts.push(changed.get(index) ?? chunk.values.subarray(frames[index * 2], frames[index * 2 + 1]))
    }
    return Buffer.concat(parts)
  }
  let from = 0
  for (const [index, value] of [...changed].sort((a, b) => a[0] - b[0])) {
    parts.push(chunk.values.subarray(from, frames[index * 2]), value)
    from = frames[index * 2 + 1] ?? 0
  }
  parts.push(chunk.values.subarray(from))
  return Buffer.concat(parts)
}
