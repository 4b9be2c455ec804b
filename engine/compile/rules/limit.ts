import type { Col, Limit } from '../algebra/op.ts'
import { ids, orderBy } from '../algebra/select-of.ts'
import type { Rule, Traits } from './rule.ts'
import { topRows } from './top-rows.ts'

/**
 * Rule: ORDER BY … LIMIT. It keeps the rows up to the last that is shown, those before the OFFSET among them, as the first rows of a
 * partition that is everything.
 */
export function planLimit(op: Limit, [input]: readonly Traits[]): Rule | string {
  if (op.limit === undefined) return 'OFFSET without LIMIT keeps all rows but the first'
  if (op.order.length === 0) return 'LIMIT without an order that this rule could follow'
  const insertOnly = input?.insertOnly === true
  const isUsed = (column: Col) => op.columns.some((one) => one.id === column.id) || op.order.some((term) => term.expr.uses.has(column.id))
  const columns = op.input.columns.filter(isUsed)
  if (columns.length === 0) return 'it shows no column and orders by none'
  const first = op.limit + op.offset
  const rankColumn: Col = { id: '_rank', type: 'BIGINT', nullable: false }
  return {
    strategy: insertOnly ? 'linear' : 'affected keys',
    reason: insertOnly
      ? 'ORDER BY with LIMIT: rows that come are compared with those that are kept'
      : 'ORDER BY with LIMIT: rows that come are compared with those that are kept, and when one of these goes, they are read again',
    state: `the first ${first} rows`,
    insertOnly: false,
    needsRows: [!insertOnly],
    ...topRows(
      {
        columns,
        partition: [],
        narrow: columns.filter((column) => op.order.some((term) => term.expr.uses.has(column.id))),
        rank: `row_number() OVER (${orderBy(op.order).trim()})`,
        first,
        ...(op.offset > 0 ? { rankColumn } : {}),
        shown: op.columns,
        show: (from, more = '') => `SELECT ${ids(op.columns)}${more} FROM ${from}${op.offset > 0 ? ` WHERE _rank > ${op.offset}` : ''}`,
        mayRaise: false,
      },
      insertOnly,
    ),
  }
}
