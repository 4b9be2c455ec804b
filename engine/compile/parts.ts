import { ident } from '../../connectors/store/quote.ts'
import type { Column } from '../../connectors/store/store.ts'
import { EvertError } from '../../errors.ts'
import type { Map as MapOp, Op, Opaque } from './algebra/op.ts'
import type { Part } from './algebra/part.ts'
import type { Analyzer } from './analyzer.ts'
import { cut } from './cut.ts'
import { firstLine } from './located.ts'
import { mayRaise } from './may-raise.ts'
import type { Names } from './rules/rule.ts'

export interface Parts {
  readonly root: Part
  /** Below the root, in order of dependence. */
  readonly parts: readonly Part[]
}

/** A view that is to be kept: its algebra, and the SELECT as a whole. */
export interface Bound {
  readonly name: string
  readonly file: string
  readonly columns: readonly Column[]
  readonly op: Op
  readonly whole: Opaque
}

/**
 * The parts that keep a view. Where something on the way cannot be a table's column (a struct without names), the view is
 * kept as a whole. Every part is tried on an empty state: a rule whose rows have other types than its operator is a bug,
 * found here. Throws `sql-invalid` where the view's own columns cannot be stored.
 */
export async function partsOf(analyzer: Analyzer, { name, file, columns, op, whole }: Bound): Promise<Parts> {
  const cutUp = (kept: Op) =>
    cut(
      kept,
      name,
      columns.map((column) => column.name),
      mayRaiseOver,
    )
  const found = cutUp(op)
  const problem = await firstProblem(analyzer, [...found.parts, found.root])
  if (problem === undefined) return found
  const last = cutUp({ ...whole, why: `something on the way to its rows cannot be stored (${problem})` })
  const rest = await firstProblem(analyzer, [last.root])
  if (rest === undefined) return last
  throw new EvertError(
    'sql-invalid',
    `${file}: the view's columns cannot be stored: ${rest}. Their types are ${columns.map((column) => `${column.name} ${column.type}`).join(', ')}; CAST the one that is not a table's type.`,
    { details: { file } },
  )
}

async function firstProblem(analyzer: Analyzer, parts: readonly Part[]): Promise<string | undefined> {
  for (const part of parts) {
    const problem = await tryPart(analyzer, part)
    if (problem !== undefined) return problem
  }
  return undefined
}

async function tryPart(analyzer: Analyzer, { rule, op }: Part): Promise<string | undefined> {
  const names = (table: string): Names => ({ table, side: (side) => `"tried".${ident(`side ${side}`)}` })
  let shown: readonly Column[]
  try {
    shown = await analyzer.tryState(
      (table) => rule.create(names(table)),
      (table) => rule.rows(names(table)),
    )
  } catch (error) {
    return firstLine((error as Error).message)
  }
  const wanted = op.columns.map((column) => column.type)
  const types = op.columns.length > 0 ? shown.map((column) => column.type) : []
  if (types.length === wanted.length && types.every((type, i) => type === wanted[i])) return undefined
  throw new EvertError('internal', `A ${op.kind} shows ${types.join(', ')} instead of ${wanted.join(', ')}. Please report this view.`)
}

/** May a projection over aggregates raise when it is read? */
function mayRaiseOver(map: MapOp): boolean {
  const expressions = [...map.where, ...map.outputs.map((output) => output.expr)].map((expr) => expr.ast)
  const aggregates =
    map.input.kind === 'group' ? map.input.aggregates.map((one) => ({ id: one.col.id, name: one.name, argument: one.args[0]?.type })) : []
  return mayRaise(expressions, aggregates)
}
