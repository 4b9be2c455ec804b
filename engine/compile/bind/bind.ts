import type { Column } from '../../../connectors/store/store.ts'
import type { Op } from '../algebra/op.ts'
import { selectOf } from '../algebra/select-of.ts'
import type { Analyzer } from '../analyzer.ts'
import { type Ast, freeName } from '../ast.ts'
import type { Read } from '../resolve.ts'
import { type Binder, createBinder, Unbound } from './binder.ts'
import { only } from './build.ts'
import { uniqueCtes } from './ctes.ts'
import { exactly } from './prune.ts'
import { bindQuery } from './query.ts'
import { shaped } from './set-operation.ts'
import { spell } from './spell.ts'
import { ask } from './typing.ts'

/**
 * A view's SELECT as algebra: the outputs in their order and with their types. `node` is resolved, its ties are broken and
 * it has no locations. ORDER BY that decides nothing is left out. What is not understood is an `opaque` operator for the
 * smallest SELECT that holds it; never an error, and never other rows than the SELECT's own.
 */
export async function bind(analyzer: Analyzer, node: Ast, reads: readonly Read[], columns: readonly Column[]): Promise<Op> {
  const binder = createBinder(analyzer, reads, freeMark(node, reads))
  const types = columns.map((column) => column.type)
  try {
    const bound = await bindQuery(binder, uniqueCtes(node), new Map(), undefined)
    if (bound.columns.length !== columns.length) throw new Unbound('a query whose columns are seen wrongly')
    const op = await shaped(binder, bound.op, bound.columns, types)
    const ids = op.columns.map((column) => column.id)
    const spelt = await spell(analyzer, only(exactly(op, new Set(ids)), ids))
    const described = await ask(binder, selectOf(spelt))
    if (described.some((column, at) => column.type !== types[at])) throw new Unbound('a query whose types are seen wrongly')
    return spelt
  } catch (error) {
    const why = (error as Error).message
    return whole(binder, node, columns, error instanceof Unbound ? why : `a query that could not be bound: ${why}`)
  }
}

async function whole(binder: Binder, node: Ast, columns: readonly Column[], why: string): Promise<Op> {
  const sql = await binder.analyzer.print(node)
  return { kind: 'opaque', sql, reads: binder.reads, columns: columns.map((column) => binder.fresh(column.type, true)), why }
}

/** What ids begin with: `#`, and longer where the view or what it reads has that in a name or a text. */
function freeMark(node: Ast, reads: readonly Read[]): string {
  const names = reads.flatMap(({ relation }) => [relation.name, ...relation.columns.map((column) => column.name)])
  return freeName({ node, names }, '#')
}
