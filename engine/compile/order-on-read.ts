import { list } from '../../connectors/store/quote.ts'
import type { Column } from '../../connectors/store/store.ts'
import { type Ast, canonical, items, textOf } from './ast.ts'

/**
 * ORDER BY applies on read, over the output columns: those orders that name one are kept (by name or number).
 * An order by something that is not shown cannot be had on read and is left out: rows are a bag.
 */
export function orderOnRead(node: Ast, columns: readonly Column[]): string {
  const modifier = items(node.modifiers).find((candidate) => candidate.type === 'ORDER_MODIFIER')
  if (!modifier) return ''
  const outputs = items(node.select_list)
  const names = new Map(columns.map((column) => [column.name.toLowerCase(), column.name]))
  const terms: string[] = []
  for (const order of items(modifier.orders)) {
    const name = outputOf(order.expression as Ast, outputs, columns, names)
    if (name === undefined) break
    const direction = order.type === 'DESCENDING' ? ' DESC' : ' ASC'
    const nulls = / (FIRST|LAST)$/.exec(textOf(order.null_order).replace('_', ' '))?.[1]
    terms.push(`${list([name])}${direction}${nulls === undefined ? '' : ` NULLS ${nulls}`}`)
  }
  return terms.length > 0 ? ` ORDER BY ${terms.join(', ')}` : ''
}

function outputOf(
  expression: Ast,
  outputs: readonly Ast[],
  columns: readonly Column[],
  names: ReadonlyMap<string, string>,
): string | undefined {
  if (expression.class === 'CONSTANT') {
    const at = Number(String((expression.value as Ast).value))
    return Number.isInteger(at) ? columns[at - 1]?.name : undefined
  }
  if (expression.type === 'COLUMN_REF') {
    const parts = expression.column_names as readonly string[]
    return names.get((parts.at(-1) ?? '').toLowerCase())
  }
  const at = outputs.findIndex((output) => canonical(output) === canonical(expression))
  return outputs.length === columns.length && at >= 0 ? columns[at]?.name : undefined
}
