import { list } from '../../../connectors/store/quote.ts'
import type { Op } from '../algebra/op.ts'
import { type Ast, columnRef, items } from '../ast.ts'
import { type Binder, Unbound } from './binder.ts'
import { covers, has, isSubquery, usesOf } from './expr.ts'
import { bindExpression } from './expression.ts'
import { type Around, type From, oneRow } from './from.ts'
import { source } from './scope.ts'
import { ask, standIn } from './typing.ts'

/** `range(…)`, `unnest(…)` in FROM: rows of their own, or rows for each row of what stands before. */
export async function bindTableFunction(binder: Binder, item: Ast, { parent, left }: Around): Promise<From> {
  const scope = { sources: left?.sources ?? [], merged: left?.merged ?? [], parent }
  const names = { scope, functions: binder.analyzer.functions }
  const written = item.function as Ast
  const children = items(written.children).map((child) => ({
    ...bindExpression(child, names),
    ...(child.alias === undefined ? {} : { alias: child.alias }),
  }))
  if (has(children, isSubquery)) throw new Unbound('a subquery as the argument of a table function')
  const text = await printedItem(binder, { ...item, function: { ...written, children } })
  const uses = usesOf(children)
  const described = await ask(binder, `SELECT "item".* ${uses.size > 0 ? `${standIn(binder, uses)}, ` : 'FROM '}${text} AS "item"`)
  const columns = described.map(({ type }) => binder.fresh(type, true))
  const named = source(
    typeof item.alias === 'string' && item.alias !== '' ? item.alias : String(written.function_name),
    columns.map((col, at) => ({ name: described[at]?.name, col })),
    (item.column_name_alias ?? []) as readonly string[],
  )
  const own = { sources: [named], merged: [] }
  if (uses.size === 0) return { ...own, op: { kind: 'constant', sql: `SELECT * FROM ${text}`, columns } }
  const lateral = `${text} AS u(${list(columns.map((column) => column.id))})`
  if (left && covers(left.op, uses)) return { ...own, op: expand(left.op, lateral, uses, columns), holdsLeft: 'some' }
  return { ...own, op: expand(oneRow(binder), lateral, uses, columns) }
}

/** The rows with those of a lateral item; in a join it goes to the input that it is about. */
export function expand(input: Op, item: string, uses: ReadonlySet<string>, columns: Op['columns']): Op {
  if (input.kind === 'join') {
    const at = input.inputs.findIndex((one) => covers(one, uses))
    const target = input.inputs[at]
    if (target) {
      const inputs = input.inputs.with(at, expand(target, item, uses, columns))
      return { ...input, inputs, columns: [...input.columns, ...columns] }
    }
  }
  return { kind: 'expand', input, item, uses, columns: [...input.columns, ...columns] }
}

async function printedItem(binder: Binder, item: Ast): Promise<string> {
  const { alias: _1, column_name_alias: _2, ...bare } = item
  const text = await binder.analyzer.print({
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: [columnRef('x')],
    from_table: bare,
    aggregate_handling: 'STANDARD_HANDLING',
  })
  return text.replace(/^SELECT x FROM /, '')
}
