import { ident, list, path } from '../../../connectors/store/quote.ts'
import { relationSchema, relationTable } from '../relations.ts'
import { isExpired, notAny } from '../retention.ts'
import { asofRows } from './asof.ts'
import type { Col, Op, OrderTerm } from './op.ts'

/** A FROM item that stands for an operator's rows, columns by id; undefined: the operator's own text. */
export type Standing = (op: Op) => string | undefined

const everywhere: Standing = () => undefined

/** The SELECT that computes an operator's rows from its inputs' rows; columns by id, in order. */
export function selectOf(op: Op, standing: Standing = everywhere): string {
  const from = (input: Op) => standing(input) ?? `(${selectOf(input, standing)})`
  const columns = ids(op.columns)
  switch (op.kind) {
    case 'scan': {
      const table = path(relationSchema, relationTable(op.read.relation.name, op.read.placed))
      return `SELECT ${aliased(op.names, op.columns)} FROM ${table}`
    }
    case 'constant':
      return `SELECT ${columns} FROM (${op.sql}) AS q(${columns})`
    case 'opaque':
      return `SELECT ${columns} FROM (${op.sql}) AS q(${columns})`
    case 'map':
      return `SELECT ${outputs(op.outputs)} FROM ${from(op.input)}${conjunction(' WHERE ', op.where)}`
    case 'expand':
      return `SELECT ${columns} FROM ${from(op.input)}, ${op.item}`
    case 'join':
      return `SELECT ${columns} FROM ${op.inputs.map((input, i) => `${from(input)} AS j${i}`).join(', ')}${conjunction(' WHERE ', op.on)}`
    case 'outer': {
      const on = conjunction('', op.on) || 'TRUE'
      const left = `${from(op.left)} AS l`
      const right = `${from(op.right)} AS r`
      if (op.type === 'mark')
        return `SELECT ${ids(op.left.columns)}, EXISTS (SELECT 1 FROM ${right} WHERE ${on}) AS ${ident(op.mark?.id ?? '')} FROM ${left}`
      if (op.type === 'semi') return `SELECT ${columns} FROM ${left} WHERE EXISTS (SELECT 1 FROM ${right} WHERE ${on})`
      if (op.type === 'anti') return `SELECT ${columns} FROM ${left} WHERE NOT EXISTS (SELECT 1 FROM ${right} WHERE ${on})`
      return `SELECT ${columns} FROM ${left} ${op.type === 'left' ? 'LEFT' : 'FULL'} JOIN ${right} ON ${on}`
    }
    case 'asof':
      return asofRows(op, from(op.left), from(op.right))
    case 'group': {
      const shown = [
        ...op.keys.map((key) => `${key.expr.sql} AS ${ident(key.col.id)}`),
        ...op.aggregates.map((one) => `${one.sql} AS ${ident(one.col.id)}`),
      ]
      const by = op.keys.length > 0 ? ` GROUP BY ${op.keys.map((_, i) => i + 1).join(', ')}` : ''
      return `SELECT ${shown.join(', ')} FROM ${from(op.input)}${by}`
    }
    case 'distinct':
      return `SELECT DISTINCT ${columns} FROM ${from(op.input)}`
    case 'union':
      return op.inputs.map((input) => `SELECT ${renamed(input.columns, op.columns)} FROM ${from(input)}`).join(' UNION ALL ')
    case 'setop':
      return `SELECT ${renamed(op.left.columns, op.columns)} FROM ${from(op.left)} ${op.type.toUpperCase()}${op.all ? ' ALL' : ''} SELECT ${renamed(op.right.columns, op.columns)} FROM ${from(op.right)}`
    case 'window':
      return `SELECT ${ids(op.input.columns)}, ${outputs(op.windows)} FROM ${from(op.input)}`
    case 'retain': {
      const isOut = op.bounds.map(({ by, time, period }) => isExpired(ident(by.id), period, `max(${ident(time.id)})`, from(op.times)))
      return `SELECT ${columns} FROM ${from(op.input)} WHERE ${notAny(isOut)}`
    }
    case 'limit':
      return `SELECT ${columns} FROM ${from(op.input)}${orderBy(op.order)}${op.limit === undefined ? '' : ` LIMIT ${op.limit}`}${op.offset === 0 ? '' : ` OFFSET ${op.offset}`}`
  }
}

export function ids(columns: readonly Col[]): string {
  return columns.length > 0 ? list(columns.map((column) => column.id)) : '1 AS _one'
}

/** `"#1" AS "#5", …`: columns of one operator under another's ids. */
export function renamed(from: readonly Col[], to: readonly Col[]): string {
  return aliased(
    from.map((column) => column.id),
    to,
  )
}

function aliased(names: readonly string[], to: readonly Col[]): string {
  return to.length > 0 ? to.map((column, i) => `${ident(names[i] ?? '')} AS ${ident(column.id)}`).join(', ') : '1 AS _one'
}

export function outputs(all: readonly { readonly col: Col; readonly expr: { readonly sql: string } }[]): string {
  return all.length > 0 ? all.map(({ col, expr }) => `${expr.sql} AS ${ident(col.id)}`).join(', ') : '1 AS _one'
}

/** Conjuncts as one condition after `before`; nothing where there are none. */
export function conjunction(before: string, conjuncts: readonly { readonly sql: string }[]): string {
  return conjuncts.length > 0 ? `${before}${conjuncts.map((one) => `(${one.sql})`).join(' AND ')}` : ''
}

export function orderBy(terms: readonly OrderTerm[]): string {
  if (terms.length === 0) return ''
  return ` ORDER BY ${terms.map((term) => `${term.expr.sql} ${term.descending ? 'DESC' : 'ASC'} NULLS ${term.nullsFirst ? 'FIRST' : 'LAST'}`).join(', ')}`
}

/** NULL is a key like any other; `=` where no NULL can be, since DuckDB prunes its scans by it. */
export function sameKeys(pairs: readonly { readonly left: string; readonly right: string; readonly nullable: boolean }[]): string {
  if (pairs.length === 0) return 'TRUE'
  return pairs.map(({ left, right, nullable }) => `${left} ${nullable ? 'IS NOT DISTINCT FROM' : '='} ${right}`).join(' AND ')
}
