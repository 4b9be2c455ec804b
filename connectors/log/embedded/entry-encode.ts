import assert from 'node:assert'
import { crc32c } from '@node-rs/crc32'
import { type AppendBatch, SEPARATOR } from '../log.ts'
import { CAUSE_BYTES, Flag, FORMAT_VERSION, HEADER_BYTES, MAGIC, NO_KEY, writeU64 } from './entry-format.ts'

/** Where and when an entry is written; times in microseconds. */
export interface EntryPlace {
  readonly topic: number
  readonly partition: number
  /** End offset before this entry. */
  readonly before: number
  readonly first: number
  readonly next: number
  readonly time: number
}

/**
 * One entry of one or several batches (several only when each is plain: same schema mark, joined by separators, no
 * offsets, times, causes, transaction). The values are copied once, into the entry, whose bytes stand until the next is
 * encoded: LMDB copies them at once.
 */
export function encodeEntry(place: EntryPlace, pieces: readonly AppendBatch[]): Buffer {
  const head = pieces[0]
  assert(head)
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0)
  const valuesBytes = pieces.reduce((sum, piece) => sum + piece.values.length, head.lengths ? 0 : pieces.length - 1)
  const types = typeNames(pieces)
  const attributes = encodeAttributes(head.schema, types)
  const sections = encodeSections(pieces, types, count)
  const sectionsBytes = sections.parts.reduce((sum, part) => sum + part.length, 0)
  const entry = room(HEADER_BYTES + valuesBytes + attributes.length + sectionsBytes)

  entry.writeUInt16LE(MAGIC, 4)
  entry.writeUInt16LE(FORMAT_VERSION, 6)
  entry.writeUInt32LE(sections.flags, 8)
  entry.writeUInt32LE(count, 12)
  entry.writeUInt32LE(valuesBytes, 16)
  entry.writeUInt32LE(attributes.length, 20)
  entry.writeUInt32LE(place.topic, 24)
  entry.writeUInt32LE(place.partition, 28)
  writeU64(entry, place.before, 32)
  writeU64(entry, place.first, 40)
  writeU64(entry, place.next, 48)
  writeU64(entry, head.times ? Number(head.times[0]) : place.time, 56)
  writeU64(entry, head.times ? Number(head.times.at(-1)) : place.time, 64)

  let at = HEADER_BYTES
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) entry[at++] = SEPARATOR
    entry.set(piece.values, at)
    at += piece.values.length
  }
  for (const part of [attributes, ...sections.parts]) {
    entry.set(part, at)
    at += part.length
  }
  assert.equal(at, entry.length)
  entry.writeUInt32LE(crc32c(entry.subarray(4)), 0)
  return entry
}

let kept = Buffer.allocUnsafeSlow(256 << 10)

/** One buffer for all entries: memory outside of V8's heap that comes and goes with each batch makes it collect too often. */
function room(bytes: number): Buffer {
  if (bytes > kept.length) kept = Buffer.allocUnsafeSlow(bytes + (bytes >> 1))
  return kept.subarray(0, bytes)
}

/** The type names that occur, in order of their first use. */
function typeNames(pieces: readonly AppendBatch[]): readonly string[] {
  const first = (pieces[0] as AppendBatch).types
  if (pieces.length === 1) return first
  const names = new Set(first)
  for (const piece of pieces) for (const name of piece.types) names.add(name)
  return names.size === first.length ? first : [...names]
}

let lastAttributes: { schema: string | undefined; types: readonly string[]; bytes: Buffer } | undefined

/** u16 + schema mark (0xffff: none), u16 count of names, each u16 + name. Kept, since entries of a stream repeat it. */
function encodeAttributes(schema: string | undefined, types: readonly string[]): Buffer {
  const last = lastAttributes
  if (last && last.schema === schema && last.types.length === types.length && last.types.every((name, i) => name === types[i]))
    return last.bytes
  const parts: Buffer[] = [schema === undefined ? u16(NO_KEY) : sized(schema), u16(types.length)]
  for (const name of types) parts.push(sized(name))
  const bytes = Buffer.concat(parts)
  lastAttributes = { schema, types: [...types], bytes }
  return bytes
}

