import type { AggregateOutput, Expr, Op, OrderTerm } from '../algebra/op.ts'
import { only } from './build.ts'
import { has, isPassing, isUnnest } from './expr.ts'

type Ids = ReadonlySet<string>

/**
 * The same rows with the columns that are needed, or a few more; no column that nobody reads is scanned, computed or
 * stored. Unless more columns do no harm, a caller takes them away with `exactly`.
 */
export function prune(op: Op, needed: Ids): Op {
  const keep = <T extends { readonly id: string }>(columns: readonly T[]) => columns.filter((column) => needed.has(column.id))
  switch (op.kind) {
    case 'scan':
      return only(
        op,
        keep(op.columns).map((column) => column.id),
      )
    case 'constant':
    case 'opaque':
      return op
    case 'map': {
      const outputs = op.outputs.filter((output) => needed.has(output.col.id) || has(output.expr.ast, isUnnest))
      const input = prune(op.input, union(usesOfAll(op.where), usesOfAll(outputs.map((output) => output.expr))))
      if (op.where.length === 0 && outputs.every(isPassing)) return input
      return { ...op, input, outputs, columns: outputs.map((output) => output.col) }
    }
    case 'expand': {
      const own = op.columns.slice(op.input.columns.length)
      const input = prune(op.input, union(needed, op.uses ?? idsOf(op.input)))
      return { ...op, input, columns: [...input.columns, ...own] }
    }
    case 'join': {
      const below = union(needed, usesOfAll(op.on))
      return { ...op, inputs: op.inputs.map((input) => exactly(input, below)), columns: keep(op.columns) }
    }
    case 'outer':
      return pruneOuter(op, needed)
    case 'asof': {
      const below = union(needed, usesOfAll([...op.keys, op.time].map((pair) => pair.left)))
      // All columns of the right side decide between rows of one time.
      const right = exactly(op.right, idsOf(op.right))
      return { ...op, left: exactly(op.left, below), right, columns: op.columns.filter((column) => below.has(column.id)) }
    }
    case 'group': {
      const aggregates = op.aggregates.filter((one) => needed.has(one.col.id))
      const used = union(usesOfAll(op.keys.map((key) => key.expr)), ...aggregates.map(usesOfAggregate))
      const columns = [...op.keys.map((key) => key.col), ...aggregates.map((one) => one.col)]
      return { ...op, input: prune(op.input, used), aggregates, columns }
    }
    case 'distinct': {
      const input = exactly(op.input, idsOf(op))
      return { ...op, input, columns: input.columns }
    }
    case 'union':
      return pruneUnion(op, needed)
    case 'setop':
      return { ...op, left: exactly(op.left, idsOf(op.left)), right: exactly(op.right, idsOf(op.right)) }
    case 'window': {
      const windows = op.windows.filter((window) => needed.has(window.col.id))
      if (windows.length === 0) return prune(op.input, needed)
      const used = union(needed, usesOfAll(op.partition), usesOfAll(windows.map((window) => window.expr)))
      const input = prune(op.input, withAny(op.input, used))
      return { ...op, input, windows, columns: [...input.columns, ...windows.map((window) => window.col)] }
    }
    case 'retain': {
      const input = prune(op.input, union(needed, new Set(op.bounds.map((bound) => bound.by.id))))
      return { ...op, input, columns: input.columns }
    }
    case 'limit': {
      const input = prune(op.input, union(needed, usesOfOrder(op.order)))
      return { ...op, input, columns: input.columns }
    }
  }
}

/** Those columns and no others, in the order that the operator has them. */
export function exactly(op: Op, needed: Ids): Op {
  const wanted = op.columns.filter((column) => needed.has(column.id)).map((column) => column.id)
  return only(prune(op, needed), wanted)
}

function pruneOuter(op: Extract<Op, { kind: 'outer' }>, needed: Ids): Op {
  const below = withAny(op.left, union(needed, usesOfAll(op.on)))
  const left = exactly(op.left, below)
  const right = exactly(op.right, below)
  if (op.type === 'mark') return { ...op, left, right, columns: [...left.columns, ...(op.mark ? [op.mark] : [])] }
  // The keys stay: rows are found again by them.
  return { ...op, left, right, columns: op.columns.filter((column) => below.has(column.id)) }
}

/** By position: what is not needed is left out of all inputs, and what is needed stays in place. */
function pruneUnion(op: Extract<Op, { kind: 'union' }>, needed: Ids): Op {
  const places = op.columns.flatMap((column, at) => (needed.has(column.id) ? [at] : []))
  const inputs = op.inputs.map((input) => exactly(input, new Set(places.map((at) => input.columns[at]?.id ?? ''))))
  return { ...op, inputs, columns: places.flatMap((at) => op.columns[at] ?? []) }
}

/** Rows that are kept have at least one column. */
function withAny(op: Op, needed: Ids): Ids {
  const [first] = op.columns
  return !first || op.columns.some((column) => needed.has(column.id)) ? needed : union(needed, new Set([first.id]))
}

function idsOf(op: Op): Ids {
  return new Set(op.columns.map((column) => column.id))
}

function union(...all: readonly Ids[]): Ids {
  return new Set(all.flatMap((ids) => [...ids]))
}

function usesOfAll(exprs: readonly Expr[]): Ids {
  return union(...exprs.map((expr) => expr.uses))
}

function usesOfOrder(order: readonly OrderTerm[]): Ids {
  return usesOfAll(order.map((term) => term.expr))
}

function usesOfAggregate({ args, filter, order }: AggregateOutput): Ids {
  return union(usesOfAll(args), filter?.uses ?? new Set(), usesOfOrder(order))
}
