import type { Op } from '../algebra/op.ts'
import { type Ast, columnRef, items, textOf } from '../ast.ts'
import { attached, crossed, marked, partnered } from './attach.ts'
import { type Binder, type Bound, Unbound } from './binder.ts'
import { columnOf, constant, expr, isSubquery, plainId } from './expr.ts'
import { freeColumns, readsRelations } from './facts.ts'
import { filter } from './filter.ts'
import { liftSubqueries } from './lift.ts'
import { and, cases, compared, isNullAst, not, nothing, or, truth } from './logic.ts'
import { aggregated, besideRow, columnAt, countStar, shown } from './one-row.ts'
import { hasOwn } from './own.ts'
import { bindQuery } from './query.ts'
import { raises } from './raises.ts'
import type { Lifted, Place } from './subquery.ts'
import { unnest } from './unnest.ts'
import { spreadLate } from './unnested.ts'

/** `x IN (SELECT y …)`, `x > ANY (SELECT …)`; ALL is the NOT of an ANY. Of rows, all fields are compared. */
interface Asked {
  readonly place: Place
  readonly bound: Bound
  /** Is a row's value what is looked for? */
  readonly same: Ast
  /** May the value that is looked for be NULL, and those that it is looked for among? */
  readonly isNull: Ast | undefined
  readonly hasNull: Ast | undefined
}

/** The rows for which it is TRUE; for NOT, FALSE. Undefined: it is a value like any other. */
export async function anyCondition(binder: Binder, node: Ast, isNot: boolean, given: Place): Promise<Op | undefined> {
  const asked = await askedOf(binder, node, given)
  const { place, bound, same, isNull, hasNull } = asked
  const around = { binder, place }
  if (!readsRelations(bound.op)) return undefined
  const unnested = await unnest(around, bound.op)
  if (unnested.having) return undefined
  const on = [...unnested.on, spreadLate(same, unnested.late)]
  if (!isNot || (!isNull && !hasNull)) return partnered(isNot ? 'anti' : 'semi', around, unnested.op, on)
  const known = async (op: Op): Promise<Op> => {
    const { op: told, unknown } = await nullsOf(binder, asked, op)
    return filter(told, [expr(not(unknown))], (one) => raises(one.ast, binder))
  }
  // What is told of all rows at once is one more input of a join that may be there already.
  if (freeColumns(bound.op).size > 0) return known(partnered('anti', around, unnested.op, on))
  return partnered('anti', { binder, place: { ...place, op: await known(place.op) } }, unnested.op, on)
}

export async function anyValue(binder: Binder, node: Ast, given: Place): Promise<Lifted> {
  const asked = await askedOf(binder, node, given)
  const { place, bound, same } = asked
  const around = { binder, place }
  if (!readsRelations(bound.op)) return insideRow(binder, asked)
  const unnested = await unnest(around, bound.op)
  if (unnested.having) {
    const ast = spreadLate(same, unnested.late)
    const is = unnested.having.length === 0 ? ast : cases([[and(unnested.having), ast]], truth(false))
    return attached(around, { ...unnested, having: [] }, is)
  }
  const found = marked(around, unnested.op, [...unnested.on, spreadLate(same, unnested.late)])
  if (!asked.isNull && !asked.hasNull) return found
  const { op, unknown } = await nullsOf(binder, asked, found.op)
  return {
    op,
    ast: cases(
      [
        [found.ast, truth(true)],
        [unknown, nothing],
      ],
      truth(false),
    ),
  }
}

async function askedOf(binder: Binder, node: Ast, given: Place): Promise<Asked> {
  const lifted = await liftSubqueries(binder, [node.child as Ast], given)
  const place = { ...given, op: lifted.op }
  const child = lifted.asts[0] as Ast
  const bound = await bindQuery(binder, (node.subquery as Ast).node as Ast, place.ctes, place.scope)
  const isRow = bound.columns.length > 1
  const sought = isRow ? items(textOf(child.function_name).toLowerCase() === 'row' ? child.children : undefined) : [child]
  if (sought.length !== bound.columns.length) throw new Unbound('IN with a row of other columns')
  if (isRow && node.comparison_type !== 'COMPARE_EQUAL') throw new Unbound('a comparison of rows with a subquery')
  if (hasOwn(sought, isSubquery)) throw new Unbound('a subquery in a subquery')
  const among = sought.map((_, at) => columnAt(bound, at))
  const same = and(sought.map((one, at) => compared(textOf(node.comparison_type), one, among[at] as Ast)))
  const isNull = mayBeNull(place.op, sought)
  const hasNull = mayBeNull(bound.op, among)
  return {
    place,
    bound,
    same,
    isNull: isNull.length > 0 ? or(isNull.map(isNullAst)) : undefined,
    hasNull: hasNull.length > 0 ? or(hasNull.map(isNullAst)) : undefined,
  }
}

function mayBeNull(op: Op, asts: readonly Ast[]): readonly Ast[] {
  return asts.filter((ast) => columnOf(op, plainId(ast) ?? '')?.nullable !== false)
}

/** Is it unknown whether a row without a match has one: is there a NULL on either side, and anything to compare with? */
async function nullsOf(binder: Binder, { place, bound, isNull, hasNull }: Asked, op: Op): Promise<{ op: Op; unknown: Ast }> {
  const around = { binder, place: { ...place, op } }
  const calls = [...(isNull ? [countStar] : []), ...(hasNull ? [{ ...countStar, filter: hasNull }] : [])]
  const { op: group, columns } = await aggregated(binder, bound.op, calls)
  const some = columns.map((column) => compared('COMPARE_GREATERTHAN', columnRef(column.id), constant('INTEGER', 0)))
  const flags = shown(
    binder,
    group,
    some.map((ast) => ({ ast, type: 'BOOLEAN', nullable: false })),
  )
  const told = flags.columns.map((column) => columnRef(column.id))
  const any = isNull ? told[0] : undefined
  const anyNull = hasNull ? told.at(-1) : undefined
  const unknown = or([...(isNull && any ? [and([isNull, any])] : []), ...(anyNull ? [anyNull] : [])])
  if (freeColumns(flags).size === 0) {
    // Only what is told of the rows is told on, not each change of their number.
    const lifted = crossed(around, { kind: 'distinct', input: flags, columns: flags.columns }, unknown)
    return { op: lifted.op, unknown: lifted.ast }
  }
  const unnested = await unnest(around, flags)
  const lifted = attached(around, unnested, unknown)
  return { op: lifted.op, unknown: lifted.ast }
}

/** Among rows that follow from the row around alone. */
async function insideRow(binder: Binder, { place, bound, same, isNull, hasNull }: Asked): Promise<Lifted> {
  const calls = [countStar, { ...countStar, filter: same }, { ...countStar, filter: hasNull ?? truth(false) }]
  const { op, columns } = await aggregated(binder, bound.op, calls)
  const [some, match, nulls] = columns.map((column) => compared('COMPARE_GREATERTHAN', columnRef(column.id), constant('INTEGER', 0))) as [
    Ast,
    Ast,
    Ast,
  ]
  const unknown = or([nulls, ...(isNull ? [and([isNull, some])] : [])])
  const ast = cases(
    [
      [match, truth(true)],
      [unknown, nothing],
    ],
    truth(false),
  )
  return freeColumns(op).size === 0 ? crossed({ binder, place }, op, ast) : besideRow({ binder, place }, op, ast)
}
