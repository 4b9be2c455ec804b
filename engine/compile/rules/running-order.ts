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

/** The column that an expression is, where it is nothing else. */
export type Lookup = (ast: Ast) => Col | undefined

/** The order of a window, where it names columns alone. */
export function columnOrder(window: Ast, columnOf: Lookup): readonly Term[] | undefined {
  const terms = items(window.orders).map((order) => {
    const column = isAst(order.expression) ? columnOf(order.expression) : undefined
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
