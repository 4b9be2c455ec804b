import { ident } from '../../../connectors/store/quote.ts'
import { ids, sameKeys } from '../algebra/select-of.ts'
import type { Run } from './rule.ts'
import type { TopRows } from './top-rows.ts'
import { ofTouched, withRowid } from './touched.ts'

/**
 * Keeps the one first row of each partition where a few rows came, are all in `came`, and nobody reads the change: they are all added,
 * and of each partition that holds several rows then, all go but the first. To tell before which of them stay costs statements that join
 * what came twice; rows that come and go within one transaction are never written to the file.
 */
export function* keepFirst(top: TopRows, run: Run, came: string, sortKey: string): Generator<string, void, number> {
  const { columns, partition, rankColumn } = top
  yield `INSERT INTO ${run.table} SELECT ${ids(columns)}${rankColumn ? ', 1' : ''} FROM ${came}`
  const keys = partition.map((key, i) => `${key.sql} AS _k${i}`).join(', ')
  const touched = ofTouched(
    withRowid(
      run.table,
      top.narrow.map(({ id }) => ident(id)),
    ),
    `(SELECT ${keys} FROM ${came})`,
    partition,
  )
  const by = partition.map((_, i) => `_k${i}`).join(', ')
  const kept = `SELECT ${keys}, arg_min(_r, ${sortKey}) AS _kept FROM ${touched} GROUP BY ${by} HAVING count(*) > 1`
  const same = sameKeys(partition.map(({ sql, nullable }, i) => ({ left: sql, right: `m._k${i}`, nullable })))
  yield `DELETE FROM ${run.table} AS t USING (${kept}) AS m WHERE ${same} AND t.rowid <> m._kept`
}
