import { limits } from '../../../limits.ts'
import type { Chunk, ReadOptions } from '../log.ts'
import { ChunkBuilder } from './chunk-builder.ts'
import { Entries } from './entries.ts'
import type { EntryView } from './entry-decode.ts'
import { Flag } from './entry-format.ts'
import type { Environment } from './environment.ts'
import { readState } from './partition-state.ts'
import type { StoredTopic } from './topics.ts'

/** Events of one partition from `offset` on, as many consecutive entries as fit, in one snapshot. Throws `log-corrupt`. */
export function readChunk(
  environment: Environment,
  topic: StoredTopic,
  partition: number,
  offset: number,
  options: ReadOptions,
): Chunk | undefined {
  const { end } = readState(environment, topic.number, partition)
  const to = options.to === undefined ? end : Math.min(end, Number(options.to))
  const eventsMax = Math.max(1, options.maxEvents ?? limits.chunkEventsMax)
  const bytesMax = Math.max(1, options.maxBytes ?? limits.chunkBytesMax)
  const entries = new Entries(environment, topic, partition)
  const builder = new ChunkBuilder(topic, partition, options.want ?? {})
  let position = offset
  while (position < to) {
    const kept = environment.cut.find(topic.number, partition, position)
    const entry = kept ?? entries.from(position)
    if (entry.first >= to) break
    const more = builder.add(entry, position, to, eventsMax, bytesMax)
    if (builder.next > entry.first && builder.next < entry.next) environment.cut.keep(topic.number, partition, entry)
    else if (kept && builder.next >= entry.next) environment.cut.drop(topic.number, partition, entry)
    if (builder.count > 0 ? !more : builder.next <= position) break
    position = builder.next
  }
  return builder.count === 0 ? undefined : builder.finish()
}

/** First offset whose time is ≥ `time`, or the end: binary search over the entries, whose times ascend. */
export function offsetAtTime(environment: Environment, topic: StoredTopic, partition: number, time: number): number {
  const { end } = readState(environment, topic.number, partition)
  const entries = new Entries(environment, topic, partition)
  let low = 0
  let high = end
  // Invariant: what lies before `low` is earlier than `time`, what lies at `high` or after it is not.
  while (low < high) {
    const floor = entries.floor(Math.floor((low + high) / 2))
    const first = floor !== undefined && floor >= low ? floor : entries.ceiling(low)
    const entry = first === undefined || first >= high ? undefined : entries.at(first)
    if (!entry) break
    if (entry.lastTime < time) low = entry.next
    else if (entry.time >= time) high = entry.first
    else return within(entry, time)
  }
  return high
}

/** Only an entry of copied events has more than one time. */
function within(entry: EntryView, time: number): number {
  const index = entry.times().findIndex((own) => own >= time)
  return entry.has(Flag.offsets) ? (entry.offsets()[index] as number) : entry.first + index
}
