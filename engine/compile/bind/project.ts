import type { Col, Op, Output } from '../algebra/op.ts'
import type { Ast } from '../ast.ts'
import { type Binder, storedType } from './binder.ts'
import { mapOver } from './build.ts'
import { columnOf, countOf, expr, isUnnest, passing, plainId } from './expr.ts'
import { isNeverNull } from './never-null.ts'
import { textKey } from './own.ts'
import { typed } from './typing.ts'

/** One column for each expression. What is a column already stays it, and nothing is computed twice. */
export async function project(binder: Binder, op: Op, asts: readonly Ast[]): Promise<{ op: Op; columns: readonly Col[] }> {
  const known = new Map<string, Col>()
  const outputs: Output[] = []
  const computed = new Map<string, Ast>()
  for (const ast of asts) {
    const key = textKey(ast)
    const col = columnOf(op, plainId(ast) ?? '')
    if (known.has(key) || computed.has(key)) continue
    if (col) {
      known.set(key, col)
      outputs.push(passing(col))
    } else computed.set(key, ast)
  }
  if (computed.size > 0) {
    const found = await typed(binder, [...computed.values()])
    const unnests = countOf([...computed.values()], isUnnest)
    for (const [at, [key, ast]] of [...computed].entries()) {
      const { type = '' } = found[at] ?? {}
      const col = binder.fresh(storedType(type), !isNeverNull(ast, binder, (id) => columnOf(op, id)?.nullable !== false, unnests))
      known.set(key, { ...col, type })
      outputs.push({ col, expr: { ...expr(ast), sql: found[at]?.sql ?? '' } })
    }
  }
  const columns = asts.map((ast) => known.get(textKey(ast)) as Col)
  return { op: computed.size > 0 ? mapOver(op, [], outputs) : op, columns }
}
