import type { Map as MapOp, Op, Output } from '../algebra/op.ts'
import type { Ast } from '../ast.ts'
import { mapOver } from './build.ts'
import { released, withDomain } from './domain.ts'
import { expr, has, isUnnest, passing } from './expr.ts'
import { raises } from './raises.ts'
import { type Around, outside, spreadLate, type Unnested } from './unnested.ts'

/**
 * Conditions over columns of the rows around are pulled up, and values that are computed of them, or that may fail for a
 * row that belongs to no row around. All columns of the input stay: what was pulled up may name them.
 */
export async function unnestMap(around: Around, op: MapOp, input: Unnested): Promise<Unnested> {
  if (op.outputs.some((output) => has(output.expr.ast, isUnnest))) return unnestMany(around, op, input)
  const values = op.outputs.map(({ col, expr: one }) => ({ col, ast: spreadLate(one.ast, input.late) }))
  const where = op.where.map((one) => spreadLate(one.ast, input.late))
  const lateOf = (some: typeof values) => new Map(some.map(({ col, ast }) => [col.id, ast]))
  if (input.having) return { ...input, late: lateOf(values), having: [...input.having, ...where] }
  const pulled = where.filter((ast) => outside(input.op, [ast]).length > 0)
  const on = [...input.on, ...pulled]
  const isLate = ({ ast }: { ast: Ast }) => outside(input.op, [ast]).length > 0 || (on.length > 0 && raises(ast, around.binder))
  const own = values.filter((value) => !isLate(value)).map(({ col, ast }): Output => ({ col, expr: expr(ast) }))
  const kept = where.filter((ast) => !pulled.includes(ast)).map(expr)
  return { op: mapOver(input.op, kept, withRest(own, input.op)), on, late: lateOf(values.filter(isLate)) }
}

/** unnest() makes rows where it stands: what it is about must be a column of its input. */
async function unnestMany(around: Around, op: MapOp, input: Unnested): Promise<Unnested> {
  const asts = [...op.outputs.map((output) => output.expr.ast), ...op.where.map((one) => one.ast)]
  const free = outside(input.op, asts)
  if (free.length === 0 && !input.having) return { ...input, op: mapOver(input.op, op.where, withRest(op.outputs, input.op)) }
  const { op: rows, keys } = await withDomain(
    around,
    input,
    free.filter((id) => !input.late.has(id)),
  )
  return released(around, { op: mapOver(rows, op.where, withRest(op.outputs, rows)), keys })
}

function withRest(outputs: readonly Output[], input: Op): readonly Output[] {
  return [...outputs, ...input.columns.filter((column) => !outputs.some((output) => output.col.id === column.id)).map(passing)]
}
