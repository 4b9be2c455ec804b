import { EvertError } from '../../../errors.ts'
import { damageOf, EntryView } from './entry-decode.ts'
import type { Environment } from './environment.ts'
import { entryKey, entryOffset, PARTITION_KEY_BYTES, setEntryOffset } from './keys.ts'
import type { StoredTopic } from './topics.ts'

/** LMDB hands on a plain array where it maps the file's own pages. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * The checked entries of one partition. An entry's bytes are LMDB's own buffer: they stand until the next is fetched,
 * so whoever wants to keep something copies it.
 */
export class Entries {
  readonly #environment: Environment
  readonly #topic: StoredTopic
  readonly #partition: number
  readonly #key: Buffer

  constructor(environment: Environment, topic: StoredTopic, partition: number) {
    this.#environment = environment
    this.#topic = topic
    this.#partition = partition
    this.#key = entryKey(topic.number, partition, 0)
  }

  /** The entry that begins at `first`, if one does. Throws `log-corrupt`. */
  at(first: number): EntryView | undefined {
    setEntryOffset(this.#key, first)
    const found = this.#environment.entries.getBinaryFast(this.#key)
    if (!found) return undefined
    const bytes = Buffer.isBuffer(found) ? found : asBuffer(found)
    const damage = damageOf(bytes, bytes.length)
    if (damage) throw this.corrupt(damage, first)
    const entry = new EntryView(bytes)
    if (!entry.isAt(this.#topic.number, this.#partition, first)) throw this.corrupt('it belongs to another place', first)
    return entry
  }

  /** The entry that holds `offset`, or the first after it. `offset` is below the partition's end. Throws `log-corrupt`, also when entries are missing. */
  from(offset: number): EntryView {
    const exact = this.at(offset)
    if (exact) return exact
    const before = this.#neighbour(offset, true)
    const floor = before === undefined ? undefined : this.at(before)
    if (floor && floor.next > offset) return floor
    const after = this.#neighbour(offset, false)
    const ceiling = after === undefined ? undefined : this.at(after)
    if (!ceiling || ceiling.before > offset) throw this.corrupt('it is missing', offset, ceiling?.before)
    return ceiling
  }

  /** First offset of the last entry that begins at or before `offset`. */
  floor(offset: number): number | undefined {
    return this.#neighbour(offset, true)
  }

  /** First offset of the first entry that begins at or after `offset`. */
  ceiling(offset: number): number | undefined {
    return this.#neighbour(offset, false)
  }

  corrupt(damage: string, from: number, to?: number): EvertError {
    const [topic, partition] = [this.#topic.name, this.#partition]
    const next = to ?? this.#nextOf(from)
    const range = next === undefined ? `from offset ${from} on` : `offsets ${from} to ${next - 1}`
    return new EvertError(
      'log-corrupt',
      `Read ${topic} partition ${partition}, ${range}: the entry is damaged, ${damage}. It is not served; restore the log from a copy.`,
      {
        details: { topic, partition, from, ...(next !== undefined && { to: next }) },
      },
    )
  }

  /** Where the entries after a damaged one begin, as the index tells. */
  #nextOf(first: number): number | undefined {
    return this.#neighbour(first + 1, false)
  }

  #neighbour(offset: number, reverse: boolean): number | undefined {
    const start = entryKey(this.#topic.number, this.#partition, offset)
    const end = reverse ? start.subarray(0, PARTITION_KEY_BYTES) : entryKey(this.#topic.number, this.#partition, Number.MAX_SAFE_INTEGER)
    for (const key of this.#environment.entries.getKeys({ start, end, reverse, limit: 1 })) return entryOffset(key)
    return undefined
  }
}
