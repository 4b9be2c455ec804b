import type { Op } from '../algebra/op.ts'
import { type Ast, baseTable, isAst, items, textOf, visit } from '../ast.ts'
import { relationSchema } from '../relations.ts'
import type { Read } from '../resolve.ts'
import { asofAsLateral } from '../ties-asof.ts'
import { type Binder, type Bound, type Ctes, type Named, nullType, Unbound } from './binder.ts'
import { isNull } from './expr.ts'
import type { Scope } from './scope.ts'
import { bindSelect } from './select.ts'
import { bindSetOperation } from './set-operation.ts'
import { ask } from './typing.ts'

/**
 * A query with its own WITH. What is not understood is taken as a whole (`opaque`), if it can stand alone; `parent` are
 * the names of the SELECT around, which it may use. Throws `Unbound` where it uses them in a way that is not understood.
 */
export async function bindQuery(binder: Binder, node: Ast, around: Ctes, parent: Scope | undefined): Promise<Bound> {
  const ctes = withOwn(node, around)
  const constant = readsOf(standingAlone(node, ctes), binder.reads).length === 0 ? await opaqueQuery(binder, node, ctes, '') : undefined
  if (constant) return constant
  try {
    if (node.type === 'SELECT_NODE') return await bindSelect(binder, node, ctes, parent)
    if (node.type === 'SET_OPERATION_NODE') return await bindSetOperation(binder, node, ctes, parent)
    throw new Unbound(node.type === 'RECURSIVE_CTE_NODE' ? 'a recursive query' : 'a query that is no SELECT')
  } catch (error) {
    if (!(error instanceof Unbound)) throw error
    const opaque = await opaqueQuery(binder, node, ctes, error.message)
    if (opaque) return opaque
    throw error
  }
}

/** A query as one operator, which knows no more of it than its text and whether it reads. Undefined: it cannot stand alone. */
export async function opaqueQuery(binder: Binder, node: Ast, ctes: Ctes, why: string): Promise<Bound | undefined> {
  const alone = asofAsLateral(standingAlone(node, ctes))
  const reads = readsOf(alone, binder.reads)
  return takenWhole(binder, alone, (sql, columns) =>
    reads.length > 0 ? { kind: 'opaque', sql, reads, columns, why } : { kind: 'constant', sql, columns },
  )
}

function withOwn(node: Ast, around: Ctes): Ctes {
  const own = isAst(node.cte_map) ? items(node.cte_map.map) : []
  return own.length === 0 ? around : new Map([...around, ...own.map((entry) => [textOf(entry.key).toLowerCase(), entry] as const)])
}

/** One operator of a query's text. Undefined: it cannot stand alone, since it names columns of the SELECTs around it. */
async function takenWhole(binder: Binder, alone: Ast, make: (sql: string, columns: Op['columns']) => Op): Promise<Bound | undefined> {
  const sql = await binder.analyzer.print(alone)
  const described = await ask(binder, sql).catch((error: unknown) => {
    if (error instanceof Unbound) return undefined
    throw error
  })
  if (!described) return undefined
  const untyped = alone.type === 'SELECT_NODE' ? items(alone.select_list).map(isNull) : []
  const columns = described.map(({ type }) => binder.fresh(type, true))
  const isUntyped = (at: number) => untyped.length === described.length && untyped[at] === true
  const named = columns.map((col, at): Named => ({ name: described[at]?.name, col: isUntyped(at) ? { ...col, type: nullType } : col }))
  return { op: make(sql, columns), columns: named }
}

/** The query with the WITH queries that it names, and those that they name. */
export function standingAlone(node: Ast, ctes: Ctes): Ast {
  const named = new Set<string>()
  const gather = (value: Ast) =>
    visit(value, (part) => {
      const name = textOf(part.table_name).toLowerCase()
      const entry = part.type === 'BASE_TABLE' && textOf(part.schema_name) === '' ? ctes.get(name) : undefined
      if (!entry || named.has(name)) return
      named.add(name)
      gather(entry.value as Ast)
    })
  const { cte_map: _, ...bare } = node
  gather(bare)
  const map = [...ctes].filter(([name]) => named.has(name)).map(([, entry]) => entry)
  return { ...node, cte_map: map.length > 0 ? { map } : {} }
}

/** A WITH query where FROM names it: bound anew, with ids of its own. A recursive one is taken as a whole. */
export async function bindCte(binder: Binder, entry: Ast, ctes: Ctes): Promise<Bound> {
  const value = entry.value as Ast
  const node = (value.query as Ast).node as Ast
  const renamed = (value.aliases ?? []) as readonly string[]
  if (node.type !== 'RECURSIVE_CTE_NODE') {
    const bound = await bindQuery(binder, node, ctes, undefined)
    return { op: bound.op, columns: bound.columns.map(({ name, col }, at) => ({ name: renamed[at] ?? name, col })) }
  }
  const why = 'a recursive query'
  const bound = await opaqueQuery(binder, allOf(textOf(entry.key)), ctes, why)
  if (!bound) throw new Unbound(why)
  return bound
}

function allOf(name: string): Ast {
  return {
    type: 'SELECT_NODE',
    cte_map: {},
    select_list: [{ class: 'STAR', type: 'STAR', exclude_list: [] }],
    from_table: baseTable('', name, ''),
    aggregate_handling: 'STANDARD_HANDLING',
  }
}

/** The relations that a text names. */
export function readsOf(node: Ast, reads: readonly Read[]): readonly Read[] {
  const found = new Set<Read>()
  visit(node, (part) => {
    if (part.type === 'BASE_TABLE' && textOf(part.schema_name) === relationSchema) found.add(readOf(part, reads))
  })
  return [...found]
}

export function readOf(table: Ast, reads: readonly Read[]): Read {
  const name = textOf(table.table_name).replace(/\+$/, '')
  const read = reads.find((candidate) => candidate.relation.name === name)
  if (!read) throw new Error(`${name} is read and not among the reads`)
  return read
}
