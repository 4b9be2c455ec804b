import type { Window } from '../algebra/op.ts'
import { selectOf } from '../algebra/select-of.ts'
import type { Rule, Traits } from './rule.ts'
import { collectKeys, keysOf, ofTouched, withRowid, writeDifference } from './touched.ts'
import { keptRows } from './touched-rows.ts'
import { planRunning } from './window-running.ts'

/**
 * Rule: window functions. What one says of a row follows from the rows of its partition alone, so the partitions of the rows that
 * came or went are computed anew, and of those only the rows that differ are written: a row at the end of a hot partition does
 * not write the others. Windows that follow from the rows before have a rule of their own (`window-running.ts`).
 */
export function planWindow(op: Window, traits: readonly Traits[]): Rule {
  return planRunning(op, traits) ?? planPartitions(op, traits)
}

function planPartitions(op: Window, [input]: readonly Traits[]): Rule {
  const keys = keysOf(op.partition, input?.op.columns ?? op.input.columns)
  return {
    strategy: keys.length > 0 ? 'affected keys' : 'full',
    reason:
      keys.length > 0
        ? 'window functions: the partitions that a batch touches are computed anew'
        : 'a window without PARTITION BY: every row is in its one partition, which is computed anew',
    state: 'the rows; of a touched partition, those that differ are replaced',
    ...(keys.length > 0 ? {} : { advice: 'PARTITION BY a column, if the question allows it: then a batch costs its own partitions only' }),
    insertOnly: false,
    needsRows: [true],
    ...keptRows(op.columns),
    *maintain(run) {
      const [one] = run.inputs
      if (!one?.isChanged) return false
      const over = (rows: string) => selectOf(op, (part) => (part === op.input ? rows : undefined))
      if (run.isFirst) {
        yield `INSERT INTO ${run.table} ${over(one.rows())}`
        return false
      }
      let [rows, kept] = [one.rows(), withRowid(run.table)]
      if (keys.length > 0) {
        const touched = run.temp('touched')
        if ((yield collectKeys(touched, keys, one.change())) === 0) return false
        rows = ofTouched(rows, touched, keys)
        kept = ofTouched(kept, touched, keys)
      }
      return yield* writeDifference(run, op.columns, over(rows), `SELECT * FROM ${kept}`)
    },
  }
}
