/** A small project for what a test changes and breaks: sales, a fold over them, views over views. */
import type { NewEvent } from '../../../engine/run/append.ts'
import { type Files, type TempProject, tempProject } from './project.ts'

export interface Till {
  /** Policy of the stream. */
  readonly onBad?: 'halt' | 'skip' | 'dead-letter'
  /** What the fold adds per event. */
  readonly step?: number
}

/** The declarations. The fold refuses 13. */
export function pipeline({ onBad = 'dead-letter', step = 1 }: Till = {}): string {
  return `import { stream, view } from 'evert'
import { z } from 'zod'
export const sales = stream('sales', { key: 'item', onBad: '${onBad}', event: z.object({ item: z.string(), amount: z.int32(), note: z.string() }) })
export const counted = view('counted', {
  from: sales,
  state: z.object({ sold: z.int() }),
  initial: { sold: 0 },
  on: { sales: ({ sold }, { amount }) => { if (amount === 13) throw new Error('unlucky'); return { sold: sold + ${step} } } },
})
`
}

/** A SQL view's file. */
export function viewFile(name: string, select: string): Files {
  return { [`sql/views/${name}.sql`]: `CREATE MATERIALIZED VIEW ${name} AS\n${select}\n` }
}

export const totals = 'SELECT item, sum(amount) AS total FROM sales GROUP BY item'
export const best = 'SELECT item, total FROM totals ORDER BY total DESC, item LIMIT 1'

/** The project; batches of 10 events, so that builds have many steps. */
export function till(options: Till = {}): TempProject {
  const project = tempProject({ 'pipelines/till.ts': pipeline(options), ...viewFile('totals', totals), ...viewFile('best', best) })
  project.write({
    'evert.config.ts': `export default { logLevel: 'error', batchEventsMax: 10, duckdb: { threads: 1, memoryLimit: '300MB' } }\n`,
  })
  return project
}

/** Sales of the two items a and b in turn, of the amounts given. */
export function sales(amounts: readonly number[], note = 'x'): NewEvent[] {
  return amounts.map((amount, i) => ({ data: { item: i % 2 === 0 ? 'a' : 'b', amount, note } }))
}

/** 1, 2, 3 … so many times. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 100 + i)
}
