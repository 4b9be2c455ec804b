import { asofRows, isKnown } from '../algebra/asof.ts'
import type { Asof } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'
import { concerned, near, spans, touchedBefore, untouched } from './asof-span.ts'
import type { Rule, Run, Traits } from './rule.ts'
import { keptRows, netOf, writeChange } from './touched-rows.ts'

/**
 * Rule: ASOF joins. With L and R as they are after the batch and L° and R° as they were before it:
 *
 *     Δ(L ⋈ R) = ΔL ⋈ R + C ⋈ R − C ⋈ R°
 *
 * where C are the rows of L° between a right time that the batch touches and the next one of its key: all others keep their partner.
 * Rows look for their partner among the right rows of their keys and of about their time.
 */
export function planAsof(op: Asof, inputs: readonly Traits[]): Rule {
  const [leftGrows] = inputs.map((input) => input.insertOnly)
  const columns = op.columns
  const isKeyed = op.keys.length > 0
  return {
    strategy: isKeyed ? 'affected keys' : 'full',
    reason: isKeyed
      ? 'ASOF JOIN: a row looks for its partner by the keys of the batch, and a right row that comes or goes concerns the left rows up to the next one'
      : 'ASOF JOIN without an equality: a row that comes or goes is compared with every row of the other side',
    state: 'the joined rows',
    ...(isKeyed
      ? {}
      : { advice: 'join by an equality as well, ON left.a = right.b AND left.time >= right.time, if the question allows it' }),
    insertOnly: false,
    needsRows: [true, true],
    ...keptRows(columns),
    *maintain(run) {
      const [left, right] = run.inputs
      if (!left || !right || !(left.isChanged || right.isChanged)) return false
      if (run.isFirst) {
        yield `INSERT INTO ${run.table} ${asofRows(op, left.rows(), right.rows())}`
        return false
      }
      const terms: string[] = []
      if (left.isChanged) {
        const own = run.temp('own')
        const count = yield `CREATE OR REPLACE TEMP TABLE ${own} AS SELECT ${ids([...op.left.columns, weight])} FROM ${left.change()}`
        if (count > 0) terms.push(asofRows(op, own, near(op, own, right.rows()), true))
      }
      const turned = right.isChanged ? yield* repartnered(op, run) : []
      terms.push(...turned)
      if (terms.length === 0) return false
      return yield* writeChange(run, columns, terms.join(' UNION ALL '), turned.length > 0 || leftGrows !== true)
    },
  }
}

const weight = { id: '_w', type: 'BIGINT', nullable: false }

/** The left rows that the right side's change concerns, with the partners that they have, less those that they had. */
function* repartnered(op: Asof, run: Run): Generator<string, readonly string[], number> {
  const [left, right] = run.inputs
  if (!left || !right) return []
  const temp = (name: string, select: string) => `CREATE OR REPLACE TEMP TABLE ${run.temp(name)} AS ${select}`
  const [theirs, was, between, rows] = [run.temp('theirs'), run.temp('was'), run.temp('spans'), run.temp('concerned')]
  if ((yield temp('theirs', netOf(op.right.columns, `(${known(op, right.change())})`))) === 0) return []
  yield temp('spans', spans(op, theirs, right.rows()))
  if ((yield temp('concerned', concerned(op, between, left.before()))) === 0) return []
  yield temp('was', touchedBefore(op, theirs, right.rows()))
  const before = `(SELECT ${ids(op.right.columns)} FROM ${untouched(op, theirs, right.rows())} UNION ALL SELECT ${ids(op.right.columns)} FROM ${was})`
  return [
    asofRows(op, rows, near(op, rows, right.rows()), true),
    `SELECT ${ids(op.columns)}, -_w AS _w FROM (${asofRows(op, rows, near(op, rows, before), true)})`,
  ]
}

function known(op: Asof, change: string): string {
  return `SELECT * FROM ${change} WHERE ${isKnown(op, 'right')}`
}
