import { text } from '../../connectors/store/quote.ts'
import type { Parameter, Store } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { type Batch, type CheckedChunk, type Position, type Source } from './batch.ts'
import { crashPoint } from './crash.ts'
import { buildingConsumer, deadLetterStatements, type Refused, refusals } from './dead-letters.ts'
import { batchDeltas } from './deltas.ts'
import type { Derivation, Prepared, Statement } from './derivation.ts'

/** A derivation and the table that this version of it owns. */
export interface Member {
  readonly derivation: Derivation
  /** Quoted name. */
  readonly table: string
}

/** A view whose SELECT raised: it is taken out of the batch, the others go on. */
export class ViewFailed extends Error {
  readonly member: Member
  constructor(member: Member, cause: unknown) {
    super((cause as Error).message, { cause })
    this.member = member
  }
}

export interface ApplyOptions {
  readonly sources: ReadonlyMap<string, Source>
  /** In order of dependence. */
  readonly members: readonly Member[]
  /** What else the transaction writes: the position, the registry. */
  readonly also: (refused: readonly Refused[]) => readonly Statement[]
  /** Views that must be computed although none of their inputs changed: they have just joined. */
  readonly fresh?: ReadonlySet<string>
  /** A build: dead letters of folds are kept aside until the swap; those of decoding are recorded by the live views. */
  readonly building?: boolean
  /** Batches of at most this many events go as constants; default `limits.literalEventsMax`. For tests of both paths. */
  readonly literalEventsMax?: number | undefined
}

/**
 * One breath: every view's statements for the batch, dead letters and position in one transaction. Small batches go as one
 * string of statements with constants. Throws `ViewFailed` when a view's own SQL raised (nothing is committed then), and
 * `event-refused` when the policy of a stream is to halt at a bad event.
 */
export async function applyBatch(store: Store, batch: Batch, options: ApplyOptions): Promise<void> {
  const literal = batch.events <= (options.literalEventsMax ?? limits.literalEventsMax) && batch.bytes <= limits.literalBytesMax
  const active = activeMembers(options.members, batch, options.fresh ?? new Set())
  const deltas = batchDeltas(options.sources, batch, active.map((member) => member.derivation), literal)
  const before = {
    run: (): never => {
      throw new Error('Views prepare; they do not write')
    },
    all: (sql: string, parameters?: readonly Parameter[]) => store.transaction((tx) => tx.all(sql, parameters)),
  }
  const prepared: { member: Member; answer: Prepared }[] = []
  for (const member of active) prepared.push({ member, answer: await member.derivation.prepare(batch, member.table, { ...deltas.context, before }) })
  const refused = refusals(options.sources, batch, prepared.flatMap(({ member, answer }) => (answer.rejected ?? []).map((rejected) => ({ consumer: options.building === true ? buildingConsumer(member.derivation.name) : member.derivation.name, rejected, stream: [...member.derivation.streams.keys()][0] ?? '' }))))
  const also = [...deadLetterStatements(options.building === true ? refused.filter((one) => one.consumer !== 'views') : refused), ...options.also(refused)]
  let committed = false
  try {
    if (literal) await store.script([...deltas.first, ...prepared.flatMap(({ answer }) => answer.statements), ...also].map((statement) => statement.sql))
    else await inTransaction(store, deltas.first, prepared, also)
    committed = true
    crashPoint('batch-after-commit')
  } catch (error) {
    if (!literal || error instanceof EvertError) throw error
    await inTransaction(store, deltas.first, prepared, also) // one by one, to learn which view it was
    committed = true
  } finally {
    for (const { answer } of prepared) answer.settled?.(committed)
  }
}

async function inTransaction(store: Store, first: readonly Statement[], prepared: readonly { member: Member; answer: Prepared }[], also: readonly Statement[]): Promise<void> {
  await store.transaction(async (tx) => {
    for (const statement of first) await tx.run(statement.sql, statement.parameters)
    for (const { member, answer } of prepared) {
      try {
        for (const statement of answer.statements) await tx.run(statement.sql, statement.parameters)
      } catch (error) {
        throw isOfTheStore(error) ? error : new ViewFailed(member, error)
      }
    }
    for (const statement of also) await tx.run(statement.sql, statement.parameters)
    crashPoint('batch-before-commit')
  })
}

/** Not the view's fault: memory, disk, a dying instance, an interrupt. By the kind of DuckDB's error, since its text may quote an event. */
function isOfTheStore(error: unknown): boolean {
  return error instanceof EvertError || /^(Out of Memory|IO|FATAL|INTERRUPT|TransactionContext) Error/i.test((error as Error).message)
}

/** Those whose events are in the batch, and those that read what these change. */
function activeMembers(members: readonly Member[], batch: Batch, fresh: ReadonlySet<string>): Member[] {
  const touched = new Set<string>()
  return members.filter(({ derivation }) => {
    const active = fresh.has(derivation.name) || [...derivation.streams.keys()].some((stream) => batch.chunks.has(stream)) || derivation.reads.some((read) => touched.has(read))
    if (active) touched.add(derivation.name)
    return active
  })
}

/** The one UPDATE that records a batch's position and counts. */
export function positionStatement(sources: ReadonlyMap<string, Source>, batch: Batch, from: Position, refused: readonly Refused[], at: Date): Statement {
  const rows: string[] = []
  for (const [name, chunks] of batch.chunks) {
    const source = sources.get(name) as Source
    for (const [partition, next] of (batch.to.get(source.topic) ?? []).entries()) {
      if (from.get(source.topic)?.[partition] === next) continue
      const own = (chunk: CheckedChunk) => chunk.chunk.partition === partition
      const events = chunks.filter(own).reduce((sum, chunk) => sum + chunk.chunk.count, 0)
      const count = (fate: Refused['fate']) => refused.filter((one) => one.consumer === 'views' && one.stream === name && one.partition === partition && one.fate === fate).length
      rows.push(`(${text(source.topic)}, ${partition}, ${next}, ${events}, ${count('dead')}, ${count('skipped')})`)
    }
  }
  return {
    sql: `UPDATE _evert.positions AS p SET next = v.next, events = p.events + v.events, dead = p.dead + v.dead, skipped = p.skipped + v.skipped, committed_at = ${text(at.toISOString())}::TIMESTAMPTZ FROM (VALUES ${rows.join(', ')}) AS v(topic, partition, next, events, dead, skipped) WHERE p.topic = v.topic AND p.partition = v.partition`,
  }
}

