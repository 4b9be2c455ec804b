import { randomUUID } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { EvertError } from '../../../errors.ts'
import { CutEntries } from './cut-entries.ts'
import { logKey } from './keys.ts'
import { lmdbFailure } from './lmdb-failure.ts'

type Bytes = Database<Buffer, Buffer>

/** The LMDB environment of one log and its databases. */
export interface Environment {
  readonly dir: string
  readonly id: string
  readonly root: RootDatabase<Buffer, Buffer>
  /** Topic number, partition, first offset → entry. */
  readonly entries: Bytes
  /** Topic number, partition → end offset, time of the last event. */
  readonly ends: Bytes
  /** The log's identity, topics, producers, groups: small JSON values. */
  readonly records: Bytes
  /** Topic number, key → number of events. */
  readonly versions: Bytes
  readonly cut: CutEntries
}

const LAYOUT = 1
const binary = { encoding: 'binary', keyEncoding: 'binary' } as const

/**
 * Opens or creates the environment. `overlappingSync: false` is what makes a commit visible only when it is on disk:
 * with it, LMDB syncs the data, then writes the root, and no process finds the new root before that.
 * Throws `log-unreadable`, and `log-corrupt` when the file is shorter than its own index says (reading it would crash).
 */
export function openEnvironment(dir: string): Environment {
  let root: RootDatabase<Buffer, Buffer>
  try {
    mkdirSync(dir, { recursive: true })
  } catch (error) {
    throw new EvertError(
      'log-unreadable',
      `Open the log: could not create the directory ${dir} (${error instanceof Error ? error.message : error}). Check its permissions.`,
      { cause: error },
    )
  }
  try {
    root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 8, overlappingSync: false, ...binary })
  } catch (error) {
    throw lmdbFailure(error, `open the log in ${dir}`, dir)
  }
  try {
    assertWhole(root, dir)
    const records = root.openDB<Buffer, Buffer>('records', binary)
    return {
      dir,
      id: identify(root, records, dir),
      root,
      entries: root.openDB<Buffer, Buffer>('entries', binary),
      ends: root.openDB<Buffer, Buffer>('ends', binary),
      records,
      versions: root.openDB<Buffer, Buffer>('versions', binary),
      cut: new CutEntries(),
    }
  } catch (error) {
    void root.close()
    throw lmdbFailure(error, `open the log in ${dir}`, dir)
  }
}

function assertWhole(root: RootDatabase<Buffer, Buffer>, dir: string): void {
  const file = join(dir, 'data.mdb')
  const stats = root.getStats() as { lastPageNumber: number; root: { pageSize: number } }
  const bytes = statSync(file).size
  const wanted = (stats.lastPageNumber + 1) * stats.root.pageSize
  if (bytes >= wanted) return
  throw new EvertError(
    'log-corrupt',
    `Open the log: ${file} has ${bytes} bytes, its index needs ${wanted}. It was cut short: restore it from a copy.`,
    {
      details: { file, bytes, wanted },
    },
  )
}

function identify(root: RootDatabase<Buffer, Buffer>, records: Bytes, dir: string): string {
  return root.transactionSync(() => {
    const stored = records.getBinary(logKey)
    if (!stored) {
      const id = randomUUID()
      records.putSync(logKey, Buffer.from(JSON.stringify({ id, layout: LAYOUT })))
      return id
    }
    const { id, layout } = JSON.parse(stored.toString()) as { id: string; layout: number }
    if (layout === LAYOUT) return id
    throw new EvertError(
      'log-unreadable',
      `Open the log in ${dir}: its layout is ${layout}, this program reads ${LAYOUT}. Use the version that wrote it.`,
      {
        details: { layout, wanted: LAYOUT },
      },
    )
  })
}
