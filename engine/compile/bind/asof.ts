import type { Asof, Op } from '../algebra/op.ts'
import { type Ast, textOf } from '../ast.ts'
import { type Binder, Unbound } from './binder.ts'
import { only } from './build.ts'
import { covers, expr, isSubquery, plainId, usesOf } from './expr.ts'
import type { From } from './from.ts'
import { hasOwn } from './own.ts'
import { typed } from './typing.ts'

type Sign = Asof['time']['sign']

/** The sign of an inequality, and that of the same one written the other way round. */
const signs = new Map<string, { readonly sign: Sign; readonly turned: Sign }>([
  ['COMPARE_GREATERTHANOREQUALTO', { sign: '>=', turned: '<=' }],
  ['COMPARE_GREATERTHAN', { sign: '>', turned: '<' }],
  ['COMPARE_LESSTHANOREQUALTO', { sign: '<=', turned: '>=' }],
  ['COMPARE_LESSTHAN', { sign: '<', turned: '>' }],
])

/**
 * ASOF JOIN: equalities between the sides and one inequality. The right rows' columns in their order decide between rows of one time,
 * so none of them may be left out. Throws `Unbound` for other conditions.
 */
export async function bindAsof(binder: Binder, type: string, left: Op, right: From, on: readonly Ast[]): Promise<Asof> {
  if (right.holdsLeft) throw new Unbound('a lateral ASOF JOIN')
  if (type !== 'INNER' && type !== 'LEFT') throw new Unbound(`an ASOF ${type} JOIN`)
  const named = right.sources.flatMap((item) => item.columns.flatMap(({ ast }) => plainId(ast) ?? []))
  const rows = only(right.op, [...new Set(named)])
  const compared = on.map((one) => comparison(one, left, rows))
  const types = await typed(
    binder,
    compared.flatMap((one) => [one.left, one.right]),
  )
  if (compared.some((_, at) => !isOneFamily(types[2 * at]?.type ?? '', types[2 * at + 1]?.type ?? '')))
    throw new Unbound('an ASOF JOIN that compares values of different types')
  const sided = compared.map((one) => ({ left: expr(one.left), right: expr(one.right), sign: one.sign }))
  const times = sided.flatMap(({ sign, ...one }) => (sign === undefined ? [] : [{ ...one, sign }]))
  const [time] = times
  if (!time || times.length > 1) throw new Unbound('an ASOF JOIN without its one inequality')
  return {
    kind: 'asof',
    type: type === 'LEFT' ? 'left' : 'inner',
    left,
    right: rows,
    keys: sided.filter((one) => one.sign === undefined).map((one) => ({ left: one.left, right: one.right })),
    time,
    columns: [...left.columns, ...(type === 'LEFT' ? rows.columns.map((column) => ({ ...column, nullable: true })) : rows.columns)],
  }
}

/** One comparison of both sides, the left side's value first; no sign: an equality. */
function comparison(ast: Ast, left: Op, right: Op): { readonly left: Ast; readonly right: Ast; readonly sign: Sign | undefined } {
  const found = signs.get(textOf(ast.type))
  const over = (value: Ast, op: Op) => usesOf(value).size > 0 && covers(op, usesOf(value))
  if (!hasOwn(ast, isSubquery) && ast.class === 'COMPARISON' && (found || ast.type === 'COMPARE_EQUAL')) {
    const [one, other] = [ast.left as Ast, ast.right as Ast]
    if (over(one, left) && over(other, right)) return { left: one, right: other, sign: found?.sign }
    if (over(one, right) && over(other, left)) return { left: other, right: one, sign: found?.turned }
  }
  throw new Unbound('an ASOF JOIN by more than comparisons of its sides')
}

/** `USING (a, b, time)`: equal by all names but the last. */
export function asofUsing(equalities: readonly Ast[]): readonly Ast[] {
  return equalities.map((one, at) => (at < equalities.length - 1 ? one : { ...one, type: 'COMPARE_GREATERTHANOREQUALTO' }))
}

const families = [/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/, /^(DATE|TIMESTAMP)$/]

/** In one column, as both sides stand here, they are compared as in the text. */
function isOneFamily(one: string, other: string): boolean {
  return one === other || families.some((family) => family.test(one) && family.test(other))
}
