import type { Col, Op, Output } from '../algebra/op.ts'
import { columnRef } from '../ast.ts'
import { inner, mapOver } from './build.ts'
import { columnOf, constant, covers, expr, passing, plainId, usesOf } from './expr.ts'
import { isUnit } from './facts.ts'
import { filter } from './filter.ts'
import { raises } from './raises.ts'
import { type Around, conditionsOf, type Key, type Keyed, outsideOf, type Unnested } from './unnested.ts'

/**
 * What the rows around say to a correlated query: each different combination of these columns once. Joined with it, any
 * query is one over columns of its own. ("Unnesting Arbitrary Queries", Neumann and Kemper, 2015.)
 */
function domain({ binder, place }: Around, ids: readonly string[]): Op {
  const asts = ids.map((id) => place.outer(columnRef(id)))
  // Columns of SELECTs further out are taken as they are; there they are unnested in their turn.
  const own = new Set([...usesOf(asts)].filter((id) => columnOf(place.op, id)))
  const from = narrow(place.op, own)
  const outputs = ids.map((id, at): Output => {
    const value = expr(asts[at] ?? columnRef(id))
    const nullable = columnOf(place.op, plainId(value.ast) ?? '')?.nullable ?? true
    return { col: { id, type: binder.typeOf(id), nullable }, expr: value }
  })
  const input = mapOver(from, [], outputs)
  return { kind: 'distinct', input, columns: input.columns }
}

/** The operator further down that has the same values in these columns. */
function narrow(op: Op, ids: ReadonlySet<string>): Op {
  if (op.kind === 'outer' && (op.type === 'left' || op.type === 'mark') && covers(op.left, ids)) return narrow(op.left, ids)
  if (op.kind === 'window' && covers(op.input, ids)) return narrow(op.input, ids)
  return op
}

/** The rows of a query for each combination of what it names of the rows around, and `more`, under the ids that these have there. */
export async function withDomain(around: Around, unnested: Unnested, more: readonly string[]): Promise<Keyed> {
  const ids = [...new Set([...outsideOf(unnested), ...more])]
  const { op, on, late, having } = unnested
  const domains = domain(around, ids)
  const computed = [...late]
    .filter(([id]) => !ids.includes(id))
    .map(([id, ast]): Output => ({ col: { id, type: around.binder.typeOf(id), nullable: true }, expr: expr(ast) }))
  const keys = domains.columns.map((column): Key => ({ id: column.id, outer: columnRef(column.id), nullable: column.nullable }))
  const rows = (): Op => {
    // Nothing of the row that stands for a missing FROM is read, but that it is passed on is written.
    const unit = isUnit(op) ? op.columns.map((col): Output => ({ col, expr: expr(constant('INTEGER', 1)) })) : undefined
    if (unit) return mapOver(domains, on.map(expr), [...domains.columns.map(passing), ...unit])
    if (!having) return filter(inner([domains, op]), on.map(expr), (one) => raises(one.ast, around.binder))
    const columns = [...domains.columns, ...op.columns.map((column) => ({ ...column, nullable: true }))]
    return { kind: 'outer', type: 'left', left: domains, right: op, on: on.map(expr), columns }
  }
  const joined = rows()
  if (computed.length === 0 && !having?.length) return { op: joined, keys }
  return { op: mapOver(joined, (having ?? []).map(expr), [...joined.columns.map(passing), ...computed]), keys }
}

/** The same rows with columns of their own for what they say of the rows around. */
export function released({ binder }: Around, { op, keys }: Keyed): Unnested {
  const own = keys.map((key) => {
    const col = columnOf(op, key.id) as Col
    return { key: plainId(key.outer) === key.id ? { ...key, id: binder.fresh(col.type, col.nullable).id } : key, col }
  })
  const on = conditionsOf(own.map(({ key }) => key))
  const changed = own.filter(({ key, col }) => key.id !== col.id)
  if (changed.length === 0) return { op, on, late: new Map() }
  const rest = op.columns.filter((column) => !changed.some(({ col }) => col.id === column.id))
  const renamed = changed.map(({ key, col }): Output => ({ col: { ...col, id: key.id }, expr: expr(columnRef(col.id)) }))
  return { op: mapOver(op, [], [...rest.map(passing), ...renamed]), on, late: new Map() }
}

/** An unnested query that computes nothing late and shows no row of its own accord. */
export async function settled(around: Around, unnested: Unnested): Promise<Unnested> {
  if (unnested.late.size === 0 && !unnested.having) return unnested
  return released(around, await withDomain(around, unnested, []))
}
