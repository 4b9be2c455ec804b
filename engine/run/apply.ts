import type { Reader, Store, Transaction } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { withoutPrintedSql } from '../compile/located.ts'
import type { Ahead } from './ahead.ts'
import type { Batch, Source } from './batch.ts'
import { BatchChanges } from './changes.ts'
import { crashPoint, crashWhile } from './crash.ts'
import { buildingConsumer, deadLetterStatements, type Refused, refusals } from './dead-letters.ts'
import { batchDeltas } from './deltas.ts'
import type { Derivation, Prepared, Statement } from './derivation.ts'
import { decoding, type Measurements, type Measuring } from './measurements.ts'

/** A derivation and the table that this version of it owns. */
export interface Member {
  readonly derivation: Derivation
  /** Quoted name. */
  readonly table: string
}

/** A view whose SELECT raised: it is taken out of the batch, the others go on. Its message leaves out the statement, which is generated. */
export class ViewFailed extends Error {
  readonly member: Member
  constructor(member: Member, cause: unknown) {
    super(withoutPrintedSql((cause as Error).message), { cause })
    this.member = member
  }
}

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
 * One breath: every view's statements for the batch, dead letters and position in one transaction. Small batches go as one
 * string of statements with constants. Throws `ViewFailed` when a view's own SQL raised (nothing is committed then), and
 * `event-refused` when the policy of a stream is to halt at a bad event.
 */
export async function applyBatch(store: Store, batch: Batch, options: ApplyOptions): Promise<void> {
  const { ahead } = options
  const literal = isLiteral(batch, options.literalEventsMax)
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
        isFirst: !member.derivation.byEvents && options.fresh?.has(member.derivation.name) === true,
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
      const refused = refusals(
        options.sources,
        batch,
        prepared.flatMap(({ member, answer }) =>
          (answer.rejected ?? []).map((rejected) => ({
            consumer: options.building ? buildingConsumer(member.derivation.name) : member.derivation.name,
            rejected,
            stream: [...member.derivation.streams.keys()][0] ?? '',
          })),
        ),
      )
      return [...deadLetterStatements(options.building ? ofBuild(refused, options.building) : refused), ...options.also(refused)]
    }
    const measuring = ahead ? ahead.measuring : options.measurements?.begin(batch.events)
    if (literal) await literally(store, deltas.first, soon, await also(), changes, measuring)
    else await inTransaction(busy(store, options.onBusy, ahead !== undefined), ahead ? [] : deltas.first, soon, rest, also, measuring)
    committed = true
    measuring?.commit()
    crashPoint('batch-after-commit')
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

interface Work {
  readonly member: Member
  readonly answer: Prepared
}

