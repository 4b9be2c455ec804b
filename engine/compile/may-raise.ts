import { LosslessNumber } from 'lossless-json'
import { type Ast, type AstValue, isAst, items, textOf } from './ast.ts'
import type { AggregateCall } from './group-ast.ts'

/** Functions that give a value for every value of the types that DuckDB lets them have. */
const safe = new Set([
  '/',
  'round',
  'floor',
  'ceil',
  'ceiling',
  'greatest',
  'least',
  '||',
  'concat',
  'upper',
  'lower',
  'length',
  'trim',
  'nullif',
  'ifnull',
  'isnan',
  'isfinite',
])
const wide = new Set(['count', 'count_star', 'count_if', 'countif', 'sum', 'avg', 'mean'])

/**
 * May reading these expressions over a group's state fail (a cast, an overflow)? Then each batch tries them, so that the
 * view fails at that position. Only what is known to be safe is not tried: trying costs a pass over all groups.
 */
export function mayRaise(expressions: readonly Ast[], calls: readonly AggregateCall[]): boolean {
  const isWide = new Set(calls.filter((call) => wide.has(textOf(call.call.function_name).toLowerCase())).map((call) => call.name))
  return expressions.some((expression) => raises(expression, isWide))
}

function raises(value: AstValue, isWide: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return (value as readonly AstValue[]).some((item) => raises(item, isWide))
  if (!isAst(value)) return false
  switch (value.class) {
    case 'COLUMN_REF':
      return false
    case 'CONSTANT':
      return isText(value) // in a comparison it is cast, and may not fit
    case 'FUNCTION': {
      const name = textOf(value.function_name)
      if (name === '+' || name === '-' || name === '*') return !isSmallArithmetic(value, isWide)
      return (
        !safe.has(name) ||
        items(value.children)
          .filter((child) => !isText(child))
          .some((child) => raises(child, isWide))
      )
    }
    case 'COMPARISON':
    case 'CONJUNCTION':
    case 'CASE':
    case 'BETWEEN':
      return Object.values(value).some((inner) => raises(inner, isWide))
    case 'OPERATOR':
      return (
        !['OPERATOR_IS_NULL', 'OPERATOR_IS_NOT_NULL', 'OPERATOR_NOT', 'OPERATOR_COALESCE', 'COMPARE_IN', 'COMPARE_NOT_IN'].includes(
          textOf(value.type),
        ) || raises(value.children, isWide)
      )
    case undefined:
      return Object.values(value).some((inner) => raises(inner, isWide)) // a CASE's pairs
    default:
      return true
  }
}

/** Sums and counts come from 64-bit states and are 128 bits wide: one operation with a short number or another of them fits. */
function isSmallArithmetic(value: Ast, isWide: ReadonlySet<string>): boolean {
  const children = items(value.children)
  const isLeaf = (child: Ast) =>
    (child.type === 'COLUMN_REF' && isWide.has((child.column_names as readonly string[]).at(-1) ?? '')) || isShortNumber(child)
  if (!children.every(isLeaf)) return false
  return textOf(value.function_name) !== '*' || children.some(isShortNumber)
}

function isShortNumber(value: Ast): boolean {
  if (value.class !== 'CONSTANT') return false
  const inner = (value.value as Ast | undefined)?.value
  return (inner instanceof LosslessNumber || typeof inner === 'number') && String(inner).length <= 9
}

function isText(value: Ast): boolean {
  return value.class === 'CONSTANT' && typeof (value.value as Ast | undefined)?.value === 'string'
}
