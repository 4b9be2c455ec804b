import type { Expr, Join, Map as MapOp, Op, Output } from '../algebra/op.ts'
import { covers, has, isPassing, isUnnest, passing } from './expr.ts'
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

/**
 * The rows that fulfil all conditions. Each goes down to the one input that it concerns, so that little of it is kept:
 * never past the side of an outer join that is filled with NULLs, and `raises` keeps what could fail above the joins,
 * which may leave out the very rows that it fails for.
 */
export function filter(op: Op, where: readonly Expr[], raises: (expr: Expr) => boolean): Op {
  if (where.length === 0) return op
  const place = (inputs: readonly Op[], free: readonly Expr[]) => {
    const rest: Expr[] = []
    const down = inputs.map((): Expr[] => [])
    for (const one of free) {
      const at = one.uses.size === 0 || raises(one) ? -1 : inputs.findIndex((input) => covers(input, one.uses))
      if (at >= 0) down[at]?.push(one)
      else rest.push(one)
    }
    return { rest, inputs: inputs.map((input, at) => filter(input, down[at] ?? [], raises)) }
  }
  switch (op.kind) {
    case 'join': {
      const { rest, inputs } = place(op.inputs, where)
      const isShared = (one: Expr) => covers(op, one.uses) && inputs.filter((input) => concerns(input, one)).length > 1
      const join: Join = { ...op, inputs, on: [...op.on, ...rest.filter(isShared)] }
      return above(
        join,
        rest.filter((one) => !isShared(one)),
      )
    }
    case 'outer': {
      if (op.type === 'full') return above(op, where)
      const { rest, inputs } = place([op.left], where)
      return above({ ...op, left: inputs[0] ?? op.left }, rest)
    }
    case 'expand': {
      const { rest, inputs } = place([op.input], where)
      return above({ ...op, input: inputs[0] ?? op.input }, rest)
    }
    case 'map':
      return filterMap(op, where, raises)
    case 'distinct':
      return { ...op, input: filter(op.input, where, raises) }
    default:
      return above(op, where)
  }
}

/** What concerns columns that pass through a map may be asked before the others are computed. */
function filterMap(op: MapOp, where: readonly Expr[], raises: (expr: Expr) => boolean): Op {
  if (op.outputs.every(isPassing) && op.input.kind === 'scan') return above(op, where)
  const passed = new Set(op.outputs.filter(isPassing).map((output) => output.col.id))
  const isEarly = (one: Expr) => one.uses.size > 0 && [...one.uses].every((id) => passed.has(id))
  const early = where.filter(isEarly)
  const safe = op.input.kind === 'scan' ? [] : early.filter((one) => !raises(one))
  const map: MapOp = {
    ...op,
    input: filter(op.input, safe, raises),
    where: [...op.where, ...early.filter((one) => !safe.includes(one))],
  }
  return above(
    map,
    where.filter((one) => !isEarly(one)),
  )
}

function above(op: Op, where: readonly Expr[]): Op {
  return where.length > 0 ? mapOver(op, where, op.columns.map(passing)) : op
}

function concerns(op: Op, one: Expr): boolean {
  return op.columns.some((column) => one.uses.has(column.id))
}
