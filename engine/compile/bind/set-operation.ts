import { ident } from '../../../connectors/store/quote.ts'
import type { Op, Output } from '../algebra/op.ts'
import { type Ast, columnRef, isAst, items, textOf } from '../ast.ts'
import { type Binder, type Bound, type Ctes, type Named, nullType, Unbound } from './binder.ts'
import { mapOver, only } from './build.ts'
import { castTo } from './cast.ts'
import { constant, expr, passing } from './expr.ts'
import { bindModifiers, type ChosenTerm, distinctTargets, orderTerms, type Term } from './modifiers.ts'
import { bindQuery } from './query.ts'
import { type Scope, same } from './scope.ts'
import { ask } from './typing.ts'

/** UNION, INTERSECT and EXCEPT, with ALL or without, by position or by name. */
export async function bindSetOperation(binder: Binder, node: Ast, ctes: Ctes, parent: Scope | undefined): Promise<Bound> {
  const children = [...[node.left, node.right].filter(isAst), ...items(node.children)]
  const arms: Bound[] = []
  for (const child of children) arms.push(await bindQuery(binder, child, ctes, parent))
  const byName = node.setop_type === 'UNION_BY_NAME'
  const names = byName ? allNames(arms) : (arms[0]?.columns.map((column) => column.name) ?? [])
  const places = arms.map((arm) =>
    names.map((name, at) => (byName ? arm.columns.find((column) => same(column.name, name)) : arm.columns[at])),
  )
  const types = await commonTypes(binder, arms, byName)
  const ops: Op[] = []
  for (const [at, arm] of arms.entries()) ops.push(await shaped(binder, arm.op, places[at] ?? [], types))
  const op = combined(binder, node, ops)
  const columns = names.flatMap((name, at): Named[] => (op.columns[at] ? [{ name, col: op.columns[at] }] : []))
  const terms = orderTerms(node, columns.length).map((term): ChosenTerm => ({ ...term, col: chosen(term, columns) }))
  const on = distinctTargets(node, columns.length).map((term) => chosen(term, columns))
  return bindModifiers(binder, { op, columns }, node, terms, on)
}

function chosen({ ast, number }: Term, columns: readonly Named[]): Named['col'] {
  const [name, ...more] = ast.type === 'COLUMN_REF' ? (ast.column_names as readonly string[]) : []
  const found = number === undefined ? columns.filter((column) => name !== undefined && same(column.name, name)) : [columns[number]]
  if (found.length !== 1 || !found[0] || more.length > 0) throw new Unbound('a set operation in the order of an expression')
  return found[0].col
}

/** DuckDB's tree leaves a true `setop_all` out. */
function combined(binder: Binder, node: Ast, ops: readonly Op[]): Op {
  const all = node.setop_all !== false
  const type = textOf(node.setop_type)
  const fresh = (inputs: readonly Op[]) =>
    inputs[0]?.columns.map((column, at) =>
      binder.fresh(
        column.type,
        inputs.some((input) => input.columns[at]?.nullable !== false),
      ),
    ) ?? []
  if (type.startsWith('UNION')) {
    const inputs = ops.flatMap((op) => (op.kind === 'union' ? op.inputs : [op]))
    const columns = fresh(inputs)
    const union: Op = { kind: 'union', inputs, columns }
    return all ? union : { kind: 'distinct', input: union, columns }
  }
  if (type !== 'INTERSECT' && type !== 'EXCEPT') throw new Unbound(`${type.toLowerCase()} of queries`)
  return ops.slice(1).reduce<Op>((left, right) => {
    return { kind: 'setop', type: type === 'EXCEPT' ? 'except' : 'intersect', all, left, right, columns: fresh([left, right]) }
  }, ops[0] as Op)
}

/** The columns at these places, of these types and each of its own; NULL where there is none. */
export async function shaped(binder: Binder, op: Op, places: readonly (Named | undefined)[], types: readonly string[]): Promise<Op> {
  const taken = new Set<string>()
  const outputs: Output[] = []
  for (const [at, type] of types.entries()) {
    const col = places[at]?.col
    if (col?.type === type && !taken.has(col.id)) {
      taken.add(col.id)
      outputs.push(passing(col))
      continue
    }
    const ast = col && col.type !== nullType ? columnRef(col.id) : constant('NULL', null)
    const value = col?.type === type ? ast : await castTo(binder, ast, type)
    outputs.push({ col: binder.fresh(type, col?.nullable ?? true), expr: expr(value) })
  }
  if (outputs.every((output) => taken.has(output.col.id)))
    return only(
      op,
      outputs.map((output) => output.col.id),
    )
  return mapOver(op, [], outputs)
}

/** As DuckDB finds them: asked over rows of the arms' types. */
async function commonTypes(binder: Binder, arms: readonly Bound[], byName: boolean): Promise<readonly string[]> {
  const texts = arms.map(({ columns }) => {
    const shown = columns.map(({ name, col }, at) => `NULL::${col.type} AS ${ident(byName ? (name ?? '') : `c${at}`)}`)
    return `(SELECT ${shown.join(', ')})`
  })
  const described = await ask(binder, texts.join(byName ? ' UNION ALL BY NAME ' : ' UNION ALL '))
  return described.map((column) => column.type)
}

function allNames(arms: readonly Bound[]): readonly string[] {
  const names = new Map<string, string>()
  for (const { name } of arms.flatMap((arm) => arm.columns)) {
    if (name === undefined) throw new Unbound('BY NAME over a column without name')
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
  }
  return [...names.values()]
}
