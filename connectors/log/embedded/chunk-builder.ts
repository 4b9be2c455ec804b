import { type AppendBatch, type Chunk, SEPARATOR, type Want } from '../log.ts'
import { type Attributes, type EntryView, readAttributes } from './entry-decode.ts'
import { Flag, HEADER_BYTES } from './entry-format.ts'
import type { StoredTopic } from './topics.ts'

/** Handed on one by one: their metadata does not merge. */
const ALONE = Flag.lengths | Flag.offsets
const CAUSED = Flag.causes | Flag.transaction

let scratch = Buffer.allocUnsafeSlow(1 << 20)

/**
 * Merges consecutive entries of one partition into one chunk. Values go through one buffer that is kept, and are copied
 * out of it once, exactly sized, when the chunk is done; of the metadata only what is wanted is built.
 */
export class ChunkBuilder {
  readonly #topic: StoredTopic
  readonly #partition: number
  readonly #want: Want
  #first = 0
  #next = 0
  #count = 0
  #bytes = 0
  #attributes: Attributes | undefined
  #attributeBytes: Buffer | undefined
  #types: string[] = []
  #typeMap: number[] = []
  #typeIndexes: number[] | undefined
  #keys: (string | null)[] = []
  #nulls: number[] = []
  #time = 0
  #times: bigint[] | undefined
  #alone: Pick<AppendBatch, 'lengths' | 'offsets' | 'causes' | 'transaction'> | undefined

  constructor(topic: StoredTopic, partition: number, want: Want) {
    this.#topic = topic
    this.#partition = partition
    this.#want = want
  }

  get count(): number {
    return this.#count
  }

  get next(): number {
    return this.#next
  }

