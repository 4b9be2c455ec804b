import { statfsSync } from 'node:fs'
import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'

/** What LMDB and the operating system say when there is no room: MDB_MAP_FULL, EFBIG, ENOSPC, EDQUOT. */
const FULL = new Set<unknown>([-30792, 27, 28, 122, 'ENOSPC', 'EFBIG', 'EDQUOT'])
const FULL_TEXT = /MDB_MAP_FULL|no space left|quota exceeded|file too large/i
/** LMDB calls a write that came out short an I/O error, and that is how a disk fills up. */
const SHORT_WRITE = new Set<unknown>([5, 'EIO'])

/** An error that LMDB threw while `attempted` on the log in `dir`, as `log-full` or `log-unreadable`; an `EvertError` passes through. */
export function lmdbFailure(error: unknown, attempted: string, dir: string): EvertError {
  if (error instanceof EvertError) return error
  const text = error instanceof Error ? error.message : String(error)
  const code = (error as { code?: unknown } | undefined)?.code
  if (FULL.has(code) || FULL_TEXT.test(text) || (SHORT_WRITE.has(code) && isNearlyFull(dir))) {
    return new EvertError(
      'log-full',
      `Could not ${attempted}: there is no room in ${dir} (${text}). Nothing was acknowledged; make room and try again.`,
      { cause: error, details: { dir } },
    )
  }
  return new EvertError(
    'log-unreadable',
    `Could not ${attempted}: ${text}. Nothing was acknowledged; check the disk of ${dir}, the room on it and its permissions.`,
    {
      cause: error,
      details: { dir },
    },
  )
}

/**
 * Throws `log-full` when there is not room enough to write so many bytes. LMDB itself must not be let run into a full disk: lmdb-js 3.5.6
 * then frees memory that is not its own, now and then, which ends the process (seen in 3 of 28 runs on a full tmpfs).
 */
export function assertRoom(dir: string, bytes: number): void {
  const { bavail, bsize, blocks } = statfsSync(dir)
  // Twice: pages are written whole, and those above them anew. A file system that tells no size is not asked for room.
  if (blocks === 0 || bavail * bsize >= 2 * bytes + limits.logRoomBytesMin) return
  throw lmdbFailure(new Error(`no space left: ${bavail * bsize} bytes are free, ${bytes} are to be written`), 'append', dir)
}

/** Less room than one group of appends may take. */
function isNearlyFull(dir: string): boolean {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize < limits.appendQueueBytesMax
}
