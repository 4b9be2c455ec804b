import type { Chunk, Ends, Log, Transaction } from '../../../connectors/log/log.ts'
import { SEPARATOR } from '../../../connectors/log/log.ts'
import { EvertError } from '../../../errors.ts'

/** A logged transaction of one processor: what its inputs gave rise to. */
export interface Logged extends Transaction {
  /** By `causeId`, in order of their number. */
  readonly records: ReadonlyMap<string, readonly Recorded[]>
}

export interface Recorded {
  readonly topic: string
  readonly type: string
  readonly text: string
}

export function causeId(partition: number, offset: bigint): string {
  return `${partition}/${offset}`
}

/**
 * A processor's transactions after `sequence`, one by one and in their order, from what its output topics hold in
 * [`from`, `to`). Sequences have no gaps, so a missing one is an output that was lost: throws `log-corrupt`.
 */
export async function* loggedTransactions(log: Log, processor: string, sequence: number, from: Ends, to: Ends): AsyncGenerator<Logged> {
  const cursors: Cursor[] = []
  for (const [topic, ends] of to)
    for (const [partition, end] of ends.entries())
      cursors.push(new Cursor(log, processor, topic, partition, from.get(topic)?.[partition] ?? 0n, end))
  for (let wanted = sequence + 1; ; wanted++) {
    const own: Chunk[] = []
    let beyond: number | undefined
    for (const cursor of cursors) {
      for (;;) {
        const found = (await cursor.peek())?.transaction?.sequence
        if (found === undefined || found > wanted) {
          beyond = found ?? beyond
          break
        }
        if (found === wanted) own.push(cursor.peeked as Chunk)
        cursor.take()
      }
    }
    const transaction = own[0]?.transaction
    if (transaction) yield { ...transaction, records: recordsOf(own) }
    else if (beyond === undefined) return
    else
      throw new EvertError(
        'log-corrupt',
        `Catching up processor ${processor}: the log holds its transaction ${beyond} and not ${wanted}. Outputs were lost. Restore the log from a copy.`,
        { details: { processor, wanted, found: beyond } },
      )
  }
}

/** Walks over a processor's own entries of one partition. */
class Cursor {
  readonly #log: Log
  readonly #processor: string
  readonly #topic: string
  readonly #partition: number
  readonly #to: bigint
  #at: bigint
  #own: Chunk | undefined

  constructor(log: Log, processor: string, topic: string, partition: number, at: bigint, to: bigint) {
    this.#log = log
    this.#processor = processor
    this.#topic = topic
    this.#partition = partition
    this.#at = at
    this.#to = to
  }

  get peeked(): Chunk | undefined {
    return this.#own
  }

  async peek(): Promise<Chunk | undefined> {
    while (this.#own === undefined && this.#at < this.#to) {
      const chunk = await this.#log.read(this.#topic, this.#partition, this.#at, { to: this.#to, want: { types: true, causes: true } })
      if (!chunk) break
      this.#at = chunk.next
      if (chunk.transaction?.processor === this.#processor) this.#own = chunk
    }
    return this.#own
  }

  take(): void {
    this.#own = undefined
  }
}

function recordsOf(chunks: readonly Chunk[]): Map<string, Recorded[]> {
  const records = new Map<string, (Recorded & { number: number })[]>()
  for (const { topic, values, causes, types, typeIndexes } of chunks) {
    const texts = Buffer.from(values.buffer, values.byteOffset, values.length).toString('utf8').split(String.fromCharCode(SEPARATOR))
    for (const [index, { partition, offset, number }] of (causes ?? []).entries()) {
      const id = causeId(partition, offset)
      const list = records.get(id) ?? []
      records.set(id, list)
      list.push({ topic, type: types[typeIndexes?.[index] ?? 0] ?? '', text: texts[index] ?? '', number })
    }
  }
  for (const list of records.values()) list.sort((a, b) => a.number - b.number)
  return records
}
