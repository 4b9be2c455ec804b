import { inputsOf, type Op } from '../compile/algebra/op.ts'
import { shownName } from '../compile/relations.ts'

/** Letters of one expression in a tree: enough to find it in the SELECT. */
const lettersMax = 120

/** Gives the ids in a text (`"#7" + 1`) the names that the SELECT has for them (`total + 1`). */
export type Readable = (sql: string) => string

/** Names of all columns of a view's algebra, from the relations up. */
export function readable(root: Op): Readable {
  const names = new Map<string, string>()
  const read: Readable = (sql) => {
    const named = sql.replaceAll(/"(#[^"]+)"/g, (_, id: string) => names.get(id) ?? id)
    return named.length > lettersMax ? `${named.slice(0, lettersMax)}…` : named
  }
  const walk = (op: Op): void => {
    for (const input of inputsOf(op)) walk(input)
    switch (op.kind) {
      case 'scan':
        for (const [i, column] of op.columns.entries()) names.set(column.id, op.names[i] ?? column.id)
        return
      case 'map':
        for (const { col, expr } of op.outputs) names.set(col.id, read(expr.sql))
        return
      case 'window':
        for (const { col, expr } of op.windows) names.set(col.id, read(expr.sql))
        return
      case 'group':
        for (const { col, expr } of op.keys) names.set(col.id, read(expr.sql))
        for (const { col, sql } of op.aggregates) names.set(col.id, read(sql))
        return
      case 'union':
        name(op.columns, op.inputs[0]?.columns ?? [])
        return
      case 'setop':
        name(op.columns, op.left.columns)
        return
      case 'outer':
        if (op.mark) names.set(op.mark.id, 'EXISTS (…)')
    }
  }
  const name = (own: readonly { id: string }[], from: readonly { id: string }[]) => {
    for (const [i, column] of own.entries()) names.set(column.id, names.get(from[i]?.id ?? '') ?? column.id)
  }
  walk(root)
  return read
}

/** What an operator is, in words of SQL; a chain of projections and filters is one. */
export function wordsOf(op: Op, read: Readable): string {
  const all = (some: readonly { readonly sql: string }[], between: string) => some.map((one) => plain(read(one.sql))).join(between)
  switch (op.kind) {
    case 'scan':
      return `the rows of ${shownName(op.read.relation)}`
    case 'constant':
      return 'constant rows'
    case 'opaque':
      return 'the query as a whole'
    case 'map':
      return mapWords(op, all)
    case 'expand':
      return 'a row for each item (UNNEST, LATERAL)'
    case 'join':
      return op.on.length > 0 ? `JOIN ON ${all(op.on, ' AND ')}` : 'CROSS JOIN'
    case 'outer':
      return `${{ left: 'LEFT JOIN', full: 'FULL JOIN', semi: 'EXISTS or IN', anti: 'NOT EXISTS or NOT IN', mark: 'EXISTS as a value' }[op.type]} ON ${all(op.on, ' AND ') || 'TRUE'}`
    case 'asof': {
      const pairs = [...op.keys.map((key) => ({ ...key, sign: '=' })), op.time]
      const on = pairs.map((one) => `${plain(read(one.left.sql))} ${one.sign} ${plain(read(one.right.sql))}`).join(' AND ')
      return `ASOF ${op.type === 'left' ? 'LEFT ' : ''}JOIN ON ${on}`
    }
    case 'group': {
      const keys = all(
        op.keys.map((key) => key.expr),
        ', ',
      )
      const aggregates = op.aggregates.map((one) => read(one.sql)).join(', ')
      return `${keys === '' ? 'aggregates' : `GROUP BY ${keys}`}${aggregates === '' ? '' : `: ${aggregates}`}`
    }
    case 'distinct':
      return 'DISTINCT'
    case 'union':
      return 'UNION ALL'
    case 'setop':
      return `${op.type.toUpperCase()}${op.all ? ' ALL' : ''}`
    case 'window':
      return op.partition.length > 0 ? `window PARTITION BY ${all(op.partition, ', ')}` : 'window over all rows'
    case 'limit':
      return `${op.order.length > 0 ? 'ORDER BY … ' : ''}${op.limit === undefined ? `OFFSET ${op.offset}` : `LIMIT ${op.limit}`}`
    case 'retain':
      return `within ${op.bounds.map(({ name, period }) => `${period} of the greatest ${name}`).join(' and ')}`
    default:
      return (op as Op).kind.toUpperCase()
  }
}

function mapWords(op: Op & { kind: 'map' }, all: (some: readonly { readonly sql: string }[], between: string) => string): string {
  return op.where.length > 0 ? `WHERE ${all(op.where, ' AND ')}` : 'projection'
}

/** Without the parentheses around the whole. */
function plain(sql: string): string {
  return /^\([^()]*\)$/.test(sql) ? sql.slice(1, -1) : sql
}
