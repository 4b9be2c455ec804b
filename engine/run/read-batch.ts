import type { Log, Want } from '../../connectors/log/log.ts'
import { limits } from '../../limits.ts'
import { type Batch, type CheckedChunk, type Position, positionSum, type Source } from './batch.ts'
import { checkChunk } from './check.ts'

export interface ReadLimits {
  readonly events: number
  readonly bytes: number
}

/** DuckDB decodes one chunk on one thread: a batch of several uses all cores, unless it is so small that the next one is decoded beside it. */
const chunksWanted = 4
const chunkEventsMin = 16_384
/** Each chunk is a SELECT of its own in every statement that decodes. */
const chunksMax = 64

/**
 * One batch from `from` on: whatever is there, at least one event, at most the limits; undefined when nothing is. Partitions
 * take turns, and each gets its share before any gets more, so that none starves. `to` bounds it (a build that must end where the live views stand).
 */
export async function readBatch(
  log: Log,
  sources: readonly Source[],
  from: Position,
  max: ReadLimits,
  want: (source: Source) => Want,
  to?: Position,
): Promise<Batch | undefined> {
  const next = new Map([...from].map(([topic, offsets]) => [topic, [...offsets]]))
  const chunks = new Map<string, CheckedChunk[]>()
  let events = 0
  let bytes = 0
  const slots = sources.flatMap((source) => (next.get(source.topic) ?? []).map((_, partition) => ({ source, partition })))
  // Who is first follows from the position, so it moves on with every batch and a restart changes nothing.
  const begin = slots.length > 0 ? Number(positionSum(from) % BigInt(slots.length)) : 0
  let open = [...slots.slice(begin), ...slots.slice(0, begin)]
  // In the first round each may take its share only; what is left over goes to those that have more.
  let share = { events: portion(max.events, open.length), bytes: portion(max.bytes, open.length) }
  const chunkEvents = Math.min(limits.entryEventsMax, Math.max(chunkEventsMin, Math.ceil(max.events / chunksWanted)))
  let read = 0
  while (open.length > 0 && events < max.events && bytes < max.bytes && read < chunksMax) {
    const still: typeof open = []
    for (const slot of open) {
      const offsets = next.get(slot.source.topic) as bigint[]
      const end = to?.get(slot.source.topic)?.[slot.partition]
      const at = offsets[slot.partition] as bigint
      if ((end !== undefined && at >= end) || events >= max.events || bytes >= max.bytes || read >= chunksMax) continue
      const chunk = await log.read(slot.source.topic, slot.partition, at, {
        maxEvents: Math.min(chunkEvents, share.events, max.events - events),
        maxBytes: Math.min(limits.chunkBytesMax, share.bytes, max.bytes - bytes),
        want: want(slot.source),
        ...(end === undefined ? {} : { to: end }),
      })
      if (!chunk) continue
      read++
      offsets[slot.partition] = chunk.next
      events += chunk.count
      bytes += chunk.values.length
      const list = chunks.get(slot.source.name) ?? []
      if (chunk.count > 0) list.push(checkChunk(slot.source, chunk))
      chunks.set(slot.source.name, list)
      still.push(slot)
    }
    open = still
    share = max
  }
  return chunks.size === 0 ? undefined : { chunks, events, bytes, to: next }
}

function portion(of: number, among: number): number {
  return Math.max(1, Math.floor(of / Math.max(1, Math.min(among, chunksMax))))
}
