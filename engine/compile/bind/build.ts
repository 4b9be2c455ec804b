import type { Expr, Map as MapOp, Op, Output } from '../algebra/op.ts'
import { has, isPassing, isUnnest, passing } from './expr.ts'
import { isUnit } from './facts.ts'

/** Rows of `input` that fulfil `where`, as `outputs`; over a map that only filters and passes columns it is one with it. */
export function mapOver(input: Op, where: readonly Expr[], outputs: readonly Output[]): MapOp {
  const columns = outputs.map((output) => output.col)
  if (input.kind === 'map' && input.outputs.every(isPassing))
    return { kind: 'map', input: input.input, where: [...input.where, ...where], outputs, columns }
  return { kind: 'map', input, where, outputs, columns }
}

/** Exactly these columns of an operator, in this order. */
export function only(op: Op, ids: readonly string[]): Op {
  if (ids.length === op.columns.length && ids.every((id, at) => op.columns[at]?.id === id)) return op
  const columns = ids.map((id) => {
    const found = op.columns.find((column) => column.id === id)
    if (!found) throw new Error(`No column ${id} in ${op.kind}`)
    return found
  })
  if (op.kind === 'scan') return { ...op, columns, names: columns.map((column) => op.names[op.columns.indexOf(column)] ?? '') }
  if (op.kind === 'join') return { ...op, columns }
  if (op.kind === 'map' && columns.length === op.columns.filter((column) => ids.includes(column.id)).length) {
    const outputs = columns.map((column) => op.outputs[op.columns.indexOf(column)] as Output)
    if (op.outputs.every((output) => outputs.includes(output) || !has(output.expr.ast, isUnnest))) return { ...op, outputs, columns }
  }
  return mapOver(op, [], columns.map(passing))
}

/** All rows of all inputs side by side; a join among the inputs is one with it. */
export function inner(inputs: readonly Op[]): Op {
  const some = inputs.filter((input) => !isUnit(input))
  const flat = (some.length > 0 ? some : inputs.slice(0, 1)).flatMap((input) => (input.kind === 'join' ? input.inputs : [input]))
  const on = inputs.flatMap((input) => (input.kind === 'join' ? input.on : []))
  if (flat.length === 1 && flat[0]) return flat[0]
  return { kind: 'join', inputs: flat, on, columns: flat.flatMap((input) => input.columns) }
}
