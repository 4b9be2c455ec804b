import { EvertError } from '../../../errors.ts'

/** Kinds of errors that a statement's own text or data raise. Their messages may quote an event, so they are not searched. */
const ofTheStatement = /^(Conversion|Invalid Input|Out of Range|Binder|Catalog|Parser|Constraint|Not implemented|Mismatch Type|Invalid Type) Error/i

/** DuckDB's errors as typed ones; an error that is typed already passes. */
export function storeError(thrown: unknown): Error {
  if (thrown instanceof EvertError || !(thrown instanceof Error) || ofTheStatement.test(thrown.message)) return thrown as Error
  if (/No space left|could not write|Could not write|disk full|ENOSPC/i.test(thrown.message)) {
    return new EvertError('store-full', `Writing to DuckDB: ${thrown.message}. Free some space; what was committed is safe, and the log has the rest.`, { cause: thrown })
  }
  if (/FATAL|invalidated/i.test(thrown.message)) {
    return new EvertError('store-failed', `DuckDB gave up: ${thrown.message}. Start the engine again; it goes on from the last commit.`, { cause: thrown })
  }
  return thrown
}