function encodeSections(pieces: readonly AppendBatch[], types: readonly string[], count: number): { flags: number; parts: Buffer[] } {
  const head = pieces[0] as AppendBatch
  const parts: Buffer[] = []
  let flags = 0
  const add = (flag: number, bytes: Buffer) => {
    flags |= flag
    parts.push(bytes)
  }
  if (head.lengths) add(Flag.lengths, u32s(head.lengths))
  if (pieces.some((piece) => piece.nulls && piece.nulls.length > 0)) {
    const nulls = mergedNulls(pieces)
    add(Flag.nulls, u32s([nulls.length, ...nulls]))
  }
  if (types.length > 1) add(Flag.typeIndexes, encodeTypeIndexes(pieces, types, count))
  if (pieces.some((piece) => piece.keys)) {
    const keys = encodeKeys(pieces, count)
    add(Flag.keys | (keys.ascii ? Flag.keysAscii : 0), keys.bytes)
  }
  if (head.times) add(Flag.times, u64s(head.times))
  if (head.offsets) add(Flag.offsets, u64s(head.offsets))
  if (head.causes) add(Flag.causes, encodeCauses(head.causes))
  if (head.transaction) add(Flag.transaction, encodeTransaction(head.transaction))
  return { flags, parts }
}

function mergedNulls(pieces: readonly AppendBatch[]): number[] {
  const nulls: number[] = []
  let base = 0
  for (const piece of pieces) {
    for (const index of piece.nulls ?? []) nulls.push(base + index)
    base += piece.count
  }
  return nulls
}

function encodeTypeIndexes(pieces: readonly AppendBatch[], types: readonly string[], count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count * 2)
  let at = 0
  for (const piece of pieces) {
    const map = piece.types.map((name) => types.indexOf(name))
    for (let i = 0; i < piece.count; i++, at += 2) bytes.writeUInt16LE(map[piece.typeIndexes?.[i] ?? 0] ?? 0, at)
  }
  return bytes
}

function encodeKeys(pieces: readonly AppendBatch[], count: number): { bytes: Buffer; ascii: boolean } {
  const lengths = Buffer.allocUnsafe(count * 2)
  const texts: string[] = []
  let characters = 0
  let at = 0
  for (const piece of pieces) {
    for (let i = 0; i < piece.count; i++, at += 2) {
      const key = piece.keys?.[i] ?? null
      if (key === null) {
        lengths.writeUInt16LE(NO_KEY, at)
        continue
      }
      lengths.writeUInt16LE(key.length, at)
      texts.push(key)
      characters += key.length
    }
  }
  const joined = Buffer.from(texts.join(''))
  const ascii = joined.length === characters
  if (!ascii) writeByteLengths(pieces, lengths)
  const size = Buffer.allocUnsafe(4)
  size.writeUInt32LE(joined.length)
  return { bytes: Buffer.concat([lengths, size, joined]), ascii }
}

function writeByteLengths(pieces: readonly AppendBatch[], lengths: Buffer): void {
  let at = 0
  for (const piece of pieces) {
    for (let i = 0; i < piece.count; i++, at += 2) {
      const key = piece.keys?.[i] ?? null
      if (key !== null) lengths.writeUInt16LE(Buffer.byteLength(key), at)
    }
  }
}

function encodeCauses(causes: NonNullable<AppendBatch['causes']>): Buffer {
  const bytes = Buffer.allocUnsafe(causes.length * CAUSE_BYTES)
  for (const [index, cause] of causes.entries()) {
    const at = index * CAUSE_BYTES
    bytes.writeUInt32LE(cause.partition, at)
    writeU64(bytes, Number(cause.offset), at + 4)
    bytes.writeUInt32LE(cause.number, at + 12)
  }
  return bytes
}

function encodeTransaction(transaction: NonNullable<AppendBatch['transaction']>): Buffer {
  const text = JSON.stringify({ ...transaction, from: transaction.from.map(String), to: transaction.to.map(String) })
  const bytes = Buffer.from(text)
  return Buffer.concat([u32s([bytes.length]), bytes])
}

function u16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text)
  assert(bytes.length < NO_KEY, 'a name of an event type or schema is shorter than 64 KB')
  return Buffer.concat([u16(bytes.length), bytes])
}

function u32s(values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4)
  for (let i = 0; i < values.length; i++) bytes.writeUInt32LE(values[i] as number, i * 4)
  return bytes
}

function u64s(values: readonly bigint[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8)
  for (let i = 0; i < values.length; i++) writeU64(bytes, Number(values[i]), i * 8)
  return bytes
}
