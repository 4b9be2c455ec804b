import type { Expr, Map as MapOp, Op } from '../algebra/op.ts'
import { type Ast, columnRef, items } from '../ast.ts'
import { mapOver } from './build.ts'
import { conditions } from './conditions.ts'
import { covers, expr, isPassing, passing, plainId } from './expr.ts'
import { replaceOwn } from './own.ts'

/** May it fail for some row? */
export type Raises = (expr: Expr) => boolean

/**
 * The rows that fulfil all conditions. Each goes down to the one input that it concerns, so that little of it is kept:
 * never past the side of an outer join that is filled with NULLs, and `raises` keeps what could fail above the joins,
 * which may leave out the very rows that it fails for.
 */
export function filter(op: Op, where: readonly Expr[], raises: Raises): Op {
  if (where.length === 0) return op
  switch (op.kind) {
    case 'join':
      return filterJoin(op, where, raises)
    case 'outer': {
      if (op.type === 'full') return above(op, where)
      const { rest, inputs } = handDown([op.left], where, raises)
      return above({ ...op, left: inputs[0] ?? op.left }, rest)
    }
    case 'asof': {
      const { rest, inputs } = handDown([op.left], where, raises)
      return above({ ...op, left: inputs[0] ?? op.left }, rest)
    }
    case 'expand': {
      const { rest, inputs } = handDown([op.input], where, raises)
      return above({ ...op, input: inputs[0] ?? op.input }, rest)
    }
    case 'retain': {
      // The bound follows from `times`, so what is never shown need not be kept.
      const { rest, inputs } = handDown([op.input], where, raises)
      return above({ ...op, input: inputs[0] ?? op.input }, rest)
    }
    case 'map':
      return filterMap(op, where, raises)
    case 'distinct':
      return { ...op, input: filter(op.input, where, raises) }
    case 'union': {
      const arms = op.inputs.map((input) => {
        const own = new Map(op.columns.map((column, at) => [column.id, columnRef(input.columns[at]?.id ?? '')]))
        return filter(input, renamed(where, own), raises)
      })
      return { ...op, inputs: arms }
    }
    case 'group': {
      // Rows of other groups are of no use to those that are kept.
      const keys = new Map(op.keys.map((key) => [key.col.id, key.expr.ast]))
      const down = where.filter((one) => one.uses.size > 0 && [...one.uses].every((id) => plainId(keys.get(id) ?? {}) !== undefined))
      return above(
        { ...op, input: filter(op.input, renamed(down, keys), raises) },
        where.filter((one) => !down.includes(one)),
      )
    }
    case 'window': {
      const keys = new Set(op.partition.map((key) => plainId(key.ast)))
      const down = where.filter((one) => one.uses.size > 0 && [...one.uses].every((id) => keys.has(id)))
      return above(
        { ...op, input: filter(op.input, down, raises) },
        where.filter((one) => !down.includes(one)),
      )
    }
    default:
      return above(op, where)
  }
}

function filterJoin(op: Extract<Op, { kind: 'join' }>, where: readonly Expr[], raises: Raises): Op {
  const implied = where.flatMap((one) => op.inputs.flatMap((input) => impliedFor(input, one, raises)))
  const { rest, inputs } = handDown(op.inputs, [...where, ...implied], raises)
  const isShared = (one: Expr) => covers(op, one.uses) && inputs.filter((input) => concerns(input, one)).length > 1
  return above(
    { ...op, inputs, on: [...op.on, ...rest.filter(isShared)] },
    rest.filter((one) => !isShared(one)),
  )
}

/** `(a = 1 AND x.b = 2) OR (a = 3 AND x.b = 4)` asks of x that b is 2 or 4. */
function impliedFor(input: Op, one: Expr, raises: Raises): readonly Expr[] {
  if (one.ast.type !== 'CONJUNCTION_OR' || covers(input, one.uses)) return []
  const branches = items(one.ast.children).map((branch) =>
    conditions(branch)
      .map(expr)
      .filter((part) => part.uses.size > 0 && covers(input, part.uses) && !raises(part)),
  )
  if (!branches.every((branch) => branch.length > 0)) return []
  const all = (parts: readonly Expr[]): Ast => ({ class: 'CONJUNCTION', type: 'CONJUNCTION_AND', children: parts.map((part) => part.ast) })
  const children = branches.map((branch) => (branch.length === 1 && branch[0] ? branch[0].ast : all(branch)))
  return [expr({ class: 'CONJUNCTION', type: 'CONJUNCTION_OR', children })]
}

function handDown(inputs: readonly Op[], where: readonly Expr[], raises: Raises): { rest: Expr[]; inputs: Op[] } {
  const rest: Expr[] = []
  const down = inputs.map((): Expr[] => [])
  for (const one of where) {
    const at = one.uses.size === 0 || raises(one) ? -1 : inputs.findIndex((input) => covers(input, one.uses))
    if (at >= 0) down[at]?.push(one)
    else rest.push(one)
  }
  return { rest, inputs: inputs.map((input, at) => filter(input, down[at] ?? [], raises)) }
}

/** What concerns columns that pass through a map may be asked before the others are computed. */
function filterMap(op: MapOp, where: readonly Expr[], raises: Raises): Op {
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

/** Conditions over other columns: those of an input in the place of the operator's own. */
function renamed(where: readonly Expr[], columns: ReadonlyMap<string, Ast>): readonly Expr[] {
  return where.map((one) => expr(replaceOwn(one.ast, (part) => columns.get(plainId(part) ?? ''))))
}

function above(op: Op, where: readonly Expr[]): Op {
  return where.length > 0 ? mapOver(op, where, op.columns.map(passing)) : op
}

function concerns(op: Op, one: Expr): boolean {
  return op.columns.some((column) => one.uses.has(column.id))
}
