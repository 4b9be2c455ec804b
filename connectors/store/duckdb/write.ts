import assert from 'node:assert'
import { type DuckDBConnection, type DuckDBResult, type DuckDBValue, StatementType } from '@duckdb/node-api'
import type { Row, Transaction } from '../store.ts'
import { storeError } from './errors.ts'
import type { Threads } from './threads.ts'
import { bind } from './values.ts'

export interface Writer {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  script(statements: readonly string[]): Promise<void>
  checkpoint(): Promise<boolean>
  /** Resolves when no transaction is under way. */
  idle(): Promise<void>
}

/** What an open reader leaves behind it: rows that were updated since are kept for it, and count as a transaction that still writes. */
const isInTheWay = /Cannot CHECKPOINT: there are other write transactions/

/** The one writing connection: transactions queue behind each other. */
export function createWriter(connection: DuckDBConnection, threads: Threads, onDamage: (message: string) => void): Writer {
  let last: Promise<unknown> = Promise.resolve()
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    const run = last.then(work)
    last = run.catch(() => undefined) // the caller of `run` sees the error; the queue goes on
    return run
  }
  const tx = transactionOn(connection)
  const rollback = async () => {
    // A statement that failed may have ended the transaction already, or the whole instance (disk full in a checkpoint).
    await connection.run('ROLLBACK').catch((error: Error) => assert(/no transaction|invalidated|FATAL/i.test(error.message), error.message))
  }
  return {
    transaction: (work) =>
      queued(async () => {
        await threads.settle()
        await connection.run('BEGIN TRANSACTION')
        try {
          const result = await work(tx)
          await connection.run('COMMIT')
          return result
        } catch (error) {
          await rollback()
          throw storeError(error, onDamage)
        }
      }),
    script: (statements) =>
      queued(async () => {
        await threads.settle()
        try {
          await connection.run(`BEGIN TRANSACTION;\n${statements.join(';\n')};\nCOMMIT`)
        } catch (error) {
          await rollback()
          throw storeError(error, onDamage)
        }
      }),
    checkpoint: () =>
      queued(async () => {
        const release = await threads.take((sql) => connection.run(sql)) // it writes row groups side by side
        try {
          await connection.run('CHECKPOINT')
          return true
        } catch (error) {
          if (isInTheWay.test((error as Error).message)) return false
          throw storeError(error, onDamage)
        } finally {
          release()
        }
      }),
    idle: () => last.then(() => undefined),
  }
}

export function transactionOn(connection: DuckDBConnection): Transaction {
  return {
    run: async (sql, parameters, onUnderWay) => {
      const result = await runOn(connection, sql, bind(parameters), onUnderWay)
      if (result.statementType !== StatementType.CREATE || result.columnCount !== 1) return result.rowsChanged
      return Number((await result.getRowsJson())[0]?.[0] ?? 0) // CREATE TABLE AS answers with a count of its own
    },
    all: async (sql, parameters) => (await connection.runAndReadAll(sql, bind(parameters))).getRowObjects() as readonly Row[],
  }
}

/** As the connection's own `run`, but it tells when the parameters are bound, which JavaScript does, and DuckDB's threads go on. */
async function runOn(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] | undefined,
  onUnderWay?: () => void,
): Promise<DuckDBResult> {
  if (!values) {
    const running = connection.run(sql)
    onUnderWay?.()
    return running
  }
  const prepared = await connection.prepare(sql)
  try {
    prepared.bind(values)
    const running = prepared.run()
    onUnderWay?.()
    return await running
  } finally {
    prepared.destroySync()
  }
}
