import { type DuckDBConnection, JsonDuckDBValueConverter } from '@duckdb/node-api'
import { asEvertError, EvertError } from '../../../errors.ts'
import type { Answer, JsonValue, Reader } from '../store.ts'
import { isDamage, storeError } from './errors.ts'
import { bind } from './values.ts'
import { transactionOn } from './write.ts'

/** A reader with its own connection and one open transaction: everything that it answers is of one moment. */
export async function readConnection(connection: DuckDBConnection, scratch: boolean, onDamage: (message: string) => void): Promise<Reader> {
  await connection.run(scratch ? 'BEGIN TRANSACTION' : 'BEGIN TRANSACTION READ ONLY')
  let closed = false
  const { run, all } = transactionOn(connection)
  const told = (error: Error): never => {
    throw isDamage(error) ? storeError(error, onDamage) : error
  }
  return {
    run: (sql, parameters, onUnderWay) => run(sql, parameters, onUnderWay).catch(told),
    all: (sql, parameters) => all(sql, parameters).catch(told),
    query: (sql, options) => query(connection, sql, options ?? {}, onDamage),
    close: async () => {
      if (closed) return
      closed = true
      connection.closeSync()
    },
  }
}

async function query(
  connection: DuckDBConnection,
  sql: string,
  options: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
  onDamage: (message: string) => void,
): Promise<Answer> {
  let why: 'timeout' | 'abort' | undefined
  const interrupt = (reason: 'timeout' | 'abort') => {
    why ??= reason
    connection.interrupt()
  }
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => interrupt('timeout'), options.timeoutMs)
  const onAbort = () => interrupt('abort')
  options.signal?.addEventListener('abort', onAbort, { once: true })
  const done = () => {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', onAbort)
  }
  const failed = (thrown: unknown): EvertError => {
    done()
    const error = thrown as Error
    if (why === 'timeout')
      return new EvertError(
        'query-timeout',
        `The query ran longer than ${options.timeoutMs} ms. Give it a longer limit, or ask a view instead of events.`,
        { cause: error },
      )
    if (why === 'abort') return new EvertError('interrupted', 'The query was interrupted.', { cause: error })
    if (isDamage(error)) return asEvertError(storeError(error, onDamage))
    return new EvertError('query-failed', error.message, { cause: error })
  }
  try {
    if (options.signal?.aborted) interrupt('abort')
    if (why) throw new Error('interrupted before it began')
    const result = await connection.stream(sql, bind(undefined))
    const names = result.deduplicatedColumnNames()
    const types = result.columnTypes()
    const columns = names.map((name, i) => ({ name, type: String(types[i]) }))
    async function* rows(): AsyncGenerator<readonly (readonly JsonValue[])[]> {
      try {
        for (;;) {
          if (why) throw new Error('interrupted')
          const chunk = await result.fetchChunk()
          if (!chunk || chunk.rowCount === 0) return
          yield chunk.convertRows(JsonDuckDBValueConverter) as JsonValue[][]
        }
      } catch (thrown) {
        throw failed(thrown)
      } finally {
        done()
      }
    }
    return { columns, rows: rows() }
  } catch (thrown) {
    throw failed(thrown)
  }
}
