import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadProject } from '../../engine/model/load/load-project.ts'
import type { Project } from '../../engine/model/types.ts'

/** An event of 105 bytes as JSON, with a key of 5,000 values. */
export interface Payment {
  readonly account: string
  readonly amount: number
  readonly kind: string
  readonly day: number
  readonly reference: string
}

export const accounts = 5_000
export const eventBytes = 105

const kinds = ['card', 'wire', 'cash', 'debt'] as const

/** The `index`-th payment of a seed: the same in every run. */
export function paymentAt(index: number, seed: number): Payment {
  const first = mix(index ^ seed)
  const second = mix(first)
  return {
    account: `a${String(first % accounts).padStart(5, '0')}`,
    amount: 1_000 + (second % 9_000),
    kind: kinds[(second >>> 16) % kinds.length] ?? 'card',
    day: 10 + ((first >>> 20) % 90),
    reference: `invoice ${String(index).padStart(9, '0')} of ${String(second % 1_000_000).padStart(6, '0')}`,
  }
}

/** A well mixed 32-bit number of another (the finaliser of murmur3). */
function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** DuckDB's columns for the same events, declared. */
export const paymentColumns = "{account: 'VARCHAR', amount: 'INTEGER', kind: 'VARCHAR', day: 'INTEGER', reference: 'VARCHAR'}"

export const byAccount = 'SELECT account, count(*) AS payments, sum(amount) AS total FROM payments GROUP BY account'

const pipeline = `import { stream } from 'evert'
import { z } from 'zod'

export const payments = stream('payments', {
  event: z.object({ account: z.string(), amount: z.int32(), kind: z.string(), day: z.int32(), reference: z.string() }),
})
`

/** Writes and loads a project with this one stream and the given views. */
export async function paymentsProject(root: string, views: Readonly<Record<string, string>>): Promise<Project> {
  await mkdir(join(root, 'pipelines'), { recursive: true })
  await mkdir(join(root, 'sql', 'views'), { recursive: true })
  await writeFile(join(root, 'pipelines', 'payments.ts'), pipeline)
  for (const [name, select] of Object.entries(views))
    await writeFile(join(root, 'sql', 'views', `${name}.sql`), `CREATE MATERIALIZED VIEW ${name} AS ${select}\n`)
  return loadProject(root, { env: {} })
}
