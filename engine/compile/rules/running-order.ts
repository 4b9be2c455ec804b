import { ident } from '../../../connectors/store/quote.ts'
import type { Col } from '../algebra/op.ts'
import { type Ast, isAst, items } from '../ast.ts'
import { directionOf } from '../bind/modifiers.ts'

/** One part of an order: a column. */
export interface Term {
  readonly column: Col
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** The order of a window, where it names columns alone. */
export function columnOrder(window: Ast, columns: readonly Col[]): readonly Term[] | undefined {
  const terms = items(window.orders).map((order) => {
    const column = isAst(order.expression) ? columnOf(order.expression, columns) : undefined
    return column && { column, ...directionOf(order) }
  })
  return terms.every((term) => term !== undefined) ? terms : undefined
}

/** `DESC NULLS LAST`. */
export function orderText(term: Term): string {
  return `${term.descending ? 'DESC' : 'ASC'} NULLS ${term.nullsFirst ? 'FIRST' : 'LAST'}`
}

export function termsOf(order: readonly Term[]): readonly string[] {
  return order.map((term) => `${ident(term.column.id)} ${orderText(term)}`)
}

/** The column that an expression is, where it is nothing else. */
export function columnOf(ast: Ast, columns: readonly Col[]): Col | undefined {
  const names = ast.class === 'COLUMN_REF' && Array.isArray(ast.column_names) ? ast.column_names : []
  return names.length === 1 ? columns.find((column) => column.id === names[0]) : undefined
}
