import { list } from '../../../connectors/store/quote.ts'
import type { Op } from '../algebra/op.ts'
import { type Ast, type AstValue, columnRef, items, textOf } from '../ast.ts'
import { type Binder, Unbound } from './binder.ts'
import { covers, isSubquery, usesOf } from './expr.ts'
import { bindExpression, type Names } from './expression.ts'
import { type Around, type From, oneRow } from './from.ts'
import { leftJoined } from './lateral.ts'
import { hasOwn } from './own.ts'
import { source } from './scope.ts'
import { ask, standIn } from './typing.ts'

/** `range(…)`, `unnest(…)` in FROM: rows of their own, or rows for each row of what stands before. */
export async function bindTableFunction(binder: Binder, item: Ast, around: Around): Promise<From> {
  const written = item.function as Ast
  const children = items(written.children).map((child) => argument(child, namesOf(binder, around)))
  const alias = textOf(item.alias) || textOf(written.function_name)
  return bindItem(binder, { ...item, alias, function: { ...written, children } }, around)
}

/** VALUES, which in a lateral subquery may name columns. */
export async function bindValues(binder: Binder, item: Ast, around: Around): Promise<From> {
  const values = (item.values as readonly AstValue[]).map((row) => items(row).map((one) => argument(one, namesOf(binder, around))))
  return bindItem(binder, { ...item, values }, around)
}

function namesOf(binder: Binder, { parent, left }: Around): Names {
  return { scope: { sources: left?.sources ?? [], merged: left?.merged ?? [], parent }, functions: binder.analyzer.functions }
}

/** A named argument keeps its name. */
function argument(ast: Ast, names: Names): Ast {
  return { ...bindExpression(ast, names), ...(ast.alias === undefined ? {} : { alias: ast.alias }) }
}

async function bindItem(binder: Binder, item: Ast, { left }: Around): Promise<From> {
  const { alias, column_name_alias: renamed, ...bare } = item
  if (hasOwn([bare.function, bare.values], isSubquery)) throw new Unbound('a subquery as an argument in FROM')
  const text = await printedItem(binder, bare)
  const uses = usesOf([bare])
  const described = await ask(binder, `SELECT "item".* ${uses.size > 0 ? `${standIn(binder, uses)}, ` : 'FROM '}${text} AS "item"`)
  const columns = described.map(({ type }) => binder.fresh(type, true))
  const named = source(
    textOf(alias),
    columns.map((col, at) => ({ name: described[at]?.name, col })),
    (renamed ?? []) as readonly string[],
  )
  const own = { sources: [named], merged: [] }
  if (uses.size === 0) return { ...own, op: { kind: 'constant', sql: `SELECT * FROM ${text}`, columns } }
  const lateral = `${text} AS u(${list(columns.map((column) => column.id))})`
  const alone = expand(oneRow(binder), lateral, uses, columns)
  if (!left?.op.columns.some((column) => uses.has(column.id))) return { ...own, op: alone }
  const shown = columns.map((col) => ({ name: undefined, col }))
  return {
    ...own,
    op: expand(left.op, lateral, uses, columns),
    holdsLeft: 'some',
    leftJoin: (on) => leftJoined(binder, { op: alone, columns: shown }, left.op, on),
  }
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
  const text = await binder.analyzer.print({
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: [columnRef('x')],
    from_table: item,
    aggregate_handling: 'STANDARD_HANDLING',
  })
  return text.replace(/^SELECT x FROM /, '')
}
