import { EvertError } from '../../../errors.ts'

/** Kinds of errors that a statement's own text or data raise. Their messages may quote an event, so they are not searched. */
const ofTheStatement =
  /^(Conversion|Invalid Input|Out of Range|Binder|Catalog|Parser|Constraint|Not implemented|Mismatch Type|Invalid Type) Error/i

/** DuckDB's own words for a damaged file; a missing right or a full disk must not set a good file aside. */
const damaged = /corrupt|not a valid DuckDB|checksum|Serialization Error|Could not read enough bytes|deserializ/i

/** Whether DuckDB found its file damaged: bytes that are not what it wrote. */
export function isDamage(error: Error): boolean {
  return !ofTheStatement.test(error.message) && damaged.test(error.message)
}

/**
 * DuckDB's errors as typed ones; an error that is typed already, or that a statement raised by itself, passes. Blocks are read
 * when they are needed, so a damaged file can open well: `onDamage` is told, and the next to open it sets it aside.
 */
export function storeError(thrown: unknown, onDamage: (message: string) => void): Error {
  if (thrown instanceof EvertError || !(thrown instanceof Error) || ofTheStatement.test(thrown.message)) return thrown as Error
  if (isDamage(thrown)) {
    onDamage(thrown.message)
    return new EvertError(
      'store-unreadable',
      `The DuckDB file is damaged: ${thrown.message}. Start the engine again: it sets the file aside and builds the views anew from the log.`,
      { cause: thrown },
    )
  }
  if (/No space left|could not write|disk full|ENOSPC|File too large/i.test(thrown.message)) {
    return new EvertError(
      'store-full',
      `Writing to DuckDB: ${thrown.message}. Free some space; what was committed is safe, and the log has the rest.`,
      { cause: thrown },
    )
  }
  if (/^(FATAL|IO|Out of Memory|INTERRUPT|TransactionContext) Error|invalidated/i.test(thrown.message)) {
    return new EvertError('store-failed', `DuckDB gave up: ${thrown.message}. Start the engine again; it goes on from the last commit.`, {
      cause: thrown,
    })
  }
  return thrown
}
