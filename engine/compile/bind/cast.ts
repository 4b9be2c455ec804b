import { type Ast, isAst, items, withoutLocations } from '../ast.ts'
import type { Binder } from './binder.ts'

/** CAST to a type, as DuckDB reads the type's text. */
export async function castTo(binder: Binder, ast: Ast, type: string): Promise<Ast> {
  const parsed = withoutLocations(await binder.analyzer.parse(`SELECT CAST(NULL AS ${type})`))
  const [cast] = items(parsed.select_list)
  if (!cast || !isAst(cast.child)) throw new Error(`No cast to ${type}`)
  return { ...cast, child: { ...ast, alias: undefined } }
}
