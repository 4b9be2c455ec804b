import type { DuckDBConnection } from '@duckdb/node-api'
import type { Transaction } from '../store.ts'
import { transactionOn } from './write.ts'

export interface Beside {
  open(): Promise<Transaction>
  /** When what is under way has ended. Nothing begins after it. */
  close(): Promise<void>
}

/** The connection beside the writer's, made when it is first wanted. */
export function createBeside(connect: () => Promise<DuckDBConnection>): Beside {
  let connection: Promise<DuckDBConnection> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let closed = false
  const one = <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new Error('The store is closed')
    const running = work()
    last = running.catch(() => undefined) // the caller sees the error; closing only waits
    return running
  }
  return {
    open: async () => {
      connection ??= connect()
      const tx = transactionOn(await connection)
      return {
        run: (sql, parameters, onUnderWay) => one(() => tx.run(sql, parameters, onUnderWay)),
        all: (sql, parameters) => one(() => tx.all(sql, parameters)),
      }
    },
    close: async () => {
      closed = true
      await last
      if (connection) (await connection).closeSync()
    },
  }
}
