import type { Col, Map as MapOp, Op, Output, Window } from '../algebra/op.ts'
import { isAst } from '../ast.ts'
import { has, isUnnest, plainId } from '../bind/expr.ts'

/**
 * Windows over windows: a running sum over what `lag` says of each row is the usual way to number sessions. Where nothing but
 * expressions over single rows stands between them, they can be computed one after the other over the same rows, and one part
 * keeps them all.
 */
export interface Stage {
  readonly op: Window
  /** What each row is given before this window looks at it: the projection between it and the window below. */
  readonly between: readonly Output[]
}

/** The windows from the lowest one up: first all that stand over each other, then without the lowest, and so on to the uppermost alone. */
export function* stacksOf(op: Window): Generator<readonly [Stage, ...Stage[]]> {
  const all = stackOf(op)
  for (let first = 0; first < all.length; first++) {
    const [lowest, ...others] = all.slice(first)
    if (lowest) yield [{ ...lowest, between: [] }, ...others]
  }
}

function stackOf(op: Window): readonly Stage[] {
  const map = op.input
  if (map.kind !== 'map' || map.input.kind !== 'window' || !isRowByRow(map)) return [{ op, between: [] }]
  return [...stackOf(map.input), { op, between: map.outputs }]
}

function isRowByRow({ where, outputs }: MapOp): boolean {
  return where.length === 0 && outputs.every(({ expr }) => !has(expr.ast, isUnnest))
}

/** The column that a stage's column is under another name: of the rows below, of a window, or computed between them. */
export function rootsOf(stages: readonly Stage[]): (column: Col) => Col {
  const columns = new Map(stages.flatMap(({ op }) => [...op.input.columns, ...op.columns]).map((column) => [column.id, column]))
  const below = new Map(
    stages
      .flatMap(({ between }) => between)
      .flatMap(({ col, expr }) => {
        const id = isAst(expr.ast) ? plainId(expr.ast) : undefined
        return id === undefined || id === col.id ? [] : [[col.id, id] as const]
      }),
  )
  return (column) => {
    let found = column
    for (let id = below.get(found.id); id !== undefined; id = below.get(found.id)) found = columns.get(id) ?? found
    return found
  }
}

/** The operators from the uppermost window down, over other rows. */
export function overOther(op: Op, from: Op, other: Op): Op {
  if (op === from) return other
  return op.kind === 'window' || op.kind === 'map' ? { ...op, input: overOther(op.input, from, other) } : op
}
