import { type Col, inputsOf, type Op } from '../algebra/op.ts'
import { Unbound } from './binder.ts'
import { inner } from './build.ts'
import { released, settled, withDomain } from './domain.ts'
import { expr } from './expr.ts'
import { freeColumns } from './facts.ts'
import { filter } from './filter.ts'
import { raises } from './raises.ts'
import { sameInside } from './same-inside.ts'
import { unnestArms } from './unnest-arms.ts'
import { unnestDistinct, unnestGroup, unnestLimit, unnestWindow } from './unnest-keyed.ts'
import { unnestMap } from './unnest-map.ts'
import { type Around, outside, plain, spreadLate, type Unnested } from './unnested.ts'

/**
 * A correlated query, freed of the columns of the rows around: conditions over both are pulled up through it as far as they
 * go. What is computed for each row around, groups and windows, is computed for each key that these conditions compare.
 */
export async function unnest(around: Around, op: Op): Promise<Unnested> {
  if (freeColumns(op).size === 0) return plain(op)
  switch (op.kind) {
    case 'map':
      return unnestMap(around, op, await unnest(around, op.input))
    case 'join':
      return unnestJoin(around, op)
    case 'outer':
      return unnestOuter(around, op)
    case 'expand':
      return unnestExpand(around, op)
    case 'group':
      return unnestGroup(around, op, await unnest(around, op.input))
    case 'window':
      return unnestWindow(around, op, await unnest(around, op.input))
    case 'limit':
      return unnestLimit(around, op, await unnest(around, op.input))
    case 'distinct':
      return unnestDistinct(around, op, await unnest(around, op.input))
    case 'union':
    case 'setop':
      return unnestArms(around, op, await inTurn(inputsOf(op), (input) => unnest(around, input)))
    default:
      throw new Unbound(`columns of the SELECT around in an ${op.kind}`)
  }
}

async function unnestJoin(around: Around, op: Extract<Op, { kind: 'join' }>): Promise<Unnested> {
  const parts = await inTurn(op.inputs, async (input) => {
    const part = await unnest(around, input)
    return part.having ? settled(around, part) : part
  })
  const late = new Map(parts.flatMap((part) => [...part.late]))
  const rows = inner(parts.map((part) => part.op))
  const on = op.on.map((one) => spreadLate(one.ast, late))
  const own = on.filter((ast) => outside(rows, [ast]).length === 0)
  return {
    op: filter(rows, own.map(expr), (one) => raises(one.ast, around.binder)),
    on: [...parts.flatMap((part) => part.on), ...on.filter((ast) => !own.includes(ast))],
    late,
  }
}

/** Where partners depend on the row around, the left rows are joined with it first. */
async function unnestOuter(around: Around, op: Extract<Op, { kind: 'outer' }>): Promise<Unnested> {
  const left = await unnest(around, op.left).then((one) => (one.having ? settled(around, one) : one))
  const found = await unnest(around, op.right)
  const right = op.type === 'left' || op.type === 'full' || found.having ? await settled(around, found) : found
  const given = [...op.on.map((one) => spreadLate(spreadLate(one.ast, right.late), left.late)), ...right.on]
  const known = sameInside(around, left)
  const on = given.map((ast) => spreadLate(ast, known))
  const both = inner([left.op, right.op])
  const free = outside(both, on)
  if (free.length === 0)
    return { ...left, op: { ...op, left: left.op, right: right.op, on: on.map(expr), columns: columnsOf(op, left.op, right.op) } }
  if (op.type === 'full') throw new Unbound('a FULL JOIN over columns of the SELECT around')
  const { op: rows, keys } = await withDomain(around, left, free)
  const own = [...op.on.map((one) => spreadLate(one.ast, right.late)), ...right.on]
  const joined: Op = { ...op, left: rows, right: right.op, on: own.map(expr), columns: columnsOf(op, rows, right.op) }
  return released(around, { op: joined, keys })
}

function columnsOf(op: Extract<Op, { kind: 'outer' }>, left: Op, right: Op): readonly Col[] {
  if (op.type === 'semi' || op.type === 'anti') return left.columns
  if (op.type === 'mark') return [...left.columns, ...(op.mark ? [op.mark] : [])]
  const nullable = (column: Col) => ({ ...column, nullable: true })
  return [...(op.type === 'full' ? left.columns.map(nullable) : left.columns), ...right.columns.map(nullable)]
}

/** A lateral item is text: what it names must be a column. */
async function unnestExpand(around: Around, op: Extract<Op, { kind: 'expand' }>): Promise<Unnested> {
  const input = await unnest(around, op.input)
  const own = op.columns.slice(op.input.columns.length)
  const missing = [...(op.uses ?? [])].filter((id) => !input.op.columns.some((column) => column.id === id))
  if (missing.length === 0 && !input.having) return { ...input, op: { ...op, input: input.op, columns: [...input.op.columns, ...own] } }
  const { op: rows, keys } = await withDomain(
    around,
    input,
    missing.filter((id) => !input.late.has(id)),
  )
  return released(around, { op: { ...op, input: rows, columns: [...rows.columns, ...own] }, keys })
}

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (const one of all) done.push(await work(one))
  return done
}
