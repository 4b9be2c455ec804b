/** What each view of the warehouse must hold, written a second time: plain DuckDB and plain JavaScript over what was acknowledged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, JsonDuckDBValueConverter } from '@duckdb/node-api'
import type { Acknowledged } from './traffic.ts'

const sums: Readonly<Record<string, string>> = {
  stock: `SELECT sku, count(*), sum(if(type = 'Put', quantity, -quantity)), max(n) FROM moves GROUP BY ALL`,
  small: `SELECT sku, quantity FROM moves WHERE type = 'Taken' AND quantity < 20`,
  balances: `SELECT leg.account, sum(leg.amount), count(*) FROM (SELECT unnest(legs) AS leg FROM transfers) GROUP BY ALL`,
  posted: 'SELECT count(*), max(n) FROM transfers',
  prices: 'SELECT sku, n, price FROM prices',
  worth: `SELECT p.sku, s.quantity, p.price, s.quantity * p.price FROM prices p LEFT JOIN (SELECT sku, sum(if(type = 'Put', quantity, -quantity)) AS quantity FROM moves GROUP BY sku) s USING (sku)`,
  richest: `SELECT sku, worth FROM (SELECT p.sku, sum(if(type = 'Put', quantity, -quantity)) * any_value(p.price) AS worth FROM prices p LEFT JOIN moves m USING (sku) GROUP BY p.sku) ORDER BY worth DESC NULLS LAST, sku LIMIT 3`,
  alerted: `SELECT sku, count(*), count(*) FROM moves WHERE type = 'Taken' AND quantity >= 80 GROUP BY ALL`,
}

/** Rows as JSON text, sorted: one entry a view. */
export async function recomputed(acknowledged: Acknowledged): Promise<Map<string, string[]>> {
  const dir = mkdtempSync(join(tmpdir(), 'evert-recompute-'))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const last = new Map(acknowledged.prices.map((price) => [price.sku, price]))
    await load(connection, dir, 'moves', acknowledged.moves, `{type: 'VARCHAR', sku: 'VARCHAR', n: 'BIGINT', quantity: 'INTEGER'}`)
    await load(
      connection,
      dir,
      'transfers',
      acknowledged.transfers,
      `{id: 'VARCHAR', n: 'BIGINT', legs: 'STRUCT(account VARCHAR, amount BIGINT)[]'}`,
    )
    await load(
      connection,
      dir,
      'prices',
      [...last.values()].filter(({ price }) => price !== null),
      `{sku: 'VARCHAR', n: 'BIGINT', price: 'DECIMAL(18,2)'}`,
    )
    const answer = new Map<string, string[]>()
    for (const [view, sql] of Object.entries(sums)) {
      const rows = (await connection.runAndReadAll(sql)).convertRows(JsonDuckDBValueConverter)
      answer.set(view, sorted(rows))
    }
    return answer.set('chain', sorted(chains(acknowledged)))
  } finally {
    connection.closeSync()
    instance.closeSync()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Rows in an order of their own, for comparing multisets; numbers that come as text are the same numbers. */
export function sorted(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(row.map((cell) => (cell === null ? null : String(cell))))).sort()
}

async function load(connection: DuckDBConnection, dir: string, name: string, events: readonly unknown[], columns: string): Promise<void> {
  const file = join(dir, `${name}.ndjson`)
  writeFileSync(file, `${events.map((event) => JSON.stringify(event)).join('\n')}\n`)
  await connection.run(`CREATE TABLE ${name} AS FROM read_json('${file}', format = 'newline_delimited', columns = ${columns})`)
}

/** Events of one key are acknowledged in their order, so the record has it. */
function chains({ moves }: Acknowledged): unknown[][] {
  const links = new Map<string, [number, number]>()
  for (const { type, sku, n, quantity } of moves) {
    if (type === 'Taken' && quantity === 13) continue
    const [events, link] = links.get(sku) ?? [0, 7]
    links.set(sku, [events + 1, (link * (type === 'Put' ? 31 : 37) + n) % 1_000_003])
  }
  return [...links].map(([sku, [events, link]]) => [sku, events, link])
}
