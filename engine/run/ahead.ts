import { path } from '../../connectors/store/quote.ts'
import { aheadDatabase, type Store, type Transaction } from '../../connectors/store/store.ts'
import { limits } from '../../limits.ts'
import { isLiteral } from './apply.ts'
import type { Batch, Source } from './batch.ts'
import { BatchChanges } from './changes.ts'
import { type BatchDeltas, batchDeltas } from './deltas.ts'
import type { Derivation, Prepared, Statement, Steps } from './derivation.ts'
import { decoding, type Measurements, type Measuring } from './measurements.ts'
import { activeMembers, type Member } from './member.ts'

export interface AheadOptions {
  readonly sources: ReadonlyMap<string, Source>
  /** In order of dependence. */
  readonly members: readonly Member[]
  /** See `PrepareContext.at`. */
  readonly at: bigint
  /** Schema of the database `ahead` for the tables: not that of the batch that is being applied. */
  readonly schema: string
  /** It holds tables of other members, or is not there yet. */
  readonly isStale: boolean
  /** The first statement with events is under way: DuckDB works, and JavaScript may. */
  readonly onBusy?: () => void
  readonly literalEventsMax?: number | undefined
  readonly measurements?: Measurements | undefined
}

/** What was worked out of a batch while the batch before it was applied; for one `applyBatch`, with the same members. */
export interface Ahead {
  readonly changes: BatchChanges
  readonly deltas: BatchDeltas
  /** Of derivations that were begun: their statements go on where they are. */
  readonly answers: ReadonlyMap<Member, Prepared>
  readonly measuring: Measuring | undefined
  /** It is to go on statement by statement, so that each is measured. */
  readonly isStepwise: boolean
}

/**
 * Works on a batch before its turn, on the store's second connection, while the writer works on the batch before it: decodes
 * its events, and runs the first statements of each derivation as long as these follow from the events alone (`Statement.makes`).
 * All that it makes are tables in memory; the state is neither read nor written, so the result is that of `applyBatch` without
 * it. Undefined for a batch that goes as constants, and when a statement failed: it then fails in its turn, where it is told.
 */
export async function workAhead(store: Store, batch: Batch, options: AheadOptions): Promise<Ahead | undefined> {
  if (isLiteral(batch, options.literalEventsMax)) return undefined
  const { schema, members, sources } = options
  const active = activeMembers(members, batch, new Set())
  const changes = new BatchChanges(members, schema)
  const begun: Begun[] = []
  const fused = new Set(active.filter(({ derivation }) => isBegunAhead(derivation)).map(({ derivation }) => derivation))
  let deltas: BatchDeltas | undefined
  const context = {
    deltas: (parameters: Parameters<BatchDeltas['context']['deltas']>[0]) => (deltas as BatchDeltas).context.deltas(parameters),
    literal: false,
    before: nothing,
    changes,
    at: options.at,
    isFirst: false,
  }
  const measuring = options.measurements?.begin(batch.events)
  try {
    const tx = await store.ahead()
    for (const member of active) {
      if (!fused.has(member.derivation)) continue
      const answer = await member.derivation.prepare(batch, member.table, context)
      if (typeof answer.statements !== 'function') throw new Error(`The statements of ${member.derivation.id} follow from no counts`)
      const steps = answer.statements()
      begun.push({ member, answer, steps, next: steps.next() })
    }
    const isFused = (derivation: Derivation) =>
      begun.some(({ member, next }) => member.derivation === derivation && !next.done && next.value.makes !== undefined) &&
      derivation.uses?.length === 1
    deltas = batchDeltas(sources, batch, {
      readers: active.map((member) => member.derivation),
      literal: false,
      changes,
      fusedAhead: isFused,
    })
    if (batch.events > limits.stagedEventsMax && deltas.first.length > 0) return undefined
    if (options.isStale) {
      await tx.run(`DROP SCHEMA IF EXISTS ${path(aheadDatabase, schema)} CASCADE`)
      await tx.run(`CREATE SCHEMA ${path(aheadDatabase, schema)}`)
    }
    const make = maker(tx, changes, measuring, options.onBusy)
    for (const statement of deltas.first) await make(decoding, statement)
    for (const one of begun) {
      const { id } = one.member.derivation
      while (!one.next.done && one.next.value.makes !== undefined) one.next = one.steps.next(await make(id, one.next.value))
    }
  } catch {
    return undefined
  }
  return {
    changes,
    deltas,
    measuring,
    isStepwise: options.measurements?.isDue() === true,
    answers: new Map(begun.map((one) => [one.member, { ...one.answer, statements: () => rest(one) }])),
  }
}

interface Begun {
  readonly member: Member
  readonly answer: Prepared
  readonly steps: Steps
  next: IteratorResult<Statement, void>
}

function* rest({ steps, next }: Begun): Steps {
  for (let at = next; !at.done; ) at = steps.next(yield at.value)
}

/** Runs a statement that only makes a table, in the database `ahead`; what it takes is measured as if it were made where it usually is. */
function maker(tx: Transaction, changes: BatchChanges, measuring: Measuring | undefined, onBusy: (() => void) | undefined) {
  let tell = onBusy
  const isUnderWay = () => {
    tell?.()
    tell = undefined
  }
  return (derivation: string, statement: Statement): Promise<number> => {
    const name = statement.makes ?? ''
    const headOf = (table: string) => `CREATE OR REPLACE TEMP TABLE ${table} AS `
    const usual = headOf(path('temp', name))
    const place = changes.makeAhead(name)
    const { sql, parameters } = statement
    const head = [headOf(place), usual].find((text) => sql.startsWith(text))
    if (head === undefined) throw new Error(`Not a statement that makes ${name} alone: ${sql}`)
    // What is there is of a batch that has been applied.
    const run = () => tx.run(`CREATE OR REPLACE TABLE ${place} AS ${sql.slice(head.length)}`, parameters, isUnderWay)
    return measuring ? measuring.step(derivation, usual, run) : run()
  }
}

/** A derivation whose statements may follow from the events alone. */
function isBegunAhead({ kind, reads, uses }: Derivation): boolean {
  return (kind === 'part' || kind === 'sql') && reads.length === 0 && uses !== undefined && uses.length > 0
}

const nothing = {
  run: (): never => {
    throw new Error('Nothing is written ahead')
  },
  all: (): never => {
    throw new Error('The state is not read ahead')
  },
}
