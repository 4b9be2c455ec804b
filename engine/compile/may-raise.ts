import { LosslessNumber } from 'lossless-json'
import { type Ast, type AstValue, isAst, items, textOf } from './ast.ts'

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
const counts = new Set(['count', 'count_star', 'count_if', 'countif'])
const wide = new Set([...counts, 'sum', 'avg', 'mean'])
const integer = /^U?(TINY|SMALL)INT$|^U?INTEGER$|^BIGINT$|^BOOLEAN$/

/** An aggregate that the expressions name by `id`. */
export interface ReadAggregate {
  readonly id: string
  /** Lower case. */
  readonly name: string
  /** Type of its argument; none for count(*). */
  readonly argument: string | undefined
}

/** What is known of the aggregates, by their ids. */
interface Known {
  /** 128 bits wide, from 64-bit states. */
  readonly wide: ReadonlySet<string>
  /** Of a type that BIGINT holds whatever the rows are: what would not fit fails its batch. */
  readonly fitting: ReadonlySet<string>
  readonly counts: ReadonlySet<string>
}

/**
 * May reading these expressions over a group's state fail (a cast, an overflow)? Then each batch tries them, so that the
 * view fails at that position. Only what is known to be safe is not tried: trying costs a pass over all groups.
 */
export function mayRaise(expressions: readonly Ast[], aggregates: readonly ReadAggregate[]): boolean {
  const idsOf = (is: (one: ReadAggregate) => boolean) => new Set(aggregates.filter(is).map((one) => one.id))
  const known: Known = {
    wide: idsOf((one) => wide.has(one.name)),
    fitting: idsOf((one) => counts.has(one.name) || (one.name === 'sum' && integer.test(one.argument ?? ''))),
    counts: idsOf((one) => counts.has(one.name)),
  }
  return expressions.some((expression) => raises(expression, known))
}

function raises(value: AstValue, known: Known): boolean {
  if (Array.isArray(value)) return (value as readonly AstValue[]).some((item) => raises(item, known))
  if (!isAst(value)) return false
  switch (value.class) {
    case 'COLUMN_REF':
      return false
    case 'CONSTANT':
      return isText(value) // in a comparison it is cast, and may not fit
    case 'CAST':
      return !isBigint(value.cast_type) || !fits(value.child, known)
    case 'FUNCTION': {
      if (fits(value, known)) return false
      const name = textOf(value.function_name)
      if (name === '+' || name === '-' || name === '*') return !isSmallArithmetic(value, known.wide)
      return (
        !safe.has(name) ||
        items(value.children)
          .filter((child) => !isText(child))
          .some((child) => raises(child, known))
      )
    }
    case 'COMPARISON':
    case 'CONJUNCTION':
    case 'CASE':
    case 'BETWEEN':
      return Object.values(value).some((inner) => raises(inner, known))
    case 'OPERATOR':
      return (
        !['OPERATOR_IS_NULL', 'OPERATOR_IS_NOT_NULL', 'OPERATOR_NOT', 'OPERATOR_COALESCE', 'COMPARE_IN', 'COMPARE_NOT_IN'].includes(
          textOf(value.type),
        ) || raises(value.children, known)
      )
    case undefined:
      return Object.values(value).some((inner) => raises(inner, known)) // a CASE's pairs
    default:
      return true
  }
}

/** A whole number of 64 bits: such a sum or count, or a quotient of one by a count, which is no greater (and NULL by zero). */
function fits(value: AstValue, known: Known): boolean {
  if (!isAst(value)) return false
  if (value.class === 'COLUMN_REF') return known.fitting.has(nameOf(value))
  if (value.class !== 'FUNCTION' || value.function_name !== '//') return false
  const [number, by] = items(value.children)
  return number !== undefined && fits(number, known) && by?.class === 'COLUMN_REF' && known.counts.has(nameOf(by))
}

/** As it was written, or as DuckDB resolved it. */
function isBigint(type: AstValue): boolean {
  if (!isAst(type)) return false
  const written = ((type.type_info as Ast | undefined)?.expr as Ast | undefined)?.type_name
  return type.id === 'BIGINT' || (type.id === 'UNBOUND' && textOf(written).toUpperCase() === 'BIGINT')
}

function nameOf(column: Ast): string {
  return (column.column_names as readonly string[]).at(-1) ?? ''
}

/** Sums and counts come from 64-bit states and are 128 bits wide: one operation with a short number or another of them fits. */
function isSmallArithmetic(value: Ast, isWide: ReadonlySet<string>): boolean {
  const children = items(value.children)
  const isLeaf = (child: Ast) => (child.type === 'COLUMN_REF' && isWide.has(nameOf(child))) || isShortNumber(child)
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
