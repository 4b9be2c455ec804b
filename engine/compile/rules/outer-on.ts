import type { Col, Expr, Outer } from '../algebra/op.ts'
import { conjunction } from '../algebra/select-of.ts'
import { type AstValue, visit } from '../ast.ts'

/** What a join's condition says about its sides. */
export interface Conditions {
  /** Is there an equality between the sides? */
  readonly isKeyed: boolean
  /** Can DuckDB hash all of it in an outer join: is each part an equality or comparison of the sides, or over one side alone? */
  readonly isHashed: boolean
  readonly on: string
  /** What finds at least all partners, and cheaply: the equalities, or everything where there are none. */
  readonly partnerOn: string
  /** Columns of the right side that the condition looks at. */
  readonly used: readonly Col[]
  /** Conditions over the right side alone. */
  readonly rightOnly: readonly Expr[]
}

/** Takes the condition of an outer join apart; pure, by the trees and not the texts. */
export function conditionsOf(op: Outer): Conditions {
  const [left, right] = [op.left.columns, op.right.columns]
  const equalities = op.on.filter(({ ast }) => {
    const isEquality = ast.type === 'COMPARE_EQUAL' || ast.type === 'COMPARE_NOT_DISTINCT_FROM'
    return isEquality && isBetween(ast.left, ast.right, left, right)
  })
  const isOver = (one: Expr, columns: readonly Col[]) => !columns.some((column) => one.uses.has(column.id))
  const isKeyed = equalities.length > 0
  return {
    isKeyed,
    isHashed: op.on.every(
      (one) =>
        isOver(one, left) || isOver(one, right) || (one.ast.class === 'COMPARISON' && isBetween(one.ast.left, one.ast.right, left, right)),
    ),
    on: conjunction('', op.on) || 'TRUE',
    partnerOn: conjunction('', isKeyed ? equalities : op.on) || 'TRUE',
    used: right.filter((column) => op.on.some((one) => one.uses.has(column.id))),
    rightOnly: op.on.filter((one) => isOver(one, left) && !isOver(one, right)),
  }
}

/** Is the one value over one side and the other over the other? */
function isBetween(one: AstValue, other: AstValue, left: readonly Col[], right: readonly Col[]): boolean {
  const over = (value: AstValue, columns: readonly Col[], others: readonly Col[]) => {
    const names = namesIn(value)
    return columns.some((column) => names.has(column.id)) && !others.some((column) => names.has(column.id))
  }
  return (over(one, left, right) && over(other, right, left)) || (over(one, right, left) && over(other, left, right))
}

function namesIn(value: AstValue): ReadonlySet<string> {
  const names = new Set<string>()
  visit(value, (ast) => {
    if (ast.class === 'COLUMN_REF' && Array.isArray(ast.column_names)) names.add(String(ast.column_names[0]))
  })
  return names
}
