import type { Col, Op, Outer } from '../algebra/op.ts'
import { type Ast, columnRef } from '../ast.ts'
import { inner, mapOver } from './build.ts'
import { covers, expr, passing, usesOf } from './expr.ts'
import { and, cases, nothing, truth } from './logic.ts'
import type { Lifted } from './subquery.ts'
import { type Around, spreadLate, type Unnested } from './unnested.ts'

/**
 * The rows around, each exactly once, with a value of an unnested query that has no more than one row for each of them:
 * NULL where it has none.
 */
export function attached({ binder, place }: Around, unnested: Unnested, value: Ast): Lifted {
  const { late, having } = unnested
  const spread = place.outer(spreadLate(value, late))
  if (having) {
    const op = leftJoin(place.op, unnested.op, unnested.on.map(place.outer))
    return { op, ast: having.length === 0 ? spread : cases([[and(having.map(place.outer)), spread]], nothing) }
  }
  const isColumn = covers(unnested.op, usesOf(spread)) && spread.class === 'COLUMN_REF'
  const { op: right, mark } = isColumn ? { op: unnested.op, mark: undefined } : withMark(binder.fresh('BOOLEAN', false), unnested.op)
  const op = leftJoin(place.op, right, unnested.on.map(place.outer))
  return { op, ast: mark ? cases([[mark, spread]], nothing) : spread }
}

/** The rows with a column that is TRUE, and NULL where a join has none of them. */
export function withMark(col: Col, op: Op): { op: Op; mark: Ast } {
  const marked = mapOver(op, [], [...op.columns.map(passing), { col, expr: expr(truth(true)) }])
  return { op: marked, mark: columnRef(col.id) }
}

export function leftJoin(left: Op, right: Op, on: readonly Ast[]): Outer {
  const columns = [...left.columns, ...right.columns.map((column) => ({ ...column, nullable: true }))]
  return { kind: 'outer', type: 'left', left, right, on: on.map(expr), columns }
}

/** The rows around that have a partner, or those that have none. */
export function partnered(type: 'semi' | 'anti', { place }: Around, right: Op, on: readonly Ast[]): Outer {
  const { op: left } = place
  return { kind: 'outer', type, left, right, on: on.map(place.outer).map(expr), columns: left.columns }
}

/** The rows around, and whether they have a partner. */
export function marked({ binder, place }: Around, right: Op, on: readonly Ast[]): Lifted {
  const mark = binder.fresh('BOOLEAN', false)
  const { op: left } = place
  const columns = [...left.columns, mark]
  return {
    op: { kind: 'outer', type: 'mark', left, right, on: on.map(place.outer).map(expr), mark, columns },
    ast: columnRef(mark.id),
  }
}

export function crossed({ place }: Around, one: Op, ast: Ast): Lifted {
  return { op: inner([place.op, one]), ast }
}
