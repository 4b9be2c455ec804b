import { ident } from '../../../connectors/store/quote.ts'
import type { Col, Expr, Map as MapOp, Output, Window } from '../algebra/op.ts'
import { referencesOf } from '../algebra/refound.ts'
import { conjunction, outputs } from '../algebra/select-of.ts'
import { type Ast, type AstValue, canonical, isAst, items, textOf } from '../ast.ts'
import { mayRaise } from '../may-raise.ts'
import type { Rule, Traits } from './rule.ts'
import { topRows } from './top-rows.ts'
import { keysOf } from './touched.ts'

/** The first rows of each partition: a filter on a window that numbers rows. */
export interface Top {
  readonly window: Window
  /** The window function that numbers. */
  readonly rank: Output
  /** Rows up to this rank pass the filter. */
  readonly first: number
  /** Conditions that the rank alone does not decide. */
  readonly where: readonly Expr[]
}

const numbering = new Set(['row_number', 'rank', 'dense_rank'])

/** Understands `WHERE rn <= k` over `row_number()`, `rank()` or `dense_rank()` (QUALIFY and DISTINCT ON are bound as such). */
export function topOf(map: MapOp): Top | undefined {
  const window = map.input
  if (window.kind !== 'window' || window.windows.length !== 1) return undefined
  const rank = window.windows[0]
  if (!rank || !numbers(rank.expr.ast, window)) return undefined
  const bounds = map.where.map((one) => ({ one, bound: boundOf(one.ast, rank.col.id) }))
  const first = Math.min(...bounds.map(({ bound }) => bound?.first ?? Number.POSITIVE_INFINITY))
  if (!Number.isSafeInteger(first)) return undefined
  // Of what is kept, each row passes a condition that says no more than "up to this rank".
  const where = bounds.filter(({ bound }) => !(bound?.isUpper && bound.first >= first)).map(({ one }) => one)
  return { window, rank, first, where }
}

/** Rule: the first rows of each partition. `inputs` is the window's input, as `run.inputs` is. */
export function planTop(op: MapOp, [input]: readonly Traits[]): Rule | string {
  const top = topOf(op)
  if (!top) return 'it does not keep the first rows of a window'
  const { window, rank, first, where } = top
  const insertOnly = input?.insertOnly === true
  const uses = (id: string, some: readonly Expr[]) => some.some((one) => one.uses.has(id))
  const ordering = [...window.partition, rank.expr]
  const reading = [...op.outputs.map((one) => one.expr), ...where]
  const columns = window.input.columns.filter((column) => uses(column.id, [...ordering, ...reading]))
  if (columns.length === 0) return 'its window looks at no column'
  const narrow = columns.filter((column) => uses(column.id, ordering))
  const references = insertOnly ? referencesOf(window.input, new Set(narrow.map((column) => column.id))) : undefined
  return {
    strategy: insertOnly ? 'linear' : 'affected keys',
    reason: insertOnly
      ? `the first rows of each partition: a row that comes is compared with those that are kept`
      : `the first rows of each partition: a row that comes is compared with those that are kept, and where one of them goes, its partition is read again`,
    state: `of each partition, the rows of rank ${first} and before`,
    insertOnly: false,
    needsRows: [!insertOnly],
    ...topRows(
      {
        columns,
        partition: keysOf(window.partition, window.input.columns),
        narrow,
        ...(first === 1 ? { sortKey: sortKeyOf(rank.expr.ast, window.input.columns) } : {}),
        ...(references ? { references } : {}),
        rank: rank.expr.sql,
        first,
        ...(uses(rank.col.id, reading) ? { rankColumn: rank.col } : {}),
        shown: op.columns,
        show: (from, more = '') => `SELECT ${outputs(op.outputs)}${more} FROM ${from}${conjunction(' WHERE ', where)}`,
        mayRaise: mayRaise(
          reading.map((one) => one.ast),
          [],
        ),
      },
      insertOnly,
    ),
  }
}

/** Is it a numbering in an order, within the window's own partitions? */
function numbers(call: Ast, window: Window): boolean {
  if (call.class !== 'WINDOW' || !numbering.has(textOf(call.function_name).toLowerCase())) return false
  const partitions = new Set(items(call.partitions).map(canonical))
  const isSame = partitions.size === new Set(window.partition.map((one) => canonical(one.ast))).size
  return isSame && items(call.orders).length > 0 && !isAst(call.filter_expr) && call.distinct !== true
}

/**
 * What sorts as the rows of a `row_number()` do, as one value: the least of a partition is its first row. For an order by columns that are
 * compared as they are: text may have a collation.
 */
function sortKeyOf(call: Ast, columns: readonly Col[]): string | undefined {
  if (textOf(call.function_name).toLowerCase() !== 'row_number') return undefined
  const terms = items(call.orders).map(({ type, null_order: nulls, expression }) => {
    const [id] = isAst(expression) && expression.class === 'COLUMN_REF' ? (expression.column_names as readonly string[]) : []
    const column = columns.find((one) => one.id === id)
    if (!column || !/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|FLOAT|DOUBLE|BOOLEAN|DATE|TIME|TIMESTAMP.*)$/.test(column.type))
      return undefined
    return `${ident(column.id)}, '${type === 'DESCENDING' ? 'DESC' : 'ASC'} NULLS ${textOf(nulls).includes('FIRST') ? 'FIRST' : 'LAST'}'`
  })
  return terms.includes(undefined) ? undefined : `create_sort_key(${terms.join(', ')})`
}

interface Bound {
  readonly first: number
  /** It holds for every rank up to the bound. */
  readonly isUpper: boolean
}

function boundOf(ast: Ast, id: string): Bound | undefined {
  const isRank = (value: AstValue) =>
    isAst(value) && value.class === 'COLUMN_REF' && (value.column_names as readonly string[]).at(-1) === id
  const upTo = (value: AstValue, isUpper: boolean, less = 0): Bound | undefined => {
    const number = integerOf(value)
    return number === undefined ? undefined : { first: number - less, isUpper }
  }
  const compared = (type: string, value: AstValue): Bound | undefined => {
    if (type === 'COMPARE_LESSTHANOREQUALTO') return upTo(value, true)
    if (type === 'COMPARE_LESSTHAN') return upTo(value, true, 1)
    if (type === 'COMPARE_EQUAL') return upTo(value, integerOf(value) === 1)
    return undefined
  }
  const type = textOf(ast.type)
  if (ast.class === 'COMPARISON') {
    if (isRank(ast.left)) return compared(type, ast.right)
    if (isRank(ast.right)) return compared(type.replace('GREATER', 'LESS'), type.includes('LESS') ? undefined : ast.left)
  }
  if (type === 'COMPARE_BETWEEN' && isRank(ast.input)) return upTo(ast.upper, false)
  if (type === 'COMPARE_IN') {
    const [one, ...values] = items(ast.children)
    const numbers = values.map(integerOf)
    if (isRank(one) && numbers.every((number) => number !== undefined)) return { first: Math.max(...numbers), isUpper: false }
  }
  return undefined
}

/** An integer constant, also under a cast to another integer type. */
function integerOf(value: AstValue): number | undefined {
  if (!isAst(value)) return undefined
  const isInteger = (type: AstValue) => isAst(type) && /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(textOf(type.id))
  if (value.class === 'CAST') return isInteger(value.cast_type) && value.try_cast !== true ? integerOf(value.child) : undefined
  const constant = value.value
  if (value.class !== 'CONSTANT' || !isAst(constant) || constant.is_null === true || !isInteger(constant.type)) return undefined
  const number = Number(String(constant.value))
  return Number.isSafeInteger(number) ? number : undefined
}
