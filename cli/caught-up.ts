/** When everything that was in the log at the start is in the views. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Project } from '../engine/model/types.ts'
import type { Ask, PositionJson, Service, StatusInfo } from '../engine/serve/service.ts'

const pauseMs = 20

/**
 * Resolves when views and processors have taken in the events that were there at the start, the events that the processors
 * made of these, and views that were being built are live. Events that others append meanwhile are not waited for, so it
 * ends under any load. Resolves early when `signal` aborts.
 */
export async function caughtUp(service: Service, project: Project, ask: Required<Ask>): Promise<void> {
  try {
    await rounds(service, project, ask)
  } catch (thrown) {
    if (!ask.signal.aborted) throw thrown
  }
}

async function rounds(service: Service, project: Project, ask: Required<Ask>): Promise<void> {
  // What one processor appends another may read: after as many rounds as there are processors nothing of the start is left.
  for (let round = 0; round <= project.processors.size; round += 1) {
    const { ends, position } = await service.status({ signal: ask.signal })
    await reached(service, project, ask, { ends, first: eventsAt(position), started: performance.now() })
  }
}

/** Where a round began, and where it ends. */
interface Round {
  readonly ends: PositionJson
  readonly first: number
  readonly started: number
}

async function reached(
  service: Service,
  project: Project,
  { signal, onProgress }: Required<Ask>,
  { ends, first, started }: Round,
): Promise<void> {
  for (;;) {
    const now = await service.status({ signal })
    if (isAt(now.position, ends) && processorsAre(now, project, ends) && now.replays.length === 0) return
    const done = eventsAt(now.position) - first
    const seconds = Math.max((performance.now() - started) / 1_000, 1e-3)
    onProgress({ phase: 'catch up', done, total: Math.max(done, eventsAt(ends) - first), unit: 'events', perSecond: done / seconds })
    await pause(pauseMs, undefined, { signal })
  }
}

/** About so many events lie before a position (offsets may have gaps). */
function eventsAt(position: PositionJson): number {
  return Object.values(position)
    .flat()
    .reduce((sum, offset) => sum + Number(offset), 0)
}

function processorsAre(now: StatusInfo, project: Project, ends: PositionJson): boolean {
  return now.processors.every((one) => {
    const input = project.processors.get(one.name)?.from.name
    return input === undefined || isAt({ [input]: one.position }, { [input]: ends[input] ?? [] })
  })
}

/** Whether `position` is at `ends` or beyond, in every stream and partition that `ends` names. */
export function isAt(position: PositionJson, ends: PositionJson): boolean {
  return Object.entries(ends).every(([stream, offsets]) =>
    offsets.every((end, partition) => BigInt(position[stream]?.[partition] ?? '0') >= BigInt(end)),
  )
}
