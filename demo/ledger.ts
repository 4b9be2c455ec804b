import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Appender } from '../engine/run/append.ts'
import { ledger } from '../pipelines/ledger.ts'
import type { EngineProcess } from './engine-process.ts'
import { check, say } from './print.ts'

const postings = 5_000
const accounts = ['cash', 'bank', 'sales', 'wages', 'rent', 'tax']

/** Posts while it reads: the balances of all accounts sum to 0 at every read; a report is the same bytes twice. */
export async function keepLedger(appender: Appender, engine: EngineProcess, root: string): Promise<void> {
  let posting = true
  let reads = 0
  const sums = new Set<string>()
  const reading = (async () => {
    while (posting || reads === 0) {
      const { rows } = await engine.rows('SELECT coalesce(sum(balance), 0)::DECIMAL(18,2)::VARCHAR FROM balances')
      sums.add(String(rows[0]?.[0]))
      reads++
    }
  })()
  for (let n = 0; n < postings; n += 10)
    await appender.append(
      ledger,
      Array.from({ length: 10 }, (_, i) => ({ data: entry(n + i) })),
    )
  const status = await engine.caughtUp()
  posting = false
  await reading
  check(
    sums.size === 1 && sums.has('0.00'),
    `${postings.toLocaleString('en')} postings: the balances summed to 0.00 in each of ${reads.toLocaleString('en')} reads meanwhile`,
  )
  const report = await readFile(join(root, 'sql', 'queries', 'ledger_report.sql'), 'utf8')
  const first = JSON.stringify((await engine.rows(report)).rows)
  await engine.service.replay('journal')
  const second = JSON.stringify((await engine.rows(report)).rows)
  check(
    first === second,
    `the report from 3 March to 21 April, before and after a replay: ${first.length} bytes, sha256 ${createHash('sha256').update(first).digest('hex').slice(0, 16)} twice`,
  )
  say(`   position of the ledger ${JSON.stringify(status.position.ledger)}`)
}

/** A posting with two or three legs that sum to 0, the same for the same number. */
function entry(n: number) {
  const account = (i: number) => accounts[(n * 7 + i * 5) % accounts.length] ?? 'cash'
  const cents = (n * 7_919) % 100_000
  const day = new Date(Date.UTC(2026, 0, 1 + (n % 180))).toISOString().slice(0, 10)
  const money = (amount: number) => (amount / 100).toFixed(2)
  const legs = n % 3 === 0 ? [cents, -Math.floor(cents / 3), -(cents - Math.floor(cents / 3))] : [cents, -cents]
  return {
    posting_id: `p${n}`,
    booked_on: day,
    text: `posting ${n}`,
    legs: legs.map((amount, i) => ({ account: account(i), amount: money(amount) })),
  }
}
