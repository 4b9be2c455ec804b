import { type Ast, type AstValue, isAst, items, textOf } from '../ast.ts'
import type { Binder } from './binder.ts'
import { isUnnest, plainId } from './expr.ts'

/** Functions whose value is NULL only if an argument is, for all values of the types below. */
const strict = new Set([
  '+',
  '-',
  '*',
  '||',
  'abs',
  'ceil',
  'ceiling',
  'date_trunc',
  'datetrunc',
  'floor',
  'left',
  'length',
  'lcase',
  'lower',
  'replace',
  'right',
  'round',
  'strftime',
  'substring',
  'substr',
  'time_bucket',
  'to_days',
  'to_hours',
  'to_milliseconds',
  'to_minutes',
  'to_months',
  'to_seconds',
  'to_weeks',
  'to_years',
  'trim',
  'ucase',
  'upper',
])
/** By a constant other than zero. */
const division = new Set(['/', '//', '%', 'mod', 'divide'])
/** A cast from JSON may give NULL, so only plain types are looked through. */
const plain = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*\)|FLOAT|DOUBLE|VARCHAR|DATE|TIMESTAMP( WITH TIME ZONE)?|BOOLEAN|INTERVAL)$/

/**
 * Can this expression over columns never be NULL? Keys of which that is known are compared with `=`, by which DuckDB prunes
 * its scans. Rather no than a wrong yes: two rows with NULL as their key would be two groups. `unnests`: how many calls of
 * unnest() its SELECT has. Of several, DuckDB fills the shorter lists up with NULL.
 */
export function isNeverNull(ast: AstValue, binder: Binder, isNullable: (id: string) => boolean, unnests = 0): boolean {
  if (!isAst(ast)) return false
  const isNever = (part: AstValue) => isNeverNull(part, binder, isNullable, unnests)
  const every = (parts: readonly AstValue[]) => parts.length > 0 && parts.every(isNever)
  const id = plainId(ast)
  if (id !== undefined) return !isNullable(id) && plain.test(binder.typeOf(id))
  switch (ast.class) {
    case 'CONSTANT':
      return (ast.value as Ast | undefined)?.is_null === false
    case 'CAST':
      return ast.try_cast !== true && isNever(ast.child)
    case 'COMPARISON':
      return every([ast.left, ast.right]) || /DISTINCT_FROM/.test(textOf(ast.type))
    case 'BETWEEN':
      return every([ast.input, ast.lower, ast.upper])
    case 'CONJUNCTION':
      return every(items(ast.children))
    case 'CASE':
      return every([...items(ast.case_checks).map((check) => check.then_expr), ast.else_expr])
    case 'FUNCTION':
      return unnests === 1 && isUnnest(ast) ? isRange(ast, every) : isStrict(ast) && every(items(ast.children))
    case 'OPERATOR':
      if (ast.type === 'OPERATOR_IS_NULL' || ast.type === 'OPERATOR_IS_NOT_NULL') return true
      if (ast.type === 'OPERATOR_COALESCE') return items(ast.children).some(isNever)
      return ast.type === 'OPERATOR_NOT' && every(items(ast.children))
    default:
      return false
  }
}

/** `unnest(range(…))`: a number or time each, and no row where an argument is NULL. */
function isRange(call: Ast, every: (parts: readonly AstValue[]) => boolean): boolean {
  const [list, ...more] = items(call.children)
  const name = textOf(list?.function_name).toLowerCase()
  return more.length === 0 && list?.class === 'FUNCTION' && (name === 'range' || name === 'generate_series') && every(items(list.children))
}

function isStrict(call: Ast): boolean {
  const name = textOf(call.function_name).toLowerCase()
  if (strict.has(name)) return true
  const by = items(call.children)[1]
  const value = by?.class === 'CONSTANT' ? String((by.value as Ast | undefined)?.value ?? '0') : '0'
  return division.has(name) && Number(value) !== 0 && Number.isFinite(Number(value))
}
