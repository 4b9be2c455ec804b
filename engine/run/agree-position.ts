import type { Log } from '../../connectors/log/log.ts'
import type { Store } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import type { Position, Source } from './batch.ts'
import { insertPosition, readMeta, readPosition, writeMeta } from './registry.ts'

/** The stored position belongs to this log and to these topics, and lies within them; new topics begin at 0. */
export async function agreePosition(store: Store, log: Log, sources: readonly Source[]): Promise<Position> {
  const known = await store.transaction((tx) => readMeta(tx, 'log_id'))
  if (known !== undefined && known !== log.id) {
    throw new EvertError(
      'position-mismatch',
      `The views were built from the log ${known}, this log is ${log.id}. Point the project at its own log, or remove the file views.duckdb to build the views from this one.`,
      { details: { wanted: known, current: log.id } },
    )
  }
  const stored = await store.transaction(readPosition)
  const position = new Map<string, bigint[]>([...stored.position].map(([topic, offsets]) => [topic, [...offsets]]))
  const statements: string[] = known === undefined ? writeMeta('log_id', log.id) : []
  for (const source of sources) {
    const topic = await log.createTopic(source.topic, { partitions: source.partitions, versions: source.versions })
    const id = stored.topicIds.get(source.topic)
    if (id !== undefined && id !== topic.id) {
      throw new EvertError(
        'position-mismatch',
        `The topic ${source.topic} was made anew: the views know it as ${id}, the log as ${topic.id}. Remove the file views.duckdb to build the views from the new topic.`,
        { details: { topic: source.topic } },
      )
    }
    const offsets = position.get(source.topic) ?? []
    for (let partition = offsets.length; partition < topic.partitions; partition++) {
      offsets.push(0n)
      statements.push(insertPosition(source.topic, topic.id, partition))
    }
    position.set(source.topic, offsets)
    await within(log, source.topic, offsets)
  }
  if (statements.length > 0) await store.script(statements)
  const topics = new Set(sources.map((source) => source.topic))
  return new Map([...position].filter(([topic]) => topics.has(topic)))
}

async function within(log: Log, topic: string, offsets: readonly bigint[]): Promise<void> {
  const ends = (await log.ends([topic])).get(topic) ?? []
  const starts = await log.starts(topic)
  for (const [partition, offset] of offsets.entries()) {
    const end = ends[partition] ?? 0n
    if (offset > end) {
      throw new EvertError(
        'position-mismatch',
        `The views stand at ${topic}/${partition}@${offset}, but the log ends at ${end}: it has lost events that the views have seen. Restore the log, or remove the file views.duckdb to build the views from what is left.`,
        { details: { topic, partition, position: String(offset), end: String(end) } },
      )
    }
    const first = starts[partition] ?? 0n
    if (offset < first)
      throw new EvertError(
        'history-gone',
        `History of ${topic}/${partition} is gone from offset ${offset} to ${first}: the log no longer holds it. Restore the log from a copy.`,
        { details: { topic, partition } },
      )
  }
}
