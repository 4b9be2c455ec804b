import type { Log } from '../../connectors/log/log.ts'
import type { Store } from '../../connectors/store/store.ts'
import { limits } from '../../limits.ts'
import { applyBatch } from '../run/apply.ts'
import type { Definitions } from '../run/assemble.ts'
import { type Batch, type Position, positionSum, type Source } from '../run/batch.ts'
import type { Derivation } from '../run/derivation.ts'
import { Measurements } from '../run/measurements.ts'
import { type Member, tableOf } from '../run/member.ts'
import { type ReadLimits, readBatch } from '../run/read-batch.ts'
import { freeTable, initialize, stateTable } from '../run/registry.ts'
import { type StateSize, stateSizes } from '../run/state-sizes.ts'
import { wantOf } from '../run/want.ts'
import { computeFromState } from './compute-from-state.ts'
import { logEnds } from './log-ends.ts'

/** One batch of a sample: its events by stream, how long all of it took, and how long each derivation's statements did. */
export interface SampledBatch {
  readonly events: ReadonlyMap<string, number>
  readonly ms: number
  readonly msOf: ReadonlyMap<string, number>
}

/** What the beginning of the log cost, on this machine, by these definitions. */
export interface Sample {
  readonly batches: readonly SampledBatch[]
  /** Milliseconds of what is computed once, at the end, from what is kept. */
  readonly onceMs: ReadonlyMap<string, number>
  /** What is kept of each derivation after the first batch and at the end, where it is in the file. */
  readonly first: ReadonlyMap<string, StateSize>
  readonly end: ReadonlyMap<string, StateSize>
}

export interface SampleOptions {
  readonly log: Log
  readonly definitions: Definitions
  /** Who is wanted; what they need is computed with them. */
  readonly ids: ReadonlySet<string>
  /** An empty store for the time of the sample. */
  readonly store: Store
  readonly batch: ReadLimits
  readonly signal?: AbortSignal | undefined
  /** Default `limits.sampleMsMax`. */
  readonly msMax?: number
}

/** The first batch warms up; it is small, so that many views do not take long over it. */
const firstEvents = 16_384

/**
 * Builds the wanted views over the first events of the log, in a store of its own, as a build would, and measures it. The project's own
 * store and the log are not written. Throws what a build throws: `ViewFailed`, `event-refused`.
 */
export async function sampleBuild(options: SampleOptions): Promise<Sample> {
  const { log, definitions, ids, store, signal, msMax = limits.sampleMsMax } = options
  const derivations = neededBy(definitions.derivations, ids)
  const streams = new Set(derivations.flatMap((derivation) => [...derivation.streams.keys()]))
  const sources = [...definitions.sources.values()].filter((source) => streams.has(source.name))
  const members = await createMembers(store, derivations)
  const byEvents = members.filter(({ derivation }) => derivation.byEvents)
  const batches: SampledBatch[] = []
  const to = await logEnds(log, sources)
  let position: Position = new Map([...to].map(([topic, ends]) => [topic, ends.map(() => 0n)]))
  let first: Sample['first'] = new Map()
  const begin = performance.now()
  let max: ReadLimits = { ...options.batch, events: Math.min(firstEvents, options.batch.events) }
  while (signal?.aborted !== true && max.events > 0) {
    const from = performance.now()
    const batch = await readBatch(log, sources, position, max, (source) => wantOf(source, byEvents), to)
    if (!batch) break
    const msOf = await applied(store, batch, { sources: definitions.sources, members: byEvents })
    batches.push({ events: eventsOf(batch), ms: performance.now() - from, msOf })
    position = batch.to
    if (batches.length === 1) first = await sizesOf(store, members)
    // The next as large as a build's, unless many views make it long.
    const left = msMax - (performance.now() - begin)
    const fits = Math.floor((left * batch.events) / (performance.now() - from))
    max = { ...options.batch, events: left <= 0 ? 0 : Math.min(options.batch.events, Math.max(firstEvents, fits)) }
  }
  const onceMs = new Map<string, number>()
  for (const member of members) {
    if (member.derivation.byEvents) continue
    const from = performance.now()
    await store.transaction((tx) => computeFromState(tx, member, { position, at: positionSum(position) }))
    onceMs.set(member.derivation.id, performance.now() - from)
  }
  await store.checkpoint()
  return { batches, onceMs, first, end: await sizesOf(store, members) }
}

/** These and all that they read, in the same order. */
function neededBy(derivations: readonly Derivation[], ids: ReadonlySet<string>): readonly Derivation[] {
  const needed = new Set(ids)
  for (const derivation of derivations.toReversed()) if (needed.has(derivation.id)) for (const read of derivation.reads) needed.add(read)
  return derivations.filter(({ id }) => needed.has(id))
}

async function createMembers(store: Store, derivations: readonly Derivation[]): Promise<readonly Member[]> {
  await initialize(store)
  const members = derivations.map((derivation) => ({
    derivation,
    table: stateTable({ table: freeTable(derivation.name, derivation.fingerprint, []) }),
  }))
  await store.script(members.flatMap(({ derivation, table }) => [...derivation.create(table), ...derivation.expose(table)]))
  return members
}

interface Kept {
  readonly sources: ReadonlyMap<string, Source>
  readonly members: readonly Member[]
}

/** Milliseconds by derivation. Never as one string: nothing could be told apart. */
async function applied(store: Store, batch: Batch, { sources, members }: Kept): Promise<ReadonlyMap<string, number>> {
  const measurements = new Measurements()
  const at = positionSum(batch.to)
  await applyBatch(store, batch, { sources, members, at, also: () => [], measurements, literalEventsMax: 0 })
  return new Map(members.map(({ derivation: { id } }) => [id, measurements.of(id).reduce((sum, one) => sum + one.ms, 0)]))
}

function eventsOf(batch: Batch): ReadonlyMap<string, number> {
  return new Map([...batch.chunks].map(([name, chunks]) => [name, chunks.reduce((sum, { chunk }) => sum + chunk.count, 0)]))
}

async function sizesOf(store: Store, members: readonly Member[]): Promise<ReadonlyMap<string, StateSize>> {
  const sizes = await store.transaction(stateSizes)
  return new Map(members.flatMap((member) => [[member.derivation.id, sizes.get(tableOf(member)) ?? { rows: 0, bytes: 0 }]]))
}