/** Folds run in JavaScript, so in a large batch DuckDB works on the other views meanwhile. Views that read folds wait for them. */
function lateMembers(active: readonly Member[]): Set<Member> {
  const names = new Set<string>()
  return new Set(
    active.filter(({ derivation }) => {
      const late = derivation.kind === 'fold' || derivation.reads.some((read) => names.has(read))
      if (late) names.add(derivation.name)
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

async function literally(
  store: Store,
  first: readonly Statement[],
  prepared: readonly Work[],
  also: readonly Statement[],
  changes: BatchChanges,
  measuring: Measuring | undefined,
): Promise<void> {
  try {
    const works = prepared.map((work) => ({ name: work.member.derivation.name, statements: unasked(work) }))
    const all = [...first, ...works.flatMap((work) => work.statements), ...also].map((statement) => statement.sql)
    const send = () => {
      crashPoint('string-before-send')
      const sent = store.script(all)
      crashWhile('string-under-way')
      return sent
    }
    if (!measuring) await send()
    else
      await measuring.together(
        works.filter((work) => work.statements.length > 0).map((work) => work.name),
        send,
      )
  } catch (error) {
    if (error instanceof EvertError) throw error
    changes.clear()
    await inTransaction(store, first, prepared, Promise.resolve([]), async () => also, measuring) // one by one, to learn which view it was
  }
}

/** All statements of a derivation, none of which is told how many rows it wrote. */
function unasked({ answer }: Work): readonly Statement[] {
  if (typeof answer.statements !== 'function') return answer.statements
  const statements: Statement[] = []
  const steps = answer.statements()
  for (let next = steps.next(); !next.done; next = steps.next(1)) statements.push(next.value)
  return statements
}

/** The store, telling when its first statement with events is under way, or the first at all. */
function busy(store: Store, onBusy: (() => void) | undefined, atOnce: boolean): Pick<Store, 'transaction'> {
  if (!onBusy) return store
  let tell: (() => void) | undefined = onBusy
  return {
    transaction: (work) =>
      store.transaction((tx) =>
        work({
          all: tx.all,
          run: (sql, parameters) => {
            const running = tx.run(sql, parameters)
            if (atOnce || (parameters !== undefined && parameters.length > 0)) {
              tell?.()
              tell = undefined
            }
            return running
          },
        }),
      ),
  }
}

async function inTransaction(
  store: Pick<Store, 'transaction'>,
  first: readonly Statement[],
  soon: readonly Work[],
  late: Promise<readonly Work[]>,
  also: () => Promise<readonly Statement[]>,
  measuring: Measuring | undefined,
): Promise<void> {
  await store.transaction(async (tx) => {
    const decode = measured(tx, measuring, decoding)
    for (const statement of first) await decode.run(statement.sql, statement.parameters)
    for (const work of soon) await maintain(tx, work, measuring)
    for (const work of await late) await maintain(tx, work, measuring)
    for (const statement of await also()) {
      const changed = await tx.run(statement.sql, statement.parameters)
      if (statement.rows !== undefined && changed !== statement.rows) throw moved(changed, statement.rows)
    }
    crashPoint('batch-before-commit')
  })
}

/** A batch is applied to the position that it was read from, or not at all: a second try after an unclear end changes nothing. */
function moved(changed: number, wanted: number): EvertError {
  return new EvertError(
    'position-mismatch',
    `Recording the position of a batch: ${changed} of ${wanted} partitions stood where the batch began. Start the engine again; it goes on from what was committed.`,
  )
}

/** The same transaction; what runs through it is measured as that derivation's. */
export function measured(tx: Transaction, measuring: Measuring | undefined, name: string): Transaction {
  if (!measuring) return tx
  return {
    run: (sql, parameters) => measuring.step(name, sql, () => tx.run(sql, parameters)),
    all: (sql, parameters) => tx.all(sql, parameters),
  }
}

async function maintain(tx: Transaction, { member, answer }: Work, measuring: Measuring | undefined): Promise<void> {
  try {
    await runAll(measured(tx, measuring, member.derivation.name), answer)
  } catch (error) {
    throw isOfTheStore(error) ? error : new ViewFailed(member, error)
  }
}

/** Runs what a derivation answered, and tells its steps what each has written. */
export async function runAll(tx: Transaction, answer: Prepared): Promise<void> {
  if (typeof answer.statements !== 'function') {
    for (const statement of answer.statements) await tx.run(statement.sql, statement.parameters)
    return
  }
  const steps = answer.statements()
  for (let next = steps.next(); !next.done; ) next = steps.next(await tx.run(next.value.sql, next.value.parameters))
}

/** Not the view's fault: memory, disk, a dying instance, an interrupt. By the kind of DuckDB's error, since its text may quote an event. */
function isOfTheStore(error: unknown): boolean {
  return error instanceof EvertError || /^(Out of Memory|IO|FATAL|INTERRUPT|TransactionContext) Error/i.test((error as Error).message)
}

/** Those whose events are in the batch, and those that read what these change. */
export function activeMembers(members: readonly Member[], batch: Batch, fresh: ReadonlySet<string>): Member[] {
  const touched = new Set<string>()
  return members.filter(({ derivation }) => {
    const active =
      fresh.has(derivation.name) ||
      [...derivation.streams.keys()].some((stream) => batch.chunks.has(stream)) ||
      derivation.reads.some((read) => touched.has(read))
    if (active) touched.add(derivation.name)
    return active
  })
}
