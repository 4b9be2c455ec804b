import { type AggregateOutput, type Expr, inputsOf, type Op } from '../algebra/op.ts'
import { has, isUnnest } from './expr.ts'

/** A text that DuckDB prints for no query of a user. */
export const unitSql = 'VALUES (1)'

/** The one row that stands for a FROM that is not there. Nothing of it is read. */
export function isUnit(op: Op): boolean {
  return op.kind === 'constant' && op.sql === unitSql
}

/** Certainly one row, whatever the relations hold. */
export function isOneRow(op: Op): boolean {
  switch (op.kind) {
    case 'group':
      return op.isGlobal
    case 'map':
      return op.where.length === 0 && !op.outputs.some((output) => has(output.expr.ast, isUnnest)) && isOneRow(op.input)
    case 'window':
    case 'distinct':
      return isOneRow(op.input)
    case 'join':
      return op.on.length === 0 && op.inputs.every(isOneRow)
    default:
      return isUnit(op)
  }
}

/** Certainly no more than one row. */
export function maxOneRow(op: Op): boolean {
  switch (op.kind) {
    case 'limit':
      return (op.limit !== undefined && op.limit <= 1) || maxOneRow(op.input)
    case 'map':
      return !op.outputs.some((output) => has(output.expr.ast, isUnnest)) && maxOneRow(op.input)
    case 'window':
    case 'distinct':
      return maxOneRow(op.input)
    case 'join':
      return op.inputs.every(maxOneRow)
    default:
      return isOneRow(op)
  }
}

/** Columns that operators name and their inputs do not have: those of the SELECTs around a correlated query. */
export function freeColumns(op: Op): ReadonlySet<string> {
  const below = inputsOf(op)
  const own = new Set(below.flatMap((input) => input.columns.map((column) => column.id)))
  return new Set([...namedIn(op).filter((id) => !own.has(id)), ...below.flatMap((input) => [...freeColumns(input)])])
}

export function readsRelations(op: Op): boolean {
  return op.kind === 'scan' || op.kind === 'opaque' || inputsOf(op).some(readsRelations)
}

/** Ids that an operator's own expressions name. */
function namedIn(op: Op): readonly string[] {
  const all = (exprs: readonly Expr[]) => exprs.flatMap((expr) => [...expr.uses])
  const ofAggregate = (one: AggregateOutput) =>
    all([...one.args, ...(one.filter ? [one.filter] : []), ...one.order.map((term) => term.expr)])
  switch (op.kind) {
    case 'map':
      return all([...op.where, ...op.outputs.map((output) => output.expr)])
    case 'expand':
      return [...(op.uses ?? [])]
    case 'join':
    case 'outer':
      return all(op.on)
    case 'asof':
      return all([...op.keys, op.time].flatMap((pair) => [pair.left, pair.right]))
    case 'group':
      return [...all(op.keys.map((key) => key.expr)), ...op.aggregates.flatMap(ofAggregate)]
    case 'window':
      return all([...op.partition, ...op.windows.map((window) => window.expr)])
    case 'limit':
      return all(op.order.map((term) => term.expr))
    default:
      return []
  }
}
