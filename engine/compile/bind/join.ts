import type { Col, Expr, Op } from '../algebra/op.ts'
import { type Ast, textOf } from '../ast.ts'
import { asofUsing, bindAsof } from './asof.ts'
import { type Binder, Unbound } from './binder.ts'
import { inner } from './build.ts'
import { conditions } from './conditions.ts'
import { learnConstants } from './constants.ts'
import { conjuncts, covers, expr, isSubquery, isTrue } from './expr.ts'
import { bindExpression } from './expression.ts'
import { freeColumns } from './facts.ts'
import { filter } from './filter.ts'
import { type Around, bindFrom, type From, scopeOf } from './from.ts'
import { liftConditions } from './lift.ts'
import { hasOwn } from './own.ts'
import { raises } from './raises.ts'
import { type Merged, ownName, type Source, same } from './scope.ts'
import type { Place } from './subquery.ts'

/** A JOIN, or a comma of FROM. The right side may use the names of the left one (LATERAL). */
export async function bindJoin(binder: Binder, item: Ast, { ctes, parent }: Around): Promise<From> {
  const kind = textOf(item.ref_type)
  if (kind === 'POSITIONAL') throw new Unbound(`${kind} JOIN`)
  const type = textOf(item.join_type)
  const left = await bindFrom(binder, item.left as Ast, { ctes, parent })
  const right = await bindFrom(binder, item.right as Ast, { ctes, parent, left })
  const names = {
    scope: scopeOf({ ...right, sources: [...left.sources, ...right.sources], merged: [...left.merged, ...right.merged] }, parent),
    functions: binder.analyzer.functions,
  }
  const shared = sharedNames(item, left, right)
  const pairs = shared.map((name) => merge(name, left, right, type))
  const written = conjuncts(item.condition)
    .map((one) => bindExpression(one, names))
    .flatMap(conditions)
  await learnConstants(binder, written)
  const on = [...pairs.map((pair) => pair.equal), ...written.filter((one) => !hasOwn(one, isSubquery))].map(expr)
  const sources = type === 'SEMI' || type === 'ANTI' ? left.sources : names.scope.sources
  const kept = names.scope.merged.filter((column) => !shared.some((name) => same(name, column.name)))
  const merged = type === 'SEMI' || type === 'ANTI' ? left.merged : [...kept, ...pairs.map((pair) => pair.merged)]
  const place = (op: Op): Place => ({ op, scope: names.scope, ctes, outer: (ast) => ast })
  const asking = written.filter((one) => hasOwn(one, isSubquery))
  if (kind === 'ASOF') {
    const all = [...asofUsing(pairs.map((pair) => pair.equal)), ...written]
    return { op: await bindAsof(binder, type, left.op, right, all), sources, merged }
  }
  if (asking.length === 0 || type === 'INNER') {
    const rows = await joined(binder, type, left, right, on)
    return { op: await liftConditions(binder, asking, place(rows)), sources, merged }
  }
  // Of an outer join, the side that may lack a partner is only filtered: a subquery must be about that side alone.
  const [partners, others] = type === 'RIGHT' ? [left, right] : [right, left]
  const op = await liftConditions(binder, asking, place(partners.op))
  const isOfBoth = [...freeColumns(op)].some((id) => others.op.columns.some((column) => column.id === id))
  if (type === 'FULL' || right.holdsLeft || isOfBoth) throw new Unbound(`a subquery in the ON of a ${type} JOIN`)
  const [one, other] = type === 'RIGHT' ? [{ ...left, op }, right] : [left, { ...right, op }]
  return { op: await joined(binder, type, one, other, on), sources, merged }
}

async function joined(binder: Binder, type: string, left: From, right: From, on: readonly Expr[]): Promise<Op> {
  const mayRaise = (one: Expr) => raises(one.ast, binder)
  if (type === 'INNER') return filter(right.holdsLeft ? right.op : inner([left.op, right.op]), on, mayRaise)
  if (right.holdsLeft === 'each' && type === 'LEFT' && on.every((one) => isTrue(one.ast))) return right.op
  if (right.leftJoin && type === 'LEFT') return right.leftJoin(on)
  if (right.holdsLeft) throw new Unbound(`a lateral ${type} JOIN`)
  if (type === 'FULL')
    return {
      kind: 'outer',
      type: 'full',
      left: left.op,
      right: right.op,
      on,
      columns: [...left.op.columns, ...right.op.columns].map(nullable),
    }
  if (type === 'RIGHT') return outer(right.op, left.op, 'left')
  if (type === 'LEFT') return outer(left.op, right.op, 'left')
  if (type === 'SEMI' || type === 'ANTI') return outer(left.op, right.op, type === 'SEMI' ? 'semi' : 'anti')
  throw new Unbound(`a ${type} JOIN`)

  /** What concerns only the side without NULLs to be filled in decides which of its rows are partners at all. */
  function outer(one: Op, other: Op, kind: 'left' | 'semi' | 'anti'): Op {
    const below = on.filter((part) => part.uses.size > 0 && covers(other, part.uses) && !mayRaise(part))
    const partners = filter(other, below, mayRaise)
    const columns = kind === 'left' ? [...one.columns, ...partners.columns.map(nullable)] : one.columns
    return { kind: 'outer', type: kind, left: one, right: partners, on: on.filter((part) => !below.includes(part)), columns }
  }
}

function nullable(column: Col): Col {
  return { ...column, nullable: true }
}

/** Names of USING; for NATURAL those that both sides have. */
function sharedNames(item: Ast, left: From, right: From): readonly string[] {
  if (item.ref_type !== 'NATURAL') return (item.using_columns ?? []) as readonly string[]
  const of = ({ sources }: From) =>
    new Map(
      sources.flatMap((one) =>
        one.columns.map(({ name }) => {
          if (name === undefined) throw new Unbound('NATURAL JOIN with a column without name')
          return [name.toLowerCase(), name] as const
        }),
      ),
    )
  const others = of(right)
  return [...of(left)].filter(([key]) => others.has(key)).map(([, name]) => name)
}

/** One column for both sides': the left's, for RIGHT the right's, for FULL whichever is there. */
function merge(name: string, left: From, right: From, type: string): { equal: Ast; merged: Merged } {
  const one = sideOf(name, left)
  const other = sideOf(name, right)
  const both: Ast = { class: 'OPERATOR', type: 'OPERATOR_COALESCE', children: [one.ast, other.ast] }
  return {
    equal: { class: 'COMPARISON', type: 'COMPARE_EQUAL', left: one.ast, right: other.ast },
    merged: {
      name,
      sources: new Set([...one.sources, ...other.sources]),
      ast: type === 'RIGHT' ? other.ast : type === 'FULL' ? both : one.ast,
    },
  }
}

function sideOf(name: string, side: From): { ast: Ast; sources: readonly Source[] } {
  const ast = ownName([name], { ...side, parent: undefined })
  if (!ast) throw new Unbound(`USING (${name})`)
  const before = side.merged.find((column) => same(column.name, name))
  return {
    ast,
    sources: before ? [...before.sources] : side.sources.filter((item) => item.columns.some((column) => same(column.name, name))),
  }
}
