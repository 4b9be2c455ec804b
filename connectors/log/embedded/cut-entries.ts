import { limits } from '../../../limits.ts'
import { EntryView } from './entry-decode.ts'

/**
 * Entries of which a reader has had a part and will want the rest: without them each part would fetch and check the whole
 * entry again. Entries never change, so what is kept stays true; a few are kept, the oldest goes first.
 */
export class CutEntries {
  readonly #kept = new Map<string, EntryView>()

  /** The kept entry of a partition that holds `offset`. */
  find(topic: number, partition: number, offset: number): EntryView | undefined {
    for (const [key, entry] of this.#kept)
      if (entry.first <= offset && offset < entry.next && key === keyOf(topic, partition, entry.first)) return entry
    return undefined
  }

  /** Keeps a copy: an entry's bytes are the log's own until the next is fetched. */
  keep(topic: number, partition: number, entry: EntryView): void {
    const key = keyOf(topic, partition, entry.first)
    if (this.#kept.has(key)) return
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined && this.#kept.size >= limits.cutEntriesMax) this.#kept.delete(oldest)
    const { bytes } = entry
    // LMDB hands on a larger buffer whose `length` it has set: what copies by itself would take all of it.
    this.#kept.set(key, new EntryView(Buffer.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))))
  }

  /** The rest of it was read. */
  drop(topic: number, partition: number, entry: EntryView): void {
    this.#kept.delete(keyOf(topic, partition, entry.first))
  }
}

function keyOf(topic: number, partition: number, first: number): string {
  return `${topic} ${partition} ${first}`
}