  /**
   * Adds the events of `entry` from `offset` on and below `to`, as many as fit. False when the chunk is full or the
   * entry does not go with the ones before: then `finish`. Only a first event may be larger than `bytesMax`.
   */
  add(entry: EntryView, offset: number, to: number, eventsMax: number, bytesMax: number): boolean {
    const alone = entry.has(ALONE) || (this.#want.causes === true && entry.has(CAUSED))
    if (this.#count > 0 && (alone || entry.first !== this.#next || !this.#sameSchema(entry))) return false
    if (this.#count === 0) this.#begin(entry, offset)
    const whole = offset <= entry.first && to >= entry.next && entry.count <= eventsMax - this.#count
    // A separator comes between this entry and the ones before it.
    const room = bytesMax - this.#bytes - (this.#count > 0 ? 1 : 0)
    if (whole && entry.valuesEnd - HEADER_BYTES <= room) {
      this.#take(entry, 0, entry.count, HEADER_BYTES, entry.valuesEnd, alone, undefined)
      this.#next = entry.next
      return !alone && this.#count < eventsMax
    }
    return this.#addPart(entry, offset, to, eventsMax - this.#count, room, alone)
  }

  #begin(entry: EntryView, offset: number): void {
    this.#first = Math.max(offset, entry.first)
    this.#time = entry.time
    this.#sameSchema(entry)
  }

  /** Cuts inside an entry; there is nothing to add to the chunk after it, unless its rest was taken. */
  #addPart(entry: EntryView, offset: number, to: number, eventsMax: number, bytesMax: number, alone: boolean): boolean {
    const lengths = entry.has(Flag.lengths) ? entry.lengths() : undefined
    const offsets = entry.has(Flag.offsets) ? entry.offsets() : undefined
    const place = (i: number) => (offsets ? (offsets[i] as number) : entry.first + i)
    const starts = entry.starts()
    const gap = lengths ? 0 : 1
    let from = offsets ? offsets.findIndex((own) => own >= offset) : Math.max(0, offset - entry.first)
    if (from < 0) from = entry.count
    const start = starts[from] as number
    let until = from
    while (until < entry.count && place(until) < to && until - from < eventsMax) {
      const fits = (starts[until + 1] as number) - gap - start <= bytesMax
      if (!fits && (until > from || this.#count > 0)) break
      until++
    }
    if (until === from) {
      // Nothing of this entry is below `to`: the chunk ends here, at the gap's other side if it began in one.
      if (this.#count === 0) this.#next = Math.min(to, from < entry.count ? place(from) : entry.next)
      return false
    }
    if (this.#count === 0) this.#first = place(from)
    this.#take(entry, from, until, HEADER_BYTES + start, HEADER_BYTES + (starts[until] as number) - gap, alone, lengths)
    this.#next = until === entry.count ? entry.next : place(until)
    return until === entry.count && !alone && eventsMax > until - from
  }

  #take(
    entry: EntryView,
    from: number,
    to: number,
    start: number,
    end: number,
    alone: boolean,
    lengths: readonly number[] | undefined,
  ): void {
    const count = to - from
    if (entry.has(Flag.nulls))
      for (const index of entry.nulls()) if (index >= from && index < to) this.#nulls.push(this.#count + index - from)
    if (this.#want.keys) entry.keys(from, to, this.#keys)
    if (this.#want.times) this.#addTimes(entry, from, to)
    if (this.#want.types) this.#addTypes(entry, from, to)
    if (alone) this.#alone = soloMetadata(entry, from, to, lengths, this.#want.causes === true)
    this.#addValues(entry.bytes, start, end)
    this.#count += count
  }

  #addValues(bytes: Buffer, start: number, end: number): void {
    const needed = this.#bytes + 1 + end - start
    if (needed > scratch.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, scratch.length * 2))
      scratch.copy(larger, 0, 0, this.#bytes)
      scratch = larger
    }
    if (this.#count > 0) scratch[this.#bytes++] = SEPARATOR
    bytes.copy(scratch, this.#bytes, start, end)
    this.#bytes += end - start
  }

  #addTimes(entry: EntryView, from: number, to: number): void {
    if (!this.#times && entry.time === this.#time && entry.lastTime === this.#time) return
    if (!this.#times) this.#times = new Array<bigint>(this.#count).fill(BigInt(this.#time))
    const times = entry.times()
    for (let i = from; i < to; i++) this.#times.push(BigInt(times[i] ?? entry.time))
  }

  #addTypes(entry: EntryView, from: number, to: number): void {
    const mixed = entry.has(Flag.typeIndexes)
    const single = mixed ? 0 : (this.#typeMap[0] ?? 0)
    if (!this.#typeIndexes) {
      if (!mixed && single === 0) return
      this.#typeIndexes = new Array<number>(this.#count).fill(0)
    }
    if (mixed) entry.typeIndexes(from, to, this.#typeMap, this.#typeIndexes)
    else for (let i = from; i < to; i++) this.#typeIndexes.push(single)
  }

  /** Also takes in the entry's type names. Entries of a stream repeat their attributes, so equal bytes end it. */
  #sameSchema(entry: EntryView): boolean {
    if (this.#attributeBytes && sameBytes(this.#attributeBytes, entry)) return true
    const attributes = readAttributes(entry)
    if (this.#attributes && !mergeable(this.#attributes, attributes)) return false
    this.#attributes = attributes
    this.#attributeBytes = Buffer.from(entry.bytes.subarray(entry.valuesEnd, entry.attributesEnd))
    this.#typeMap = attributes.types.map((name) => {
      const known = this.#types.indexOf(name)
      return known === -1 ? this.#types.push(name) - 1 : known
    })
    return true
  }

  finish(): Chunk {
    const schema = this.#attributes?.schema
    return {
      topic: this.#topic.name,
      topicId: this.#topic.id,
      partition: this.#partition,
      first: BigInt(this.#first),
      next: BigInt(this.#next),
      count: this.#count,
      values: gathered(this.#bytes),
      times: this.#times ?? BigInt(this.#time),
      types: this.#types,
      ...(this.#typeIndexes && { typeIndexes: this.#typeIndexes }),
      ...(this.#want.keys && { keys: this.#keys }),
      ...(this.#nulls.length > 0 && { nulls: this.#nulls }),
      ...(schema !== undefined && { schema }),
      ...this.#alone,
    }
  }
}

function soloMetadata(entry: EntryView, from: number, to: number, lengths: readonly number[] | undefined, causes: boolean) {
  return {
    ...(entry.has(Flag.lengths) && { lengths: (lengths ?? entry.lengths()).slice(from, to) }),
    ...(entry.has(Flag.offsets) && { offsets: entry.offsets().slice(from, to).map(BigInt) }),
    ...(causes && entry.has(Flag.causes) && { causes: entry.causes().slice(from, to) }),
    ...(causes && entry.has(Flag.transaction) && { transaction: entry.transaction() }),
  }
}

/** The values that were gathered: a copy of their own size, or, where they fill most of it, the buffer itself. */
function gathered(bytes: number): Buffer {
  const own = scratch
  if (bytes * 2 > own.length) {
    scratch = Buffer.allocUnsafeSlow(own.length)
    return own.subarray(0, bytes)
  }
  const copy = Buffer.allocUnsafeSlow(bytes)
  own.copy(copy, 0, 0, bytes)
  return copy
}

function mergeable(a: Attributes, b: Attributes): boolean {
  return a.schema === b.schema && (a.types.length === 0) === (b.types.length === 0)
}

function sameBytes(known: Buffer, entry: EntryView): boolean {
  const start = entry.valuesEnd
  if (entry.attributesEnd - start !== known.length) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== entry.bytes[start + i]) return false
  return true
}
