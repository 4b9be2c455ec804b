import type { AggregateOutput, Expr, Op, OrderTerm, Output } from '../algebra/op.ts'
import type { Analyzer } from '../analyzer.ts'
import { type Ast, freeName, printAst } from '../ast.ts'

/** The texts of expressions, for one question to DuckDB. */
export async function printed(analyzer: Pick<Analyzer, 'print'>, asts: readonly Ast[]): Promise<readonly string[]> {
  if (asts.length === 0) return []
  const marker = freeName({ asts }, '__evert')
  const select_list = asts.map((ast, at) => ({ ...ast, alias: `${marker}${at}_` }))
  const text = await analyzer.print({
    type: 'SELECT_NODE',
    cte_map: {},
    select_list,
    from_table: { type: 'EMPTY' },
    aggregate_handling: 'STANDARD_HANDLING',
  })
  const parts = text.replace(/^SELECT /, '').split(new RegExp(` AS "?${marker}\\d+_"?(?:, |$)`))
  if (parts.length !== asts.length + 1) throw new Error(`DuckDB prints ${text}`)
  return parts.slice(0, -1)
}

/** The same operators with the text of each expression. */
export async function spell(analyzer: Pick<Analyzer, 'print'>, op: Op): Promise<Op> {
  const missing = new Map<string, Expr>()
  const note = (expr: Expr): Expr => {
    if (expr.sql === '') missing.set(printAst(expr.ast), expr)
    return expr
  }
  rebuild(op, note)
  const keys = [...missing.keys()]
  const texts = await printed(
    analyzer,
    [...missing.values()].map((expr) => expr.ast),
  )
  const found = new Map(keys.map((key, at) => [key, texts[at] ?? '']))
  return rebuild(op, (expr) => (expr.sql === '' ? { ...expr, sql: found.get(printAst(expr.ast)) ?? '' } : expr))
}

/** A copy in which every expression was changed. */
function rebuild(op: Op, change: (expr: Expr) => Expr): Op {
  const all = (exprs: readonly Expr[]) => exprs.map(change)
  const outputs = (list: readonly Output[]) => list.map(({ col, expr }) => ({ col, expr: change(expr) }))
  const orders = (list: readonly OrderTerm[]) => list.map((term) => ({ ...term, expr: change(term.expr) }))
  const inside = (input: Op) => rebuild(input, change)
  const aggregate = (one: AggregateOutput): AggregateOutput => ({
    ...one,
    args: one.args.map((arg) => ({ ...change(arg), type: arg.type })),
    ...(one.filter ? { filter: change(one.filter) } : {}),
    order: orders(one.order),
  })
  switch (op.kind) {
    case 'scan':
    case 'constant':
    case 'opaque':
      return op
    case 'map':
      return { ...op, input: inside(op.input), where: all(op.where), outputs: outputs(op.outputs) }
    case 'join':
      return { ...op, inputs: op.inputs.map(inside), on: all(op.on) }
    case 'outer':
      return { ...op, left: inside(op.left), right: inside(op.right), on: all(op.on) }
    case 'asof': {
      const sides = <T extends { readonly left: Expr; readonly right: Expr }>(pair: T): T => ({
        ...pair,
        left: change(pair.left),
        right: change(pair.right),
      })
      return { ...op, left: inside(op.left), right: inside(op.right), keys: op.keys.map(sides), time: sides(op.time) }
    }
    case 'group':
      return { ...op, input: inside(op.input), keys: outputs(op.keys), aggregates: op.aggregates.map(aggregate) }
    case 'window':
      return { ...op, input: inside(op.input), partition: all(op.partition), windows: outputs(op.windows) }
    case 'limit':
      return { ...op, input: inside(op.input), order: orders(op.order) }
    case 'union':
      return { ...op, inputs: op.inputs.map(inside) }
    case 'setop':
      return { ...op, left: inside(op.left), right: inside(op.right) }
    case 'retain':
      return { ...op, input: inside(op.input), times: inside(op.times) }
    case 'expand':
    case 'distinct':
      return { ...op, input: inside(op.input) }
  }
}
