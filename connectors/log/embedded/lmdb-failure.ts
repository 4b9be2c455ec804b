import { EvertError } from '../../../errors.ts'

/** What LMDB and the operating system say when there is no room: MDB_MAP_FULL, EFBIG, ENOSPC, EDQUOT. */
const FULL = new Set([-30792, 27, 28, 122])
const FULL_TEXT = /MDB_MAP_FULL|no space left|quota exceeded|file too large/i

/** An error that LMDB threw while `attempted`, as `log-full` or `log-unreadable`; an `EvertError` passes through. */
export function lmdbFailure(error: unknown, attempted: string): EvertError {
  if (error instanceof EvertError) return error
  const text = error instanceof Error ? error.message : String(error)
  const code = (error as { code?: unknown } | undefined)?.code
  if (FULL.has(code as number) || code === 'ENOSPC' || FULL_TEXT.test(text)) {
    return new EvertError('log-full', `Could not ${attempted}: the disk is full (${text}). Nothing was acknowledged; make room and try again.`, { cause: error })
  }
  return new EvertError('log-unreadable', `Could not ${attempted}: ${text}. Nothing was acknowledged; check the disk and the directory's permissions.`, {
    cause: error,
  })
}
