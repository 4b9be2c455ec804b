import { LosslessNumber } from 'lossless-json'
import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Expr, Op, Output } from '../algebra/op.ts'
import { type Ast, type AstValue, columnRef, isAst, items, textOf, visit } from '../ast.ts'

/** An expression over ids; its text comes at the end, for all of the view at once (`spell.ts`). */
export function expr(ast: Ast): Expr {
  const id = plainId(ast)
  return { ast, sql: id === undefined ? '' : ident(id), uses: usesOf(ast) }
}

/** The column as it is. */
export function passing(col: Col): Output {
  return { col, expr: expr(columnRef(col.id)) }
}

export function isPassing({ col, expr }: Output): boolean {
  return plainId(expr.ast) === col.id
}

/** Ids that a bound expression names; parameters of lambdas have none. */
export function usesOf(value: AstValue): Set<string> {
  const uses = new Set<string>()
  visit(value, (part) => {
    const id = part.class === 'COLUMN_REF' ? (part.column_names as readonly string[])[0] : undefined
    if (id?.startsWith('#')) uses.add(id)
  })
  return uses
}

/** The id, where an expression is nothing but a column. */
export function plainId(ast: Ast): string | undefined {
  const [id] = ast.class === 'COLUMN_REF' ? (ast.column_names as readonly string[]) : []
  return id?.startsWith('#') ? id : undefined
}

/** `a AND (b AND c)` → a, b, c. */
export function conjuncts(value: AstValue): Ast[] {
  if (!isAst(value)) return []
  return value.type === 'CONJUNCTION_AND' ? items(value.children).flatMap(conjuncts) : [value]
}

export function has(value: AstValue, test: (part: Ast) => boolean): boolean {
  let found = false
  visit(value, (part) => {
    found ||= test(part)
    return !found
  })
  return found
}

/** How many parts of these trees pass the test. */
export function countOf(value: AstValue, test: (part: Ast) => boolean): number {
  let count = 0
  visit(value, (part) => {
    if (test(part)) count++
  })
  return count
}

export const isSubquery = (part: Ast): boolean => part.class === 'SUBQUERY'
export const isWindow = (part: Ast): boolean => part.class === 'WINDOW'
export const isUnnest = (part: Ast): boolean =>
  part.class === 'FUNCTION' && ['unnest', 'unlist'].includes(textOf(part.function_name).toLowerCase())

export function call(name: string, children: readonly Ast[]): Ast {
  return { class: 'FUNCTION', type: 'FUNCTION', function_name: name, children, order_bys: { type: 'ORDER_MODIFIER' } }
}

export function constant(id: string, value: AstValue): Ast {
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    value: value === null ? { type: { id }, is_null: true } : { type: { id }, is_null: false, value },
  }
}

export function isNull(ast: Ast): boolean {
  return ast.class === 'CONSTANT' && isAst(ast.value) && ast.value.is_null === true && isAst(ast.value.type) && ast.value.type.id === 'NULL'
}

/** `true`, which DuckDB's parser writes as a cast of 't'. */
export function isTrue(ast: Ast): boolean {
  const value = isAst(ast.child) && isAst(ast.child.value) ? ast.child.value.value : undefined
  return ast.class === 'CAST' && value === 't' && JSON.stringify(ast.cast_type).includes('"BOOLEAN"')
}

/** A whole number that stands in the text. */
export function integer(ast: Ast): number | undefined {
  const value = ast.class === 'CONSTANT' && isAst(ast.value) ? ast.value.value : undefined
  if (!(value instanceof LosslessNumber) && typeof value !== 'number') return undefined
  const number = Number(String(value))
  return Number.isSafeInteger(number) ? number : undefined
}

export function columnOf(op: Op, id: string): Col | undefined {
  return op.columns.find((column) => column.id === id)
}

/** Does one operator give all these columns? */
export function covers(op: Op, ids: ReadonlySet<string>): boolean {
  const own = new Set(op.columns.map((column) => column.id))
  return [...ids].every((id) => own.has(id))
}
