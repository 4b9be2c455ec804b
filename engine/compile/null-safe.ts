import { type Ast, type AstValue, isAst, items, visit } from './ast.ts'

/**
 * `x IS DISTINCT FROM 1` as `x IS NULL OR x <> 1`, and `x IS NOT DISTINCT FROM 1` likewise. DuckDB 1.5.6 passes over the row groups whose least
 * and greatest value leave `a > 0 OR x IS DISTINCT FROM 1` no row, and forgets those where x is NULL: wrong rows, without a word
 * (`test/oracle/optimizers.test.ts`). With IS NULL in its place it does not. Comparisons of two columns stay: they are no such filters, and keys of joins.
 */
export function nullSafe(comparison: Ast): Ast {
  const isDistinct = comparison.type === 'COMPARE_DISTINCT_FROM'
  if (!isDistinct && comparison.type !== 'COMPARE_NOT_DISTINCT_FROM') return comparison
  const { left, right } = comparison
  if (!isAst(left) || !isAst(right)) return comparison
  const value = isConstant(right) ? left : isConstant(left) ? right : undefined
  if (value === undefined || isConstant(value) || holdsSubquery(value)) return comparison
  const { alias, ...rest } = comparison
  const place = comparison.query_location === undefined ? {} : { query_location: comparison.query_location }
  return {
    class: 'CONJUNCTION',
    type: isDistinct ? 'CONJUNCTION_OR' : 'CONJUNCTION_AND',
    ...(alias === undefined ? {} : { alias }),
    ...place,
    children: [
      { class: 'OPERATOR', type: isDistinct ? 'OPERATOR_IS_NULL' : 'OPERATOR_IS_NOT_NULL', ...place, children: [value] },
      { ...rest, type: isDistinct ? 'COMPARE_NOTEQUAL' : 'COMPARE_EQUAL' },
    ],
  }
}

/** A value that is not NULL, perhaps cast: `1`, `DATE '2024-01-01'`, `-1`. */
function isConstant(value: Ast): boolean {
  if (value.class === 'CAST') return isAst(value.child) && isConstant(value.child)
  if (value.class === 'CONSTANT') return isAst(value.value) && value.value.is_null !== true
  const isSign = value.class === 'FUNCTION' && value.is_operator === true && items(value.children).length === 1
  return isSign && items(value.children).every(isConstant)
}

function holdsSubquery(value: AstValue | undefined): boolean {
  let found = false
  visit(value, (part) => {
    found ||= part.class === 'SUBQUERY'
    return !found
  })
  return found
}
