import type { Op, Output, Setop, Union } from '../algebra/op.ts'
import { columnRef } from '../ast.ts'
import { mapOver, only } from './build.ts'
import { withDomain } from './domain.ts'
import { columnOf, expr, passing } from './expr.ts'
import { keyed } from './keyed.ts'
import { textKey } from './own.ts'
import { type Around, conditionsOf, type Key, type Keyed, outsideOf, type Unnested } from './unnested.ts'

/** UNION, INTERSECT, EXCEPT: the keys are further columns of all arms, so all must have the same ones. */
export async function unnestArms(around: Around, op: Union | Setop, arms: readonly Unnested[]): Promise<Unnested> {
  const before = op.kind === 'union' ? op.inputs : [op.left, op.right]
  const { rows, keys } = await alike(around, arms)
  const cols = keys.map((key) => around.binder.fresh(around.binder.typeOf(key.id), true))
  const columns = [...op.columns, ...cols]
  const inputs = rows.map((one, at) => withKeys(around, one, before[at]?.columns.map((column) => column.id) ?? []))
  const on = conditionsOf(keys.map((key, at) => ({ ...key, id: cols[at]?.id ?? '' })))
  if (op.kind === 'union') return { op: { ...op, inputs, columns }, on, late: new Map() }
  const [left = op.left, right = op.right] = inputs
  return { op: { ...op, left, right, columns }, on, late: new Map() }
}

async function alike(around: Around, arms: readonly Unnested[]): Promise<{ rows: readonly Keyed[]; keys: readonly Key[] }> {
  const rows: Keyed[] = []
  for (const arm of arms) rows.push(inOrder(await keyed(around, arm, [])))
  const [first] = rows
  const isAlike = rows.every((one) => wordOf(around, one) === wordOf(around, first as Keyed) && one.keys.length > 0)
  if (first && isAlike) return { rows, keys: first.keys }
  const ids = [...new Set(arms.flatMap(outsideOf))]
  const joined: Keyed[] = []
  for (const arm of arms) joined.push(inOrder(await withDomain(around, arm, ids)))
  return { rows: joined, keys: joined[0]?.keys ?? [] }
}

function inOrder({ op, keys }: Keyed): Keyed {
  return { op, keys: [...keys].sort((one, other) => (textKey(one.outer) < textKey(other.outer) ? -1 : 1)) }
}

function wordOf({ binder }: Around, { keys }: Keyed): string {
  return keys.map(({ id, outer, nullable }) => [binder.typeOf(id), nullable, textKey(outer)].join()).join()
}

/** An arm's own columns and then its keys, each a column of its own. */
function withKeys({ binder }: Around, { op, keys }: Keyed, own: readonly string[]): Op {
  const ids = [...own]
  const copies: Output[] = []
  for (const { id } of keys) {
    const col = columnOf(op, id)
    if (!ids.includes(id) || !col) ids.push(id)
    else {
      const copy = binder.fresh(col.type, col.nullable)
      copies.push({ col: copy, expr: expr(columnRef(id)) })
      ids.push(copy.id)
    }
  }
  return only(copies.length > 0 ? mapOver(op, [], [...op.columns.map(passing), ...copies]) : op, ids)
}
