import type { Derivation } from '../run/derivation.ts'
import type { Sample, SampledBatch } from './sample.ts'

/** What a build will take, from a sample. */
export interface Estimate {
  /** Of the streams that are read: all of theirs. */
  readonly events: number
  readonly seconds: number
  /** The true time lies between, unless the machine has other work or the later events are of another kind. */
  readonly secondsMin: number
  readonly secondsMax: number
  /** In DuckDB's file. */
  readonly bytes: number
  /** Events that were measured; with all of them measured nothing is guessed. */
  readonly sampled: number
}

/** The sample is short and the machine shared: never closer than this, however alike its batches were. */
const shareMin = 0.3

/** Of fewer rows the bytes are those of the block that they are in, not theirs: then a row is taken for so many. */
const rowsMin = 20_000
const rowBytes = 24

export interface Wanted {
  /** What is built in one pass. */
  readonly pass: readonly Derivation[]
  /** Of these: whose time and bytes are asked for. */
  readonly derivations: readonly Derivation[]
  /** Events of each stream and table. */
  readonly events: ReadonlyMap<string, number>
  /** All that there is, to find what somebody reads. */
  readonly all: readonly Derivation[]
}

/**
 * The time and the bytes of building `derivations` in a pass over the log, in proportion to the sample: a derivation's own statements by the
 * events that it reads; of reading and decoding, which all in the pass share, an equal part; what is computed at the end by what is kept
 * then. So the times of all views of a pass add up to that of the pass. State grows as it grew within the sample: by the power of the
 * events that its rows were at two points.
 */
export function estimate(sample: Sample, { pass, derivations, events, all }: Wanted): Estimate {
  const streams = new Set(derivations.flatMap((one) => [...inputsOf(one, all)]))
  const wanted = sum([...streams].map((name) => events.get(name) ?? 0))
  // The first batch is small, and dearer than all others: files grow, nothing is compiled yet.
  const batches = sample.batches.length > 1 ? sample.batches.slice(1) : sample.batches
  const costs = batches.map((batch) => perEvent(batch, derivations, pass, all)).filter((cost) => cost.events > 0)
  const total = sum(costs.map((cost) => cost.ms))
  const measured = sum(costs.map((cost) => cost.events))
  const mean = measured > 0 ? total / measured : 0
  const rates = costs.map((cost) => cost.ms / cost.events)
  const spread = mean > 0 ? Math.max(shareMin, (Math.max(...rates) - Math.min(...rates)) / (2 * mean)) : 0
  const seen = sum(sample.batches.map((batch) => eventsIn(batch, streams)))
  const once = sum(derivations.map(({ id }) => sample.onceMs.get(id) ?? 0)) * (seen > 0 ? Math.max(1, wanted / seen) : 1)
  const seconds = (mean * wanted + once) / 1_000
  return {
    events: wanted,
    seconds,
    secondsMin: seconds / (1 + spread),
    secondsMax: seconds * (1 + spread),
    bytes: sum(derivations.map((one) => bytesOf(sample, one, events, all))),
    sampled: Math.min(seen, wanted),
  }
}

/** Of one batch: the derivations' own time and their share of what is nobody's own, with the events of their streams. */
function perEvent(
  batch: SampledBatch,
  derivations: readonly Derivation[],
  pass: readonly Derivation[],
  all: readonly Derivation[],
): { ms: number; events: number } {
  const streams = new Set(derivations.flatMap((one) => [...inputsOf(one, all)]))
  const own = sum(derivations.map(({ id }) => batch.msOf.get(id) ?? 0))
  const shared = Math.max(0, batch.ms - sum([...batch.msOf.values()]))
  const readers = (some: readonly Derivation[]) => some.filter(({ kind }) => kind !== 'part').length
  return { ms: own + (shared * readers(derivations)) / Math.max(1, readers(pass)), events: eventsIn(batch, streams) }
}

function bytesOf(sample: Sample, one: Derivation, events: ReadonlyMap<string, number>, all: readonly Derivation[]): number {
  const [first, end] = [sample.first.get(one.id), sample.end.get(one.id)]
  if (!end || end.rows === 0) return 0
  const streams = inputsOf(one, all)
  const wanted = sum([...streams].map((name) => events.get(name) ?? 0))
  const [early] = sample.batches
  const [before, seen] = [early ? eventsIn(early, streams) : 0, sum(sample.batches.map((batch) => eventsIn(batch, streams)))]
  const hasGrown = first && first.rows > 0 && before > 0 && seen > before
  const power = hasGrown ? Math.min(1, Math.max(0, Math.log(end.rows / first.rows) / Math.log(seen / before))) : 1
  const factor = seen > 0 ? Math.max(1, wanted / seen) ** power : 1
  const width = end.rows < rowsMin ? rowBytes : end.bytes / end.rows
  return Math.round(Math.max(end.bytes, width * end.rows * factor))
}

/** Streams and tables that it follows from, through whatever it reads. */
function inputsOf(one: Derivation, all: readonly Derivation[]): ReadonlySet<string> {
  const names = new Set(one.streams.keys())
  for (const id of one.reads) {
    const read = all.find((each) => each.id === id)
    if (read) for (const input of inputsOf(read, all)) names.add(input)
  }
  return names
}

function eventsIn(batch: SampledBatch, streams: ReadonlySet<string>): number {
  return sum([...batch.events].map(([name, count]) => (streams.has(name) ? count : 0)))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
