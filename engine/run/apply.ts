import type { Reader, Store, Transaction } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Ahead } from './ahead.ts'
import { inTransaction } from './as-steps.ts'
import { asString } from './as-string.ts'
import type { Batch, Source } from './batch.ts'
import { busy } from './busy.ts'
import { BatchChanges } from './changes.ts'
import { crashPoint } from './crash.ts'
import { buildingConsumer, deadLetterStatements, type Refused, refusals } from './dead-letters.ts'
import { batchDeltas } from './deltas.ts'
import type { Changes, Statement } from './derivation.ts'
import type { Measurements, Measuring } from './measurements.ts'
import { activeMembers, consumerOf, type Member, ViewFailed, type Work } from './member.ts'

export interface ApplyOptions {
  readonly sources: ReadonlyMap<string, Source>
  /** In order of dependence. */
  readonly members: readonly Member[]
  /** What else the transaction writes: the position, the registry. */
  readonly also: (refused: readonly Refused[]) => readonly Statement[]
  /** Called once, when DuckDB has begun to work on a large batch: what JavaScript does now costs no time. */
  readonly onBusy?: () => void
  /** See `PrepareContext.at`. */
  readonly at: bigint
  /** Views that must be computed although none of their inputs changed: they have just joined. */
  readonly fresh?: ReadonlySet<string>
  /** A build: dead letters of folds are kept aside until the swap; those of decoding are recorded by the live views. */
  readonly building?: Building
  /** Batches of at most this many events go as constants; default `limits.literalEventsMax`. For tests of both paths. */
  readonly literalEventsMax?: number | undefined
  /** What was worked out of this batch before; it is used once. */
  readonly ahead?: Ahead | undefined
  /** Is told what each statement took and wrote, once the batch is committed. */
  readonly measurements?: Measurements
}

/**
 * One breath: every view's statements for the batch, dead letters and position in one transaction. Batches that are small, or
 * were decoded ahead, go as one string of statements. Throws `ViewFailed` when a view's own SQL raised (nothing is committed
 * then), and `event-refused` when the policy of a stream is to halt at a bad event. Returns what changed.
 */
export async function applyBatch(store: Store, batch: Batch, options: ApplyOptions): Promise<Changes> {
  if (!options.ahead) return apply(store, batch, options)
  try {
    return await apply(store, batch, options)
  } catch (error) {
    if (error instanceof EvertError) throw error
    const { ahead: _, ...alone } = options
    return apply(store, batch, alone) // statement by statement, to learn which view it was
  }
}

async function apply(store: Store, batch: Batch, options: ApplyOptions): Promise<Changes> {
  const { ahead } = options
  const literal = !ahead && isLiteral(batch, options.literalEventsMax)
  const active = activeMembers(options.members, batch, options.fresh ?? new Set())
  const readers = active.map((member) => member.derivation)
  const changes = ahead?.changes ?? new BatchChanges(options.members)
  const deltas = ahead?.deltas ?? batchDeltas(options.sources, batch, { readers, literal, changes })
  const before = stateBefore(store, literal)
  const prepare = async (member: Member): Promise<Work> => ({
    member,
    answer:
      ahead?.answers.get(member) ??
      (await member.derivation.prepare(batch, member.table, {
        ...deltas.context,
        before,
        changes,
        at: options.at,
        isFirst: !member.derivation.byEvents && options.fresh?.has(member.derivation.id) === true,
      })),
  })
  const prepared: Work[] = []
  const late = literal ? new Set<Member>() : lateMembers(active)
  let committed = false
  let ended: Promise<unknown> = Promise.resolve()
  try {
    for (const member of active) if (!late.has(member)) prepared.push(await prepare(member))
    const soon = [...prepared]
    const rest = prepareLate([...late], prepare, prepared)
    ended = rest.catch(() => undefined) // thrown where it is awaited, unless another view failed before
    const also = async () => {
      await rest
      failRefusing(prepared, options.sources)
      const refused = refusals(
        options.sources,
        batch,
        prepared.flatMap(({ member, answer }) =>
          (answer.rejected ?? []).map((rejected) => ({
            consumer: options.building ? buildingConsumer(member.derivation.name) : consumerOf(member),
            rejected,
            stream: [...member.derivation.streams.keys()][0] ?? '',
          })),
        ),
      )
      return [...deadLetterStatements(options.building ? ofBuild(refused, options.building) : refused), ...options.also(refused)]
    }
    const measuring = ahead ? ahead.measuring : options.measurements?.begin(batch.events)
    const first = ahead ? [] : deltas.first
    const isString = literal || (ahead !== undefined && !ahead.isStepwise && late.size === 0)
    const under = busy(store, literal ? undefined : options.onBusy, ahead !== undefined)
    if (literal) await literally(store, soon, await also(), changes, measuring)
    else if (isString) await asString(under, soon, also, measuring)
    else await inTransaction(under, first, soon, rest, also, measuring)
    committed = true
    measuring?.commit()
    crashPoint('batch-after-commit')
    return changes
  } finally {
    await ended
    await before.close()
    for (const { answer } of prepared) answer.settled?.(committed)
  }
}

