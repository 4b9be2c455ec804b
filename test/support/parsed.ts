import { DuckDBInstance } from '@duckdb/node-api'
import { text } from '../../connectors/store/quote.ts'
import type { Expr } from '../../engine/compile/algebra/op.ts'
import { type Ast, items, parseAst } from '../../engine/compile/ast.ts'

const connection = await (await DuckDBInstance.create(':memory:')).connect()

/** An expression as DuckDB's own tree and text; it names columns by ids: `"#1" + 1`. */
export async function parsed(sql: string): Promise<Expr> {
  const [row] = await (
    await connection.runAndReadAll(`SELECT json_serialize_sql(${text(`SELECT ${sql}`)}, skip_default := true)`)
  ).getRowsJson()
  const [statement] = items(parseAst(String(row?.[0])).statements)
  const [ast] = items((statement?.node as Ast | undefined)?.select_list)
  if (!ast) throw new Error(sql)
  return { ast, sql: `(${sql})`, uses: new Set([...sql.matchAll(/"(#\d+)"/g)].map((match) => match[1] ?? '')) }
}
