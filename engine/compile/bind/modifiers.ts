import type { Col, Expr, Op } from '../algebra/op.ts'
import { type Ast, columnRef, isAst, items, textOf } from '../ast.ts'
import { type Binder, type Bound, type Named, Unbound } from './binder.ts'
import { only } from './build.ts'
import { constant, expr, integer, passing } from './expr.ts'
import { filter } from './filter.ts'

/** One term of ORDER BY, or one of DISTINCT ON: an expression, or the number of an output. */
export interface Term {
  readonly ast: Ast
  readonly number: number | undefined
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** A term whose value is a column. */
export interface ChosenTerm extends Term {
  readonly col: Col
}

/** ORDER BY, where it decides which rows there are; otherwise it is for who reads the rows, and means nothing here. */
export function orderTerms(node: Ast, width: number): readonly Term[] {
  const modifiers = items(node.modifiers)
  const decides = modifiers.some((one) => textOf(one.type).startsWith('LIMIT') || onTargets(one).length > 0)
  if (!decides) return []
  return modifiers
    .flatMap((modifier) => (modifier.type === 'ORDER_MODIFIER' ? items(modifier.orders) : []))
    .flatMap((order): Term[] => {
      const ast = order.expression as Ast
      const rest = directionOf(order)
      if (ast.type === 'STAR') return Array.from({ length: width }, (_, at) => ({ ast, number: at, ...rest }))
      return [{ ast, number: outputNumber(ast, width), ...rest }]
    })
}

/** NULLs come last unless the text says otherwise, in falling orders, too. */
export function directionOf(order: Ast): { descending: boolean; nullsFirst: boolean } {
  return { descending: order.type === 'DESCENDING', nullsFirst: textOf(order.null_order).replace('_', ' ') === 'NULLS FIRST' }
}

export function distinctTargets(node: Ast, width: number): readonly Term[] {
  return items(node.modifiers)
    .flatMap(onTargets)
    .map((ast) => ({ ast, number: outputNumber(ast, width), descending: false, nullsFirst: false }))
}

function onTargets(modifier: Ast): readonly Ast[] {
  return items(modifier.distinct_on_targets)
}

/** `ORDER BY 2`: counted from 0 here. */
export function outputNumber(ast: Ast, width: number): number | undefined {
  const number = integer(ast)
  if (number === undefined) return undefined
  if (number < 1 || number > width) throw new Unbound(`the output number ${number}`)
  return number - 1
}

/** DISTINCT, DISTINCT ON and LIMIT over a query's rows, whose columns hold the terms' values, too. */
export function bindModifiers(binder: Binder, bound: Bound, node: Ast, orders: readonly ChosenTerm[], on: readonly Col[]): Bound {
  let { op } = bound
  const order = firstTerms(orders)
  for (const modifier of items(node.modifiers)) {
    if (modifier.type === 'ORDER_MODIFIER') continue
    if (modifier.type === 'DISTINCT_MODIFIER') op = on.length > 0 ? firstOfEach(binder, op, on, order) : distinct(op, bound.columns, order)
    else if (modifier.type === 'LIMIT_MODIFIER') op = limit(op, modifier, order)
    else throw new Unbound(textOf(modifier.type) === 'LIMIT_PERCENT_MODIFIER' ? 'LIMIT in percent' : 'an unknown clause after the SELECT')
  }
  return { op, columns: bound.columns }
}

/** What has been ordered by already decides nothing more. */
function firstTerms(orders: readonly ChosenTerm[]): readonly ChosenTerm[] {
  return orders.filter((term, at) => orders.findIndex((other) => other.col.id === term.col.id) === at)
}

function distinct(op: Op, columns: readonly Named[], orders: readonly ChosenTerm[]): Op {
  const ids = [...new Set(columns.map(({ col }) => col.id))]
  if (orders.some((term) => !ids.includes(term.col.id))) throw new Unbound('SELECT DISTINCT in the order of something else')
  const input = only(op, ids)
  return { kind: 'distinct', input, columns: input.columns }
}

/** DISTINCT ON: the first row of each, by the order that breaks all ties. */
function firstOfEach(binder: Binder, op: Op, on: readonly Col[], orders: readonly ChosenTerm[]): Op {
  if (orders.length === 0) throw new Unbound('DISTINCT ON without ORDER BY')
  const number = binder.fresh('BIGINT', false)
  const window: Ast = {
    class: 'WINDOW',
    type: 'WINDOW_ROW_NUMBER',
    function_name: 'row_number',
    partitions: on.map((col) => columnRef(col.id)),
    orders: orders.map((term) => ({
      type: term.descending ? 'DESCENDING' : 'ASCENDING',
      null_order: term.nullsFirst ? 'NULLS_FIRST' : 'NULLS_LAST',
      expression: columnRef(term.col.id),
    })),
    start: 'UNBOUNDED_PRECEDING',
    end: 'CURRENT_ROW_RANGE',
  }
  const numbered: Op = {
    kind: 'window',
    input: op,
    partition: [...new Set(on.map((col) => col.id))].map((id) => expr(columnRef(id))),
    windows: [{ col: number, expr: expr(window) }],
    columns: [...op.columns, number],
  }
  const isFirst: Ast = { class: 'COMPARISON', type: 'COMPARE_EQUAL', left: columnRef(number.id), right: constant('INTEGER', 1) }
  return filter(numbered, [expr(isFirst)], (_: Expr) => true)
}

function limit(op: Op, modifier: Ast, orders: readonly ChosenTerm[]): Op {
  const order = orders.map(({ col, descending, nullsFirst }) => ({ expr: passing(col).expr, descending, nullsFirst }))
  const offset = count(modifier.offset) ?? 0
  return { kind: 'limit', input: op, order, limit: count(modifier.limit), offset, columns: op.columns }
}

function count(value: Ast[string]): number | undefined {
  if (!isAst(value) || (isAst(value.value) && value.value.is_null === true)) return undefined
  const number = integer(value)
  if (number === undefined || number < 0) throw new Unbound('LIMIT by an expression')
  return number
}