/** Does a batch go to DuckDB as constants, in one string of statements? */
export function isLiteral(batch: Batch, eventsMax: number = limits.literalEventsMax): boolean {
  return batch.events <= eventsMax && batch.bytes <= limits.literalBytesMax
}

async function literally(
  store: Store,
  works: readonly Work[],
  also: readonly Statement[],
  changes: BatchChanges,
  measuring: Measuring | undefined,
): Promise<void> {
  try {
    await asString(store, works, async () => also, measuring)
  } catch (error) {
    if (error instanceof EvertError) throw error
    changes.clear()
    await inTransaction(store, [], works, Promise.resolve([]), async () => also, measuring) // one by one, to learn which view it was
  }
}

/** Where a stream halts at a bad event, what only a version beside the public one refuses ends that version and nothing else. */
function failRefusing(works: readonly Work[], sources: ReadonlyMap<string, Source>): void {
  for (const { member, answer } of works) {
    const [refused] = answer.rejected ?? []
    const halts = [...member.derivation.streams.keys()].some((stream) => sources.get(stream)?.onBad === 'halt')
    if (member.isAside === true && refused && halts) throw new ViewFailed(member, new Error(`it refuses an event: ${refused.reason}`))
  }
}

/** What a build records of the events that could not be decoded. */
export interface Building {
  /** Streams that the live views have read by another schema: their dead letters are found anew. All others have theirs. */
  readonly redecoded: ReadonlySet<string>
}

function ofBuild(refused: readonly Refused[], building: Building): Refused[] {
  return refused.flatMap((one) => {
    if (one.consumer !== 'views') return [one]
    return building.redecoded.has(one.stream) ? [{ ...one, consumer: buildingConsumer('views') }] : []
  })
}

/** Folds run in JavaScript, so in a large batch DuckDB works on the other views meanwhile. Views that read folds wait for them. */
function lateMembers(active: readonly Member[]): Set<Member> {
  const names = new Set<string>()
  return new Set(
    active.filter(({ derivation }) => {
      const late = derivation.kind === 'fold' || derivation.reads.some((read) => names.has(read))
      if (late) names.add(derivation.id)
      return late
    }),
  )
}

async function prepareLate(members: readonly Member[], prepare: (member: Member) => Promise<Work>, into: Work[]): Promise<readonly Work[]> {
  const late: Work[] = []
  for (const member of members) {
    const work = await prepare(member)
    late.push(work)
    into.push(work)
  }
  return late
}

/**
 * The state before the batch. Of a large one, the transaction may be under way while folds ask for it, so they have a
 * connection of their own; nobody else writes.
 */
function stateBefore(store: Store, literal: boolean): Transaction & { close(): Promise<void> } {
  let reader: Promise<Reader> | undefined
  return {
    run: (): never => {
      throw new Error('Views prepare; they do not write')
    },
    all: async (sql, parameters) => {
      if (literal) return store.transaction((tx) => tx.all(sql, parameters))
      reader ??= store.reader()
      return (await reader).all(sql, parameters)
    },
    close: async () => (await reader)?.close(),
  }
}
