import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import { ident } from '../quote.ts'
import { aheadDatabase, type Store } from '../store.ts'
import { createBeside } from './beside.ts'
import { isDamage } from './errors.ts'
import { readConnection } from './read.ts'
import { createThreads } from './threads.ts'
import { createWriter } from './write.ts'

export interface DuckdbOptions {
  readonly memoryLimit?: string
  readonly threads?: number
  /** Where larger-than-memory operations spill. */
  readonly tempDir?: string
  /** What becomes of a file that DuckDB cannot read: `set-aside` (the default) begins a new one, `refuse` throws and leaves it as it is. */
  readonly unreadable?: 'set-aside' | 'refuse'
  /** Called when the file would not open and was set aside: the caller rebuilds from the log, loudly. */
  readonly onSetAside?: (kept: string, why: Error) => void
  /** Bytes of write-ahead log before a commit checkpoints by itself; default `limits.walBytesInCommitMax`: the loop does it before. */
  readonly checkpointThreshold?: string
}

/**
 * DuckDB 1.5.1 to 1.5.6 computes parts of a plan that look alike once, and takes those for alike that show other columns: wrong
 * rows, without a word (duckdb issues 25819, 24624). So what stands twice is computed twice.
 */
export const wrongOptimizers = 'common_subplan'

/**
 * Opens the DuckDB file, or memory when `file` is `:memory:`. Throws `store-locked` when another process holds it, naming
 * that process. A file that DuckDB cannot read is set aside under a name with today's date, and a new one is begun; with
 * `unreadable: 'refuse'` it stays where it is, and `store-unreadable` is thrown.
 */
export async function openDuckdb(file: string, options: DuckdbOptions = {}): Promise<Store> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true })
  const instance = await openInstance(file, options)
  const writer = await instance.connect()
  await configure(writer, options)
  const onDamage = (message: string) => writeFileSync(markOf(file), message)
  const readers = new Set<{ close(): Promise<void> }>()
  const threads = createThreads(await threadsOf(writer), (sql) => writer.run(sql))
  const write = createWriter(writer, threads, onDamage)
  const beside = createBeside(() => instance.connect())
  return {
    ...write,
    expect: threads.expect,
    ahead: beside.open,
    walBytes: () => statSync(`${file}.wal`, { throwIfNoEntry: false })?.size ?? 0,
    reader: async (wanted) => {
      const connection = await instance.connect()
      const isScratch = wanted?.scratch === true
      const release = isScratch ? await threads.take((sql) => connection.run(sql)) : undefined
      const reader = await readConnection(connection, isScratch, onDamage).catch((error: unknown) => {
        release?.()
        throw error
      })
      readers.add(reader)
      const close = () => {
        readers.delete(reader)
        release?.()
        return reader.close()
      }
      return { ...reader, close }
    },
    close: async () => {
      await write.idle()
      for (const reader of readers) await reader.close()
      await beside.close()
      writer.closeSync()
      instance.closeSync()
    },
  }
}

async function threadsOf(connection: DuckDBConnection): Promise<number> {
  const [[threads] = []] = await (await connection.runAndReadAll("SELECT current_setting('threads')")).getRows()
  return Number(threads)
}

async function openInstance(file: string, options: DuckdbOptions): Promise<DuckDBInstance> {
  const settings: Record<string, string> = {
    // No extension is ever fetched.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    disabled_optimizers: wrongOptimizers,
    ...(options.memoryLimit ? { memory_limit: options.memoryLimit } : {}),
    ...(options.threads ? { threads: String(options.threads) } : {}),
    ...(options.tempDir ? { temp_directory: options.tempDir } : {}),
  }
  try {
    const instance = await DuckDBInstance.create(file, settings)
    if (file === ':memory:' || !existsSync(markOf(file))) return instance
    instance.closeSync() // it was opened to see that nobody else holds it
    if (options.unreadable === 'refuse') throw refused(file, new Error(readFileSync(markOf(file), 'utf8')))
    setAside(file, new Error(readFileSync(markOf(file), 'utf8')), options)
    return await DuckDBInstance.create(file, settings)
  } catch (thrown) {
    if (thrown instanceof EvertError) throw thrown
    const error = thrown as Error
    const holder = /\(PID (\d+)\)/.exec(error.message)?.[1]
    if (/lock/i.test(error.message) && holder) {
      throw new EvertError(
        'store-locked',
        `Opening ${file}: process ${holder} holds it. Stop that process, or let it answer: commands reach a running engine through its socket.`,
        {
          cause: error,
          details: { file, pid: Number(holder) },
        },
      )
    }
    if (file === ':memory:' || !existsSync(file) || !(isDamage(error) || /^INTERNAL Error/.test(error.message))) {
      throw new EvertError('store-unreadable', `Opening ${file}: ${error.message}. Check the disk and the file's rights.`, {
        cause: error,
        details: { file },
      })
    }
    if (options.unreadable === 'refuse') throw refused(file, error)
    setAside(file, error, options)
    return DuckDBInstance.create(file, settings)
  }
}

/** Beside a file in which damage was found while it was open: what was found. */
function markOf(file: string): string {
  return `${file}.damaged`
}

function refused(file: string, why: Error): EvertError {
  return new EvertError(
    'store-unreadable',
    `Cannot read ${file}: ${why.message.replace(/[.\s]*$/, '.')} Start the engine: evert run sets the file aside and builds the views anew from the log.`,
    { cause: why, details: { file } },
  )
}

function setAside(file: string, why: Error, { onSetAside }: DuckdbOptions): void {
  const kept = `${file}.unreadable-${new Date().toISOString().replaceAll(':', '')}`
  renameSync(file, kept)
  if (existsSync(`${file}.wal`)) renameSync(`${file}.wal`, `${kept}.wal`)
  rmSync(markOf(file), { force: true })
  onSetAside?.(kept, why)
}

async function configure(connection: DuckDBConnection, options: DuckdbOptions): Promise<void> {
  await connection.run("SET GLOBAL TimeZone = 'UTC'") // every connection's, so that casts and date_trunc never follow the machine
  await connection.run(`SET checkpoint_threshold = '${options.checkpointThreshold ?? `${limits.walBytesInCommitMax}B`}'`)
  await connection.run("SET storage_compatibility_version = 'v1.5.0'")
  await connection.run('SET preserve_insertion_order = false')
  await connection.run(`ATTACH ':memory:' AS ${ident(aheadDatabase)}`)
  // No file but our own is opened from here on; the SQL of users is checked apart from this (sandbox). Last, for good.
  await connection.run('SET enable_external_access = false')
  await connection.run("SET allowed_configs = ['threads']") // `threads.ts` goes on setting them
  await connection.run('SET lock_configuration = true')
}
