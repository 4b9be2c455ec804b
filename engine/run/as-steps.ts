import type { Store, Transaction } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import { crashPoint } from './crash.ts'
import type { Prepared, Statement } from './derivation.ts'
import { decoding, type Measuring } from './measurements.ts'
import { ViewFailed, type Work } from './member.ts'
import { positionMoved } from './position-statement.ts'

/** One transaction, statement by statement: each is told what it wrote, and a view that raises is known. */
export async function inTransaction(
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
      const changed = await tx.run(statement.sql, statement.parameters).catch((error: Error) => {
        throw error.message.includes(positionMoved) ? moved() : error
      })
      if (statement.rows !== undefined && changed !== statement.rows) throw moved()
    }
    crashPoint('batch-before-commit')
  })
}

/** A batch is applied to the position that it was read from, or not at all: a second try after an unclear end changes nothing. */
function moved(): EvertError {
  return new EvertError(
    'position-mismatch',
    'Recording the position of a batch: the views do not stand where it began. Start the engine again; it goes on from what was committed.',
  )
}

/** The same transaction; what runs through it is measured as that derivation's. */
function measured(tx: Transaction, measuring: Measuring | undefined, name: string): Transaction {
  if (!measuring) return tx
  return {
    run: (sql, parameters) => measuring.step(name, sql, () => tx.run(sql, parameters)),
    all: (sql, parameters) => tx.all(sql, parameters),
  }
}

async function maintain(tx: Transaction, { member, answer }: Work, measuring: Measuring | undefined): Promise<void> {
  try {
    await runAll(measured(tx, measuring, member.derivation.id), answer)
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
