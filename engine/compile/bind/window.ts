import type { Op } from '../algebra/op.ts'
import { type Ast, columnRef, isAst, items, textOf } from '../ast.ts'
import type { Binder } from './binder.ts'
import { expr, isWindow, plainId } from './expr.ts'
import type { Parts } from './front.ts'
import { isNeverNull } from './never-null.ts'
import { replaceOwn, textKey, visitOwn } from './own.ts'
import { typed } from './typing.ts'

const neverNull = new Set(['row_number', 'rank', 'dense_rank', 'rank_dense', 'percent_rank', 'cume_dist', 'count', 'count_star'])

/** Of values that are never NULL, these are not NULL either, while there is one. */
const strict = new Set(['sum', 'min', 'max', 'avg', 'mean'])

function isNeverNullWindow(ast: Ast, binder: Binder, input: Op): boolean {
  const name = textOf(ast.function_name).toLowerCase()
  if (neverNull.has(name)) return true
  const hasOwnRow =
    /^(UNBOUNDED_PRECEDING|CURRENT_ROW)/.test(textOf(ast.start)) &&
    /^(UNBOUNDED_FOLLOWING|CURRENT_ROW)/.test(textOf(ast.end)) &&
    ['', 'NO_OTHER'].includes(textOf(ast.exclude_clause)) &&
    !isAst(ast.filter_expr)
  const isNullable = (id: string) => input.columns.find((column) => column.id === id)?.nullable !== false
  return strict.has(name) && hasOwnRow && items(ast.children).every((argument) => isNeverNull(argument, binder, isNullable))
}

/** One operator for each PARTITION BY, one over the other, and the expressions with a column for each window. */
export async function bindWindows(binder: Binder, input: Op, parts: Parts): Promise<{ op: Op; parts: Parts }> {
  const calls = new Map<string, Ast>()
  for (const ast of Object.values(parts).flat())
    visitOwn(ast, (part) => {
      if (isWindow(part)) calls.set(textKey(part), withoutRepeats({ ...part, alias: undefined }))
    })
  if (calls.size === 0) return { op: input, parts }
  const keys = [...calls.keys()]
  const found = await typed(binder, [...calls.values()])
  const outputs = new Map(
    [...calls].map(([key, ast], at) => {
      const col = binder.fresh(found[at]?.type ?? '', !isNeverNullWindow(ast, binder, input))
      return [key, { col, expr: { ...expr(ast), sql: found[at]?.sql ?? '' } }]
    }),
  )
  let op = input
  const partitionOf = (key: string) => partitionKey(calls.get(key) as Ast)
  for (const same of new Set(keys.map(partitionOf))) {
    const group = keys.filter((key) => partitionOf(key) === same)
    const windows = group.flatMap((key) => outputs.get(key) ?? [])
    const partitions = new Map(items(calls.get(group[0] ?? '')?.partitions).map((ast) => [textKey(ast), ast]))
    op = {
      kind: 'window',
      input: op,
      partition: [...partitions.values()].map(expr),
      windows,
      columns: [...op.columns, ...windows.map((window) => window.col)],
    }
  }
  const placed = (asts: readonly Ast[]) =>
    asts.map((ast) => replaceOwn(ast, (part) => (isWindow(part) ? columnRef(outputs.get(textKey(part))?.col.id ?? '') : undefined)))
  const { shown, having, qualify, orders, on } = parts
  return { op, parts: { shown: placed(shown), having, qualify: placed(qualify), orders: placed(orders), on: placed(on) } }
}

/** Columns that a partition has in common or that stand earlier in the order decide nothing more in it (tie-breakers are of that kind). */
function withoutRepeats(window: Ast): Ast {
  const seen = new Set(items(window.partitions).map(plainId))
  const orders = items(window.orders).filter(({ expression }) => {
    const id = isAst(expression) ? plainId(expression) : undefined
    const isRepeated = id !== undefined && seen.has(id)
    seen.add(id)
    return !isRepeated
  })
  // An order of equals is not the same as none.
  return { ...window, orders: orders.length > 0 ? orders : items(window.orders).slice(0, 1) }
}

function partitionKey(window: Ast): string {
  return [...new Set(items(window.partitions).map(textKey))].sort().join('\n')
}
