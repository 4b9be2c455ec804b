import { crc32c } from '@node-rs/crc32'
import type { Cause, Transaction } from '../log.ts'
import { valueStarts } from './cut.ts'
import { CAUSE_BYTES, Flag, FORMAT_VERSION, HEADER_BYTES, MAGIC, NO_KEY, readU64 } from './entry-format.ts'

/** Why an entry cannot be served, or undefined when its bytes are what was written. */
export function damageOf(bytes: Buffer, size: number): string | undefined {
  if (size < HEADER_BYTES) return `it has ${size} bytes, less than a header`
  if (bytes.readUInt32LE(0) !== crc32c(bytes.subarray(4, size))) return 'its CRC32C does not match its bytes'
  if (bytes.readUInt16LE(4) !== MAGIC) return 'it does not begin with the magic number'
  const version = bytes.readUInt16LE(6)
  if (version !== FORMAT_VERSION) return `it has format version ${version}; this program reads ${FORMAT_VERSION}`
  return undefined
}

/** An entry's header and the places of its sections, over bytes that are checked; valid until the next entry is fetched. */
export class EntryView {
  readonly bytes: Buffer
  readonly flags: number
  readonly count: number
  readonly before: number
  readonly first: number
  readonly next: number
  readonly time: number
  readonly lastTime: number
  readonly valuesEnd: number
  readonly attributesEnd: number
  #starts: readonly number[] | undefined

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.flags = bytes.readUInt32LE(8)
    this.count = bytes.readUInt32LE(12)
    this.before = readU64(bytes, 32)
    this.first = readU64(bytes, 40)
    this.next = readU64(bytes, 48)
    this.time = readU64(bytes, 56)
    this.lastTime = readU64(bytes, 64)
    this.valuesEnd = HEADER_BYTES + bytes.readUInt32LE(16)
    this.attributesEnd = this.valuesEnd + bytes.readUInt32LE(20)
  }

  /** Byte where each value starts, from where the values begin, and one past the last value's separator. */
  starts(): readonly number[] {
    if (!this.#starts) {
      const values = this.bytes.subarray(HEADER_BYTES, this.valuesEnd)
      this.#starts = valueStarts({ count: this.count, values, ...(this.has(Flag.lengths) && { lengths: this.lengths() }) })
    }
    return this.#starts
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0
  }

  isAt(topic: number, partition: number, first: number): boolean {
    return this.first === first && this.bytes.readUInt32LE(24) === topic && this.bytes.readUInt32LE(28) === partition
  }

  /** Byte lengths of the values; only with `Flag.lengths`. */
  lengths(): number[] {
    return u32s(this.bytes, this.attributesEnd, this.count)
  }

  nulls(): number[] {
    if (!this.has(Flag.nulls)) return []
    const at = this.#section(Flag.nulls)
    return u32s(this.bytes, at + 4, this.bytes.readUInt32LE(at))
  }

  /** Appends what `map` has for the types of the events `[from, to)`, by their indexes among the attributes' names. */
  typeIndexes(from: number, to: number, map: readonly number[], into: number[]): void {
    const { bytes } = this
    const start = this.#section(Flag.typeIndexes)
    for (let at = start + from * 2; at < start + to * 2; at += 2)
      into.push(map[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] ?? 0)
  }

  /** Appends the keys of the events `[from, to)` to `into`. */
  keys(from: number, to: number, into: (string | null)[]): void {
    if (!this.has(Flag.keys)) {
      for (let i = from; i < to; i++) into.push(null)
      return
    }
    const { bytes } = this
    const at = this.#section(Flag.keys)
    const start = at + this.count * 2 + 4
    if (!this.has(Flag.keysAscii)) {
      wideKeys(bytes, at, start, from, to, into)
      return
    }
    const text = bytes.toString('latin1', start, start + bytes.readUInt32LE(start - 4))
    let position = 0
    for (let i = 0; i < to; i++) {
      const length = bytes.readUInt16LE(at + i * 2)
      if (i >= from) into.push(length === NO_KEY ? null : text.slice(position, position + length))
      if (length !== NO_KEY) position += length
    }
  }

  times(): number[] {
    return this.has(Flag.times) ? u64s(this.bytes, this.#section(Flag.times), this.count) : []
  }

  offsets(): number[] {
    return u64s(this.bytes, this.#section(Flag.offsets), this.count)
  }

  causes(): Cause[] {
    const start = this.#section(Flag.causes)
    const causes: Cause[] = []
    for (let i = 0; i < this.count; i++) {
      const at = start + i * CAUSE_BYTES
      causes.push({
        partition: this.bytes.readUInt32LE(at),
        offset: BigInt(readU64(this.bytes, at + 4)),
        number: this.bytes.readUInt32LE(at + 12),
      })
    }
    return causes
  }

  transaction(): Transaction {
    const at = this.#section(Flag.transaction)
    const json = JSON.parse(this.bytes.toString('utf8', at + 4, at + 4 + this.bytes.readUInt32LE(at))) as Omit<
      Transaction,
      'from' | 'to'
    > & {
      from: string[]
      to: string[]
    }
    return { ...json, from: json.from.map(BigInt), to: json.to.map(BigInt) }
  }

  /** Where a section starts: the ones before it have sizes that the count or their first word tells. */
  #section(wanted: number): number {
    const { bytes, count } = this
    let at = this.attributesEnd
    if (wanted === Flag.lengths) return at
    if (this.has(Flag.lengths)) at += count * 4
    if (wanted === Flag.nulls) return at
    if (this.has(Flag.nulls)) at += 4 + bytes.readUInt32LE(at) * 4
    if (wanted === Flag.typeIndexes) return at
    if (this.has(Flag.typeIndexes)) at += count * 2
    if (wanted === Flag.keys) return at
    if (this.has(Flag.keys)) at += count * 2 + 4 + bytes.readUInt32LE(at + count * 2)
    if (wanted === Flag.times) return at
    if (this.has(Flag.times)) at += count * 8
    if (wanted === Flag.offsets) return at
    if (this.has(Flag.offsets)) at += count * 8
    if (wanted === Flag.causes) return at
    return this.has(Flag.causes) ? at + count * CAUSE_BYTES : at
  }
}

/** What entries of a stream repeat: schema mark and type names. */
export interface Attributes {
  readonly schema: string | undefined
  readonly types: readonly string[]
}

/** Schema mark and type names of an entry. */
export function readAttributes(entry: EntryView): Attributes {
  const { bytes } = entry
  let at = entry.valuesEnd
  const text = () => {
    const length = bytes.readUInt16LE(at)
    at += 2
    if (length === NO_KEY) return undefined
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const schema = text()
  const count = bytes.readUInt16LE(at)
  at += 2
  const types: string[] = []
  for (let i = 0; i < count; i++) types.push(text() ?? '')
  return { schema, types }
}

function wideKeys(bytes: Buffer, at: number, start: number, from: number, to: number, into: (string | null)[]): void {
  let position = start
  for (let i = 0; i < to; i++) {
    const length = bytes.readUInt16LE(at + i * 2)
    if (i >= from) into.push(length === NO_KEY ? null : bytes.toString('utf8', position, position + length))
    if (length !== NO_KEY) position += length
  }
}

function u32s(bytes: Buffer, at: number, count: number): number[] {
  const values: number[] = []
  for (let i = 0; i < count; i++) values.push(bytes.readUInt32LE(at + i * 4))
  return values
}

function u64s(bytes: Buffer, at: number, count: number): number[] {
  const values: number[] = []
  for (let i = 0; i < count; i++) values.push(readU64(bytes, at + i * 8))
  return values
}
