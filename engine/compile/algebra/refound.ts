import { textOf, visit } from '../ast.ts'
import { hasPlace } from '../relations.ts'
import type { Op } from './op.ts'

/** An input of a join, and columns by which a row of it is found again: no two of its rows share their values, and none is NULL. */
export interface Reference {
  /** Its place among the join's inputs. */
  readonly input: number
  readonly columns: readonly string[]
}

/**
 * How the rows of a join are found again when only the columns `known` of them were carried along: each input that has more than these
 * must tell its rows apart by them, as events do by their place in the log. Undefined where they do not, or where nothing is to be had.
 */
export function referencesOf(op: Op, known: ReadonlySet<string>): readonly Reference[] | undefined {
  if (op.kind === 'map') return isRowByRow(op) ? referencesOf(op.input, known) : undefined
  if (op.kind !== 'join') return undefined
  const references: Reference[] = []
  for (const [input, own] of op.inputs.entries()) {
    if (own.columns.every((column) => known.has(column.id))) continue
    const columns = placeOf(own)
    if (!columns?.every((id) => known.has(id))) return undefined
    references.push({ input, columns })
  }
  return references.length > 0 ? references : undefined
}

/** Ids of the columns that say where in the log a row's event is: a column that passes a projection keeps its id. */
function placeOf(op: Op): readonly string[] | undefined {
  const shown = (ids: readonly (string | undefined)[]): readonly string[] | undefined => {
    const found = ids.filter((id) => id !== undefined && op.columns.some((column) => column.id === id))
    return found.length === ids.length ? (found as readonly string[]) : undefined
  }
  if (op.kind === 'scan' && hasPlace(op.read.relation))
    return shown(['_partition', '_offset'].map((name) => op.columns[op.names.indexOf(name)]?.id))
  if (op.kind === 'map' && isRowByRow(op)) return shown(placeOf(op.input) ?? [undefined])
  return undefined
}

/** Does it show no more than one row for each of its input's? */
function isRowByRow(op: Op): boolean {
  let isUnnesting = false
  if (op.kind === 'map')
    for (const { expr } of op.outputs) visit(expr.ast, (part) => (isUnnesting ||= /^(unnest|unlist)$/i.test(textOf(part.function_name))))
  return !isUnnesting
}
