import { type Ast, isAst, items, textOf } from '../ast.ts'
import type { Binder } from './binder.ts'
import { plainId } from './expr.ts'

/** Functions over texts that give a value for every text. */
const texts = new Set([
  '~~',
  '!~~',
  '~~*',
  '!~~*',
  'lower',
  'upper',
  'trim',
  'ltrim',
  'rtrim',
  'length',
  'starts_with',
  '^@',
  'prefix',
  'suffix',
  'ends_with',
  'contains',
  'concat',
  'strip_accents',
])
const families: readonly RegExp[] = [
  /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|HUGEINT|FLOAT|DOUBLE)$/,
  /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\((\d|1[0-8]),.*\))$/,
  /^VARCHAR$/,
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
  switch (ast.class) {
    case 'COLUMN_REF':
    case 'CONSTANT':
      return false
    case 'COMPARISON': {
      const both = [ast.left as Ast, ast.right as Ast]
      return !comparable(both, binder) || both.some(inside)
    }
    case 'BETWEEN': {
      const all = [ast.input as Ast, ast.lower as Ast, ast.upper as Ast]
      return !comparable(all, binder) || all.some(inside)
    }
    case 'CONJUNCTION':
      return items(ast.children).some(inside)
    case 'CAST':
      return !isWellFormed(ast)
    case 'OPERATOR': {
      const children = items(ast.children)
      if (['OPERATOR_IS_NULL', 'OPERATOR_IS_NOT_NULL', 'OPERATOR_NOT'].includes(textOf(ast.type))) return children.some(inside)
      if (!['COMPARE_IN', 'COMPARE_NOT_IN', 'OPERATOR_COALESCE'].includes(textOf(ast.type))) return true
      return !comparable(children, binder) || children.some(inside)
    }
    case 'FUNCTION':
      return (
        !texts.has(textOf(ast.function_name)) || items(ast.children).some((child) => typeOf(child, binder) !== 'VARCHAR' || inside(child))
      )
    default:
      return true
  }
}

/** Are all of one family of types, so that bringing them to one type cannot fail? */
function comparable(all: readonly Ast[], binder: Binder): boolean {
  const types = all.map((one) => typeOf(one, binder)).filter((type) => type !== 'NULL')
  return families.some((family) => types.every((type) => type !== undefined && family.test(type)))
}

function typeOf(ast: Ast, binder: Binder): string | undefined {
  const id = plainId(ast)
  if (id !== undefined) return binder.typeOf(id)
  if (ast.class === 'CONSTANT' && isAst(ast.value) && isAst(ast.value.type))
    return constantType(textOf(ast.value.type.id), String(ast.value.value))
  if (ast.class === 'CAST') return isWellFormed(ast) ? castType(ast) : undefined
  if (ast.class !== 'FUNCTION' || !texts.has(textOf(ast.function_name))) return undefined
  const name = textOf(ast.function_name)
  if (name === 'length') return 'BIGINT'
  return ['lower', 'upper', 'trim', 'ltrim', 'rtrim', 'concat', 'strip_accents'].includes(name) ? 'VARCHAR' : 'BOOLEAN'
}

/** A constant's DECIMAL is as wide as its text. */
function constantType(id: string, value: string): string | undefined {
  if (id !== 'DECIMAL') return id
  return value.length < 16 ? 'DECIMAL(15,0)' : undefined
}

function castType(cast: Ast): string {
  const type = cast.cast_type as Ast
  const written = isAst(type.type_info) && isAst(type.type_info.expr) ? textOf(type.type_info.expr.type_name) : textOf(type.id)
  return written.toUpperCase()
}

/** `DATE '2024-02-29'`, `TIMESTAMP '2024-02-29 12:00:00'`, `true`: a constant that is what it says. */
function isWellFormed(cast: Ast): boolean {
  const child = cast.child as Ast
  const value = child.class === 'CONSTANT' && isAst(child.value) ? textOf(child.value.value) : ''
  const type = castType(cast)
  if (type === 'BOOLEAN') return value === 't' || value === 'f'
  if (type === 'DATE') return /^\d{4}-\d\d-\d\d$/.test(value) && isDay(value)
  if (type === 'TIMESTAMP') return /^\d{4}-\d\d-\d\d( ([01]\d|2[0-3]):[0-5]\d:[0-5]\d)?$/.test(value) && isDay(value.slice(0, 10))
  return false
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
