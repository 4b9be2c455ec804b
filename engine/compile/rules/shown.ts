import type { Map as MapOp } from '../algebra/op.ts'
import { conjunction, outputs } from '../algebra/select-of.ts'
import { changeIn, handOn, isAdded } from './hand-on.ts'
import type { Names, Rule } from './rule.ts'
import { netOf } from './touched-rows.ts'

/**
 * A projection or filter over what another rule keeps (HAVING, an expression over aggregates): nothing more is stored, it is
 * computed when rows are read. `mayRaise`: then it is tried on each change, so that the view fails in its batch and not its readers later.
 */
export function planShown(map: MapOp, inner: Rule, mayRaise: boolean): Rule {
  const shown = (from: string, more = '') => `SELECT ${outputs(map.outputs)}${more} FROM ${from}${conjunction(' WHERE ', map.where)}`
  const { marked } = inner
  return {
    ...inner,
    ...(marked ? { marked: (names: Names) => shown(`(${marked(names)})`, ', _at') } : {}),
    rows: (names: Names) => shown(`(${inner.rows(names)})`),
    ...(inner.weighted ? { weighted: (names: Names) => shown(`(${inner.weighted?.(names)})`, ', _w') } : {}),
    *maintain(run) {
      const tried = run.tries ?? ((rows: string) => `SELECT bit_xor(hash(q)) FROM ${rows} AS q`)
      if (run.tries || (mayRaise && !run.handsOn && !run.isFirst && inner.canTry)) {
        // What is above this one tries what this one shows.
        yield* inner.maintain({ ...run, tries: (rows) => tried(`(${shown(rows)})`) })
        return false
      }
      const kept = run.temp('kept')
      const isTried = mayRaise || run.handsOn
      const made = yield* inner.maintain({ ...run, handsOn: isTried && !run.isFirst, change: kept })
      if (run.isFirst && mayRaise) yield `SELECT bit_xor(hash(q)) FROM (${shown(`(${inner.rows(run)})`)}) AS q`
      if (!isTried || !made) return false
      // Rows that are only added each count one, also where the projection makes them equal.
      const change = shown(changeIn(made, kept), ', _w')
      const net = inner.insertOnly ? change : netOf(map.columns, `(${change})`)
      // What may raise is computed now, in full: its reader may want less of it.
      return yield* handOn({ ...run, mayTell: run.mayTell === true && !mayRaise }, net, isAdded(made))
    },
  }
}
