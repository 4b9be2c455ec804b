import type { Log, Want } from '../../connectors/log/log.ts'
import { limits } from '../../limits.ts'
import type { Batch, CheckedChunk, Position, Source } from './batch.ts'
import { checkChunk } from './check.ts'

export interface ReadLimits {
  readonly events: number
  readonly bytes: number
}

/** DuckDB decodes one value on one thread: a batch of several chunks uses all cores. */
const chunkEvents = limits.entryEventsMax

/**
 * One batch from `from` on: whatever is there, at least one event, at most the limits; undefined when nothing is. Partitions
 * take turns, chunk by chunk, so that none starves. `to` bounds it (a build that must end where the live views stand).
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
  let open = sources.flatMap((source) => (next.get(source.topic) ?? []).map((_, partition) => ({ source, partition })))
  while (open.length > 0 && events < max.events && bytes < max.bytes) {
    const still: typeof open = []
    for (const slot of open) {
      const offsets = next.get(slot.source.topic) as bigint[]
      const end = to?.get(slot.source.topic)?.[slot.partition]
      const at = offsets[slot.partition] as bigint
      if ((end !== undefined && at >= end) || events >= max.events || bytes >= max.bytes) continue
      const chunk = await log.read(slot.source.topic, slot.partition, at, {
        maxEvents: Math.min(chunkEvents, max.events - events),
        maxBytes: Math.min(limits.chunkBytesMax, max.bytes - bytes),
        want: want(slot.source),
        ...(end === undefined ? {} : { to: end }),
      })
      if (!chunk) continue
      offsets[slot.partition] = chunk.next
      events += chunk.count
      bytes += chunk.values.length
      const list = chunks.get(slot.source.name) ?? []
      if (chunk.count > 0) list.push(checkChunk(slot.source, chunk))
      chunks.set(slot.source.name, list)
      still.push(slot)
    }
    open = still
  }
  return chunks.size === 0 ? undefined : { chunks, events, bytes, to: next }
}
