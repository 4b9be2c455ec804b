import { ident } from '../../../connectors/store/quote.ts'
import type { Analyzer } from '../analyzer.ts'
import type { Ast } from '../ast.ts'
import { type Binder, nullType, Unbound } from './binder.ts'
import { isNull, plainId, usesOf } from './expr.ts'
import { printed } from './spell.ts'

/** Text and type of expressions over ids: DuckDB is asked, over columns of those types. Throws `Unbound` where it refuses. */
export async function typed(binder: Binder, asts: readonly Ast[]): Promise<readonly { readonly sql: string; readonly type: string }[]> {
  const sqls = await printed(binder.analyzer, asts)
  const asked = asts.flatMap((ast, at) => (isNull(ast) || plainId(ast) !== undefined ? [] : [at]))
  const described =
    asked.length === 0 ? [] : await ask(binder, `SELECT ${asked.map((at) => sqls[at]).join(', ')} ${standIn(binder, usesOf(asts))}`)
  // unnest() of a struct is several columns.
  if (described.length !== asked.length) throw new Unbound('an expression that gives several columns')
  return asts.map((ast, at) => {
    const id = plainId(ast)
    const type = id !== undefined ? binder.typeOf(id) : isNull(ast) ? nullType : (described[asked.indexOf(at)]?.type ?? '')
    return { sql: sqls[at] ?? '', type }
  })
}

/** Names and types of a SELECT; what DuckDB refuses was not understood. */
export async function ask(binder: Binder, sql: string): ReturnType<Analyzer['describe']> {
  try {
    return await binder.analyzer.describe(sql)
  } catch (error) {
    throw new Unbound((error as Error).message.split('\n')[0] ?? '')
  }
}

/** A FROM item without rows, with columns of the right types. */
export function standIn(binder: Binder, ids: Iterable<string>): string {
  const columns = [...ids].map((id) => `NULL::${binder.typeOf(id)} AS ${ident(id)}`)
  return columns.length > 0 ? `FROM (SELECT ${columns.join(', ')}) AS "in"` : ''
}
