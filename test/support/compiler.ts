import { z } from 'zod'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import { type Analyzer, createAnalyzer } from '../../engine/compile/analyzer.ts'
import { compileView, parseView } from '../../engine/compile/compile.ts'
import type { ViewPlan } from '../../engine/compile/plan.ts'
import { type Relation, relationOfTable, relationsOfStream } from '../../engine/compile/relations.ts'
import { resolve } from '../../engine/compile/resolve.ts'
import { stream } from '../../engine/model/declare/stream.ts'
import { table } from '../../engine/model/declare/table.ts'
import { sql } from '../../engine/model/schema/sql.ts'

/** Two streams, a table and a view, as the compiler's tests use them. */
export const flights = stream('flights', {
  event: z.object({
    origin: z.string(),
    destination: z.string(),
    day: sql.date(),
    delay: sql.integer().optional(),
    distance: z.int(),
    fare: sql.decimal(9, 2).optional(),
    ratio: z.number().optional(),
    big: sql.hugeint().optional(),
    tags: z.array(z.string()).optional(),
  }),
})
export const shop = stream('shop', {
  events: { Requested: z.object({ sku: z.string(), quantity: z.int(), user: z.string() }), Validated: z.object({ sku: z.string() }) },
})
export const airports = table('airports', { key: 'iata', row: z.object({ iata: z.string(), state: z.string().optional() }) })

export interface Compiler {
  readonly analyzer: Analyzer
  /** The plan of `CREATE MATERIALIZED VIEW v AS <select>`. */
  plan(select: string): Promise<ViewPlan>
  /** The message with which a SELECT is refused, or undefined. */
  refusal(select: string): Promise<string | undefined>
  /** Why a query of users is refused, or undefined. */
  refusedQuery(sql: string): Promise<string | undefined>
  close(): Promise<void>
}

/** A compiler over the test's streams; `daily` is a view that may be read. */
export async function openCompiler(): Promise<Compiler> {
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  const daily: Relation = {
    name: 'daily',
    kind: 'view',
    source: 'daily',
    columns: [
      { name: 'origin', type: 'VARCHAR' },
      { name: 'flights', type: 'BIGINT' },
    ],
    appendOnly: false,
  }
  const relations = [...relationsOfStream(flights), ...relationsOfStream(shop), relationOfTable(airports), daily]
  for (const relation of relations) await analyzer.declare(relation)
  const catalog = new Map(relations.map((relation) => [relation.name.toLowerCase(), relation]))
  const plan = async (select: string) =>
    compileView(analyzer, await parseView(analyzer, 'sql/views/v.sql', `CREATE MATERIALIZED VIEW v AS\n${select}`), catalog)
  return {
    analyzer,
    plan,
    refusal: (select) =>
      plan(select).then(
        () => undefined,
        (error: Error) => error.message,
      ),
    refusedQuery: async (text) => {
      try {
        resolve(await analyzer.parse(text), catalog, 'query-refused')
        return undefined
      } catch (error) {
        return (error as Error).message
      }
    },
    close: () => analyzer.close(),
  }
}
