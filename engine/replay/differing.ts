import { path } from '../../connectors/store/quote.ts'
import type { Transaction } from '../../connectors/store/store.ts'
import { relationSchema } from '../compile/relations.ts'

const before = path('temp', 'rows before')

/**
 * Remembers a relation's rows, within a transaction; the answer says whether they have become others since. To the last bit: what is
 * equal and yet not the same, as -0.0 and 0.0 or a month and 30 days, differs by its text.
 */
export async function differing(tx: Transaction, name: string): Promise<() => Promise<boolean>> {
  const relation = path(relationSchema, name)
  await tx.run(`CREATE OR REPLACE TEMP TABLE ${before} AS SELECT * FROM ${relation}`)
  return async () => {
    const all = (from: string) => `SELECT *, CAST(COLUMNS(*) AS VARCHAR) FROM ${from}`
    const more = (one: string, other: string) => `(${all(one)} EXCEPT ALL ${all(other)})`
    const [found] = await tx.all(`SELECT count(*) AS n FROM (${more(relation, before)} UNION ALL ${more(before, relation)})`)
    await tx.run(`DROP TABLE ${before}`)
    return Number(found?.n) > 0
  }
}
