import type { Output } from '../algebra/op.ts'
import type { Ast } from '../ast.ts'
import { mapOver } from './build.ts'
import { withDomain } from './domain.ts'
import { columnOf, covers, expr, has, passing, plainId, usesOf } from './expr.ts'
import { raises } from './raises.ts'
import { typed } from './typing.ts'
import { type Around, type Key, type Keyed, outside, type Unnested } from './unnested.ts'

/**
 * The rows of an unnested query with their keys as columns, for an operator above them that must tell the rows of one row
 * around from those of another, and whose own expressions are `asts`. Where equalities alone say so, their inner sides are the
 * keys; otherwise, or where an expression may fail for a row that belongs to no row around, the rows around are joined in.
 */
export async function keyed(around: Around, unnested: Unnested, asts: readonly Ast[]): Promise<Keyed> {
  const { op, late, having } = unnested
  const free = outside(op, asts).filter((id) => !late.has(id))
  const isSimple = late.size === 0 && !having && free.length === 0 && !asts.some((ast) => raises(ast, around.binder))
  const cheap = isSimple ? await byEqualities(around, unnested) : undefined
  return cheap ?? withDomain(around, unnested, free)
}

async function byEqualities({ binder }: Around, { op, on }: Unnested): Promise<Keyed | undefined> {
  const pairs = on.map((ast) => sidesOf(ast, op))
  const sides = pairs.flatMap((pair) => pair ?? [])
  if (sides.length < pairs.length) return undefined
  const types = await typed(binder, [...sides.map((one) => one.inner), ...sides.map((one) => one.outer)])
  if (!sides.every((_, at) => isSameValue(types[at]?.type ?? '', types[at + sides.length]?.type ?? ''))) return undefined
  const computed: Output[] = []
  const keys = sides.map(({ inner, outer, isNullSafe }, at): Key => {
    const own = columnOf(op, plainId(inner) ?? '')
    const col = own ?? binder.fresh(types[at]?.type ?? '', true)
    if (!own) computed.push({ col, expr: expr(inner) })
    return { id: col.id, outer, nullable: isNullSafe }
  })
  return { op: computed.length > 0 ? mapOver(op, [], [...op.columns.map(passing), ...computed]) : op, keys }
}

interface Sides {
  readonly inner: Ast
  readonly outer: Ast
  readonly isNullSafe: boolean
}

/** Does it compare a value of the query with one of the rows around? */
export function sidesOf(ast: Ast, op: Unnested['op']): Sides | undefined {
  if (ast.type !== 'COMPARE_EQUAL' && ast.type !== 'COMPARE_NOT_DISTINCT_FROM') return undefined
  if (has(ast, (part) => part.class === 'COLLATE')) return undefined
  const isInner = (side: Ast) => usesOf(side).size > 0 && covers(op, usesOf(side))
  const isOuter = (side: Ast) => usesOf(side).size > 0 && outside(op, [side]).length === usesOf(side).size
  const isNullSafe = ast.type === 'COMPARE_NOT_DISTINCT_FROM'
  const [left, right] = [ast.left as Ast, ast.right as Ast]
  if (isInner(left) && isOuter(right)) return { inner: left, outer: right, isNullSafe }
  if (isInner(right) && isOuter(left)) return { inner: right, outer: left, isNullSafe }
  return undefined
}

const integers = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER)$/

/** Are values that are equal to one value also one group? Not where comparing casts two of them to one, and not of months and days. */
function isSameValue(inner: string, outer: string): boolean {
  if (inner === outer) return !inner.includes('INTERVAL')
  return integers.test(inner) && integers.test(outer)
}
