import type { AggregateOutput, Col, Group, Op, OrderTerm } from '../algebra/op.ts'
import { type Ast, columnRef, isAst, items, textOf } from '../ast.ts'
import { type Binder, storedType, Unbound } from './binder.ts'
import { columnOf, expr, plainId, usesOf } from './expr.ts'
import { liftSubqueries } from './lift.ts'
import { directionOf } from './modifiers.ts'
import { isNeverNull } from './never-null.ts'
import { isAggregate, replaceOwn, textKey, visitOwn } from './own.ts'
import type { Place } from './subquery.ts'
import { typed } from './typing.ts'

/** What a grouped SELECT computes of its input: keys, aggregates and grouping() by their texts. */
export interface Calls {
  readonly keys: ReadonlyMap<string, Ast>
  readonly aggregates: ReadonlyMap<string, Ast>
  readonly groupings: ReadonlyMap<string, Ast>
}

/** Finds the aggregates of expressions over the input. Throws `Unbound` at a column that is not grouped. */
export function callsOf(binder: Binder, keys: readonly Ast[], asts: readonly Ast[], place: Place): Calls {
  const known = new Map(keys.map((key) => [textKey(key), key]))
  const aggregates = new Map<string, Ast>()
  const groupings = new Map<string, Ast>()
  const aggregate = isAggregate(binder.analyzer.functions)
  for (const ast of asts)
    visitOwn(ast, (part) => {
      if (part.class === undefined) return true
      if (known.has(textKey(part))) return false
      if (part.type === 'GROUPING_FUNCTION') groupings.set(textKey(part), part)
      else if (aggregate(part)) aggregates.set(textKey(part), { ...part, alias: undefined })
      else if (columnOf(place.op, plainId(part) ?? '')) throw new Unbound('a column that is neither grouped nor aggregated')
      else return true
      return false
    })
  return { keys: known, aggregates, groupings }
}

/** Expressions over the input as expressions over the group: whatever has a column there by its text is that column. */
export function overGroup(columns: ReadonlyMap<string, Ast>, input: Place): (ast: Ast) => Ast {
  return (ast) =>
    replaceOwn(ast, (part) => {
      if (part.class === undefined) return undefined
      const found = columns.get(textKey(part))
      if (!found && columnOf(input.op, plainId(part) ?? '')) throw new Unbound('a column that is neither grouped nor aggregated')
      return found
    })
}

/** One GROUP BY, its columns by the texts of what they hold. */
export async function groupOnce(
  binder: Binder,
  place: Place,
  { keys, aggregates }: Pick<Calls, 'keys' | 'aggregates'>,
): Promise<{ op: Group; columns: ReadonlyMap<string, Col> }> {
  const lifted = await liftSubqueries(binder, [...keys.values(), ...aggregates.values()], place)
  const keyAsts = lifted.asts.slice(0, keys.size)
  const calls = lifted.asts.slice(keys.size)
  const args = calls.flatMap((call) => items(call.children))
  if (calls.some((call) => isOfOuter(usesOf(call.children), lifted.op))) throw new Unbound('an aggregate over columns of the SELECT around')
  const inputs = await typed(binder, [...keyAsts, ...args])
  const results = await typed(binder, calls)
  const keyOutputs = keyAsts.map((ast, at) => {
    const col = binder.fresh(
      storedType(inputs[at]?.type ?? ''),
      !isNeverNull(ast, binder, (id) => columnOf(lifted.op, id)?.nullable !== false),
    )
    return { col, expr: { ...expr(ast), sql: inputs[at]?.sql ?? '' } }
  })
  let next = keyAsts.length
  const made = calls.map((call, at): AggregateOutput => {
    const name = textOf(call.function_name).toLowerCase()
    return {
      col: binder.fresh(results[at]?.type ?? '', name !== 'count' && name !== 'count_star'),
      name,
      args: items(call.children).map((arg) => ({ ...expr(arg), ...(inputs[next++] ?? { sql: '', type: '' }) })),
      ...(isAst(call.filter) ? { filter: expr(call.filter) } : {}),
      distinct: call.distinct === true,
      order: orderOf(call),
      sql: results[at]?.sql ?? '',
    }
  })
  const columns = [...keyOutputs.map((key) => key.col), ...made.map((one) => one.col)]
  const texts = [...keys.keys(), ...aggregates.keys()]
  return {
    op: { kind: 'group', input: lifted.op, keys: keyOutputs, aggregates: made, isGlobal: keys.size === 0, columns },
    columns: new Map(texts.flatMap((text, at) => (columns[at] ? [[text, columns[at]] as const] : []))),
  }
}

/** DuckDB counts such an aggregate to the SELECT around. */
function isOfOuter(uses: ReadonlySet<string>, op: Op): boolean {
  return uses.size > 0 && ![...uses].some((id) => columnOf(op, id))
}

function orderOf(call: Ast): OrderTerm[] {
  return items(isAst(call.order_bys) ? call.order_bys.orders : undefined).map((order) => ({
    expr: expr(order.expression as Ast),
    ...directionOf(order),
  }))
}

export function referTo(columns: ReadonlyMap<string, Col>): Map<string, Ast> {
  return new Map([...columns].map(([text, col]) => [text, columnRef(col.id)]))
}
