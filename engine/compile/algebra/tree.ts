import type { Col, Op } from './op.ts'
import { inputsOf } from './op.ts'
import { conjunction, orderBy, outputs } from './select-of.ts'

/** An operator's tree as text, one operator a line, inputs below and further in. */
export function treeOf(op: Op, depth = 0): string {
  const lines = [`${'  '.repeat(depth)}${lineOf(op)}`, ...inputsOf(op).map((input) => treeOf(input, depth + 1))]
  return lines.join('\n')
}

function lineOf(op: Op): string {
  switch (op.kind) {
    case 'scan':
      return `scan ${op.read.relation.name}: ${op.columns.map((column, at) => `${op.names[at]} ${column.id}`).join(', ')}`
    case 'constant':
      return `constant ${op.sql}: ${ids(op.columns)}`
    case 'opaque':
      return `opaque (${op.why}) ${op.sql}: ${ids(op.columns)}`
    case 'map':
      return `map ${outputs(op.outputs)}${conjunction(' where ', op.where)}`
    case 'expand':
      return `expand ${op.item}`
    case 'join':
      return `join${conjunction(' on ', op.on)}: ${ids(op.columns)}`
    case 'outer':
      return `${op.type}${conjunction(' on ', op.on)}: ${ids(op.columns)}`
    case 'asof': {
      const pairs = [...op.keys.map((key) => ({ ...key, sign: '=' })), op.time]
      return `asof ${op.type} on ${pairs.map((one) => `${one.left.sql} ${one.sign} ${one.right.sql}`).join(' AND ')}: ${ids(op.columns)}`
    }
    case 'group':
      return `group${op.isGlobal ? ' all' : ` by ${outputs(op.keys)}`}${op.aggregates.length > 0 ? `: ${op.aggregates.map((one) => `${one.sql} AS ${one.col.id}`).join(', ')}` : ''}`
    case 'distinct':
      return `distinct ${ids(op.columns)}`
    case 'union':
      return `union ${ids(op.columns)}`
    case 'setop':
      return `${op.type}${op.all ? ' all' : ''}: ${ids(op.columns)}`
    case 'window':
      return `window ${outputs(op.windows)}`
    case 'retain':
      return `retain ${op.bounds.map(({ by, period }) => `${by.id} ${period}`).join(', ')}`
    case 'limit':
      return `limit${orderBy(op.order)}${op.limit === undefined ? '' : ` limit ${op.limit}`}${op.offset === 0 ? '' : ` offset ${op.offset}`}`
  }
}

function ids(columns: readonly Col[]): string {
  return columns.map((column) => column.id).join(', ')
}
