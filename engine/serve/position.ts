import type { Position } from '../run/batch.ts'
import type { Core } from './core.ts'
import type { PositionJson } from './service.ts'

/** A position by stream name, as answers carry it. */
export function positionJson(core: Core, position: Position): PositionJson {
  const answer: Record<string, string[]> = {}
  for (const source of core.definitions.sources.values()) answer[source.name] = (position.get(source.topic) ?? []).map(String)
  return answer
}

export async function endsOf(core: Core): Promise<ReadonlyMap<string, readonly bigint[]>> {
  return core.log.ends([...core.definitions.sources.values()].map((source) => source.topic))
}

/** Events between a position and the ends: an upper bound where offsets have gaps. */
export function lag(position: Position, ends: ReadonlyMap<string, readonly bigint[]>): number {
  let events = 0n
  for (const [topic, offsets] of ends)
    for (const [partition, end] of offsets.entries()) events += end - (position.get(topic)?.[partition] ?? 0n)
  return Number(events)
}
