import { EvertError } from '../../errors.ts'
import { hasPlace } from './relations.ts'
import type { Read } from './resolve.ts'

/** Why a view is computed anew that asks for it; `explain` tells it apart by this. */
export const askedFor = "WITH (plan = 'recompute') asks for it"

/**
 * Does the view ask to be computed anew in each batch that changes one of its inputs, `WITH (plan = 'recompute')`? Of some thousand
 * rows one SELECT costs less than the statements of several parts (`limits.recomputeRowsMax`). A choice of cost alone: the rows are
 * the same. Throws `sql-invalid` where the view reads a stream, whose events would all be kept and read in each batch.
 */
export function asksToRecompute(file: string, options: ReadonlyMap<string, string>, reads: readonly Read[]): boolean {
  const wanted = options.get('plan')
  if (wanted === undefined) return false
  const fail = (message: string): never => {
    throw new EvertError('sql-invalid', `${file}: WITH (plan = '${wanted}'): ${message}`, { details: { file } })
  }
  if (wanted !== 'recompute') return fail("the only plan to be asked for is 'recompute'; without it the view is kept in parts.")
  const stream = reads.find((read) => hasPlace(read.relation))
  if (stream)
    return fail(
      `the view reads the stream ${stream.relation.name}, which only grows. Leave the option out, or read a view over the stream that groups or filters it.`,
    )
  return true
}
