import type { Log } from '../../connectors/log/log.ts'
import type { Position, Source } from '../run/batch.ts'

/** Where the log ends for each of the sources that it has a topic of; one that was just declared has none yet. */
export async function logEnds(log: Log, sources: readonly Source[]): Promise<Position> {
  const topics = new Set((await log.topics()).map(({ name }) => name))
  return log.ends(sources.map(({ topic }) => topic).filter((topic) => topics.has(topic)))
}
