import { ident } from '../../../connectors/store/quote.ts'
import type { Retain } from '../algebra/op.ts'
import { ids } from '../algebra/select-of.ts'
import { isExpired, notAny } from '../retention.ts'
import type { Rule, Run, Traits } from './rule.ts'

/**
 * Rule: the events of a stream whose time is within a period of the greatest one. The greatest time is kept in a side table
 * and moved first, so what came and expired within one batch never appears; then the rows below the bound go, and those of the
 * batch that are not below it come. A row that comes is never equal to one that goes, since their times are on two sides of the
 * bound, and a bound that rises never brings a row back: so the state is a function of the events, however they are cut.
 */
export function planRetain(op: Retain, [input, times]: readonly Traits[]): Rule | string {
  if (input?.insertOnly !== true || times?.insertOnly !== true) return 'a retention over rows that are taken back'
  const columns = ids(op.columns)
  const greatest = op.bounds.map((_, i) => ident(`greatest${i}`))
  const isOut = (run: Run) => op.bounds.map(({ by, period }, i) => isExpired(ident(by.id), period, greatest[i] ?? '', run.side('greatest')))
  return {
    strategy: 'linear',
    reason: `retention: an event is seen until its ${op.bounds.map(({ name, period }) => `${name} is ${period} before the greatest`).join(', or its ')}; a batch adds its own and takes away those that expire`,
    state: 'the rows within the period, and the greatest event time',
    insertOnly: false,
    needsRows: [false, false],
    create: ({ table, side }) => [
      `CREATE TABLE ${table} (${op.columns.map((column) => `${ident(column.id)} ${column.type}`).join(', ')})`,
      `CREATE TABLE ${side('greatest')} (${op.bounds.map(({ time }, i) => `${greatest[i]} ${time.type}`).join(', ')})`,
      `INSERT INTO ${side('greatest')} VALUES (${greatest.map(() => 'NULL').join(', ')})`,
    ],
    rows: ({ table }) => `SELECT ${columns} FROM ${table}`,
    *maintain(run) {
      const [rows, all] = run.inputs
      const isMoved = all?.isChanged === true && (yield move(op, run, all.change(), greatest)) > 0
      const came = rows?.isChanged ? `SELECT ${columns} FROM ${rows.change()} WHERE ${notAny(isOut(run))}` : undefined
      const gone = isMoved ? `FROM ${run.table} WHERE ${isOut(run).join(' OR ')}` : undefined
      let isMade = false
      if (run.handsOn && (came || gone)) {
        const terms = [
          ...(came ? [`SELECT ${columns}, 1 AS _w FROM (${came})`] : []),
          ...(gone ? [`SELECT ${columns}, -1 AS _w ${gone}`] : []),
        ]
        const net = `SELECT ${columns}, CAST(sum(_w) AS BIGINT) AS _w FROM (${terms.join(' UNION ALL ')}) GROUP BY ALL`
        isMade = (yield `CREATE OR REPLACE TEMP TABLE ${run.change} AS ${net}`) > 0
        if (!isMade) return false
      }
      if (gone) yield `DELETE ${gone}`
      if (came) yield `INSERT INTO ${run.table} ${came}`
      return isMade
    },
  }
}

/** The greatest times after the batch; writes nothing where none rises. */
function move(op: Retain, run: Run, change: string, greatest: readonly string[]): string {
  const found = op.bounds.map(({ time }, i) => `max(${ident(time.id)}) AS ${greatest[i]}`)
  const moved = greatest.map((name) => `${name} = greatest(g.${name}, d.${name})`)
  const rises = greatest.map((name) => `g.${name} IS NULL OR d.${name} > g.${name}`)
  return `UPDATE ${run.side('greatest')} AS g SET ${moved.join(', ')} FROM (SELECT ${found.join(', ')} FROM ${change}) AS d WHERE ${rises.join(' OR ')}`
}
