import { EvertError } from '../../errors.ts'
import { hasPlace } from './relations.ts'
import type { Read } from './resolve.ts'

/** Why a view is computed anew that asks for it; `explain` tells it apart by this. */
export const askedFor = "WITH (plan = 'recompute') asks for it"

/** Why a view is computed anew for which the engine has chosen so. */
export const smallInputs = 'what it reads has few rows, and one SELECT costs less than its parts'

/** How a view is to be kept: in parts, as a whole that is computed anew, or as the engine chooses (`choosable`). */
export type PlanOption = 'auto' | 'incremental' | 'recompute'

/**
 * What a view asks for, `WITH (plan = '…')`. Of some thousand rows one SELECT costs less than the statements of several parts
 * (`limits.recomputeRowsMax`). A choice of cost alone: the rows are the same. Throws `sql-invalid` where a view that asks to be
 * computed anew reads a stream, whose events would all be kept and read in each batch.
 */
export function planOption(file: string, options: ReadonlyMap<string, string>, reads: readonly Read[]): PlanOption {
  const wanted = options.get('plan') ?? 'auto'
  const fail = (message: string): never => {
    throw new EvertError('sql-invalid', `${file}: WITH (plan = '${wanted}'): ${message}`, { details: { file } })
  }
  if (wanted === 'auto' || wanted === 'incremental') return wanted
  if (wanted !== 'recompute')
    return fail("a plan is 'incremental', 'recompute' or 'auto'; without it the engine chooses, which is 'auto' as well.")
  const stream = reads.find((read) => hasPlace(read.relation))
  if (stream)
    return fail(
      `the view reads the stream ${stream.relation.name}, which only grows. Leave the option out, or read a view over the stream that groups or filters it.`,
    )
  return wanted
}
