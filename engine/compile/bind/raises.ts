import { type Ast, isAst, items, textOf } from '../ast.ts'
import type { Binder } from './binder.ts'
import { isMoment } from './constants.ts'
import { plainId } from './expr.ts'
import { textKey } from './own.ts'

/** Functions that give a value for every value of the types named; and the type that they give. */
const total = new Map<string, { readonly takes: RegExp; readonly gives: string }>()
const takes = (names: readonly string[], type: RegExp, gives: string) => {
  for (const name of names) total.set(name, { takes: type, gives })
}
const text = /^VARCHAR$/
takes(['~~', '!~~', '~~*', '!~~*', 'starts_with', '^@', 'prefix', 'suffix', 'ends_with', 'contains'], text, 'BOOLEAN')
takes(['lower', 'upper', 'trim', 'ltrim', 'rtrim', 'concat', '||', 'strip_accents'], text, 'VARCHAR')
takes(['length'], text, 'BIGINT')
takes(['substring', 'substr', 'left', 'right'], /^(VARCHAR|INTEGER)$/, 'VARCHAR')
takes(['year', 'month', 'day', 'hour', 'minute', 'quarter'], /^(DATE|TIMESTAMP)$/, 'BIGINT')

/** Between types of one family, comparing cannot fail. */
const families: readonly RegExp[] = [
  /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|HUGEINT|FLOAT|DOUBLE)$/,
  /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\((\d|1[0-8]),.*\))$/,
  text,
  /^(DATE|TIMESTAMP)$/,
  /^TIMESTAMP WITH TIME ZONE$/,
  /^BOOLEAN$/,
  /^UUID$/,
  /^TIME$/,
]

/**
 * May a condition fail for some row (a cast, an overflow)? Then it stays where the text has it: below a join it would meet
 * rows that the join leaves out. Only what is known to be safe is called so.
 */
export function raises(ast: Ast, binder: Binder): boolean {
  const inside = (part: Ast) => raises(part, binder)
  if (binder.constants.has(textKey(ast))) return false
  switch (ast.class) {
    case 'COLUMN_REF':
    case 'CONSTANT':
      return false
    case 'COMPARISON':
      return comparisonRaises([ast.left as Ast, ast.right as Ast], binder)
    case 'BETWEEN':
      return comparisonRaises([ast.input as Ast, ast.lower as Ast, ast.upper as Ast], binder)
    case 'CONJUNCTION':
      return items(ast.children).some(inside)
    case 'OPERATOR': {
      const children = items(ast.children)
      if (['OPERATOR_IS_NULL', 'OPERATOR_IS_NOT_NULL', 'OPERATOR_NOT'].includes(textOf(ast.type))) return children.some(inside)
      if (!['COMPARE_IN', 'COMPARE_NOT_IN', 'OPERATOR_COALESCE'].includes(textOf(ast.type))) return true
      return comparisonRaises(children, binder)
    }
    case 'FUNCTION':
      return typeOf(ast, binder) === undefined || items(ast.children).some(inside)
    default:
      return true
  }
}

function comparisonRaises(all: readonly Ast[], binder: Binder): boolean {
  const types = all.map((one) => typeOf(one, binder)).filter((type) => type !== 'NULL')
  const day = types.find((type) => type !== undefined && /^(DATE|TIMESTAMP)/.test(type))
  // '2024-02-29' beside a day is one.
  const known = all.map((one) => (day !== undefined && isMoment(one) ? day : typeOf(one, binder))).filter((type) => type !== 'NULL')
  const isFamily = families.some((family) => known.every((type) => type !== undefined && family.test(type)))
  return !isFamily || all.some((one) => raises(one, binder))
}

/** The type, where it is told without asking. */
function typeOf(ast: Ast, binder: Binder): string | undefined {
  const folded = binder.constants.get(textKey(ast))
  if (folded !== undefined) return folded
  const id = plainId(ast)
  if (id !== undefined) return binder.typeOf(id)
  if (ast.class === 'CONSTANT' && isAst(ast.value) && isAst(ast.value.type))
    return constantType(textOf(ast.value.type.id), String(ast.value.value))
  const known = ast.class === 'FUNCTION' ? total.get(textOf(ast.function_name).toLowerCase()) : undefined
  return known && items(ast.children).every((child) => known.takes.test(typeOf(child, binder) ?? '')) ? known.gives : undefined
}

/** A constant's DECIMAL is as wide as its text. */
function constantType(id: string, value: string): string | undefined {
  if (id !== 'DECIMAL') return id
  return value.length < 16 ? 'DECIMAL(15,0)' : undefined
}
