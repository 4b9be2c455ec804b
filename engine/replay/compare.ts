import { ident, path } from '../../connectors/store/quote.ts'
import type { Column, Row, Transaction } from '../../connectors/store/store.ts'
import { relationSchema } from '../compile/relations.ts'

/** How the rows of two versions of a view differ, by the columns that both have; where their types differ, by their texts. */
export interface Comparison {
  readonly rowsBefore: number
  readonly rowsAfter: number
  /** Rows, as often as they stand there, that only one of them has. */
  readonly onlyBefore: number
  readonly onlyAfter: number
  readonly samples: readonly { readonly only: 'before' | 'after'; readonly times: number; readonly row: Row }[]
  /** Names of the columns by which they were compared. */
  readonly by: readonly string[]
}

const samplesMax = 10

/** Two versions at one position: both are kept up to date, so one reader sees them at the same. */
export async function compareVersions(
  tx: Transaction,
  before: { readonly id: string; readonly columns: readonly Column[] },
  after: { readonly id: string; readonly columns: readonly Column[] },
): Promise<Comparison> {
  const shared = before.columns.flatMap(({ name, type }) => {
    const other = after.columns.find((one) => one.name.toLowerCase() === name.toLowerCase())
    return other ? [{ name, isSame: other.type === type }] : []
  })
  const by = shared.map(({ name }) => name)
  const cell = ({ name, isSame }: (typeof shared)[number]) => (isSame ? ident(name) : `CAST(${ident(name)} AS VARCHAR) AS ${ident(name)}`)
  const cells = shared.length > 0 ? shared.map(cell).join(', ') : '1 AS _one'
  const of = (id: string, weight: number) => `SELECT ${cells}, ${weight} AS _w FROM ${path(relationSchema, id)}`
  const count = async (sql: string) => Number((await tx.all(sql))[0]?.n ?? 0)
  const table = path('temp', 'version difference')
  await tx.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT * EXCLUDE (_w), CAST(sum(_w) AS BIGINT) AS _times FROM (${of(before.id, -1)} UNION ALL ${of(after.id, 1)}) GROUP BY ALL HAVING sum(_w) <> 0`,
  )
  const samples = await tx.all(`FROM ${table} ORDER BY ALL LIMIT ${samplesMax}`)
  return {
    rowsBefore: await count(`SELECT count(*) AS n FROM ${path(relationSchema, before.id)}`),
    rowsAfter: await count(`SELECT count(*) AS n FROM ${path(relationSchema, after.id)}`),
    onlyBefore: await count(`SELECT coalesce(-sum(_times), 0) AS n FROM ${table} WHERE _times < 0`),
    onlyAfter: await count(`SELECT coalesce(sum(_times), 0) AS n FROM ${table} WHERE _times > 0`),
    samples: samples.map(({ _times, ...row }) => ({ only: Number(_times) < 0 ? 'before' : 'after', times: Math.abs(Number(_times)), row })),
    by,
  }
}
