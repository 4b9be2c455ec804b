import { join } from 'node:path'
import type { Benchmark } from './support/benchmark.ts'
import { catchUp } from './support/catch-up.ts'
import { fillLog } from './support/fill.ts'
import { demoProject, fillFlights } from './support/flights-log.ts'
import { type Line, rateLine } from './support/print.ts'

/** Everything that the root project keeps over the flights: three GROUP BYs, a top-k, a join with a table, a fold. */
export const demoViews: Benchmark = {
  name: 'demo-views',
  title: "the root project's views over the flights together, from the beginning of the log",
  run: async ({ dir, events, rounds }) => {
    const all = await demoProject(join(dir, 'data'))
    await fillLog(all.config.dataDir, (log) => fillFlights(log, all, events))
    const sqlOnly = { ...all, folds: new Map() }
    const rates = { all: [] as number[], sql: [] as number[] }
    const perCpu: number[] = []
    for (let round = 0; round < rounds; round++) {
      for (const [name, project] of [
        ['all', all],
        ['sql', sqlOnly],
      ] as const) {
        const { events: read, seconds, cpuSeconds } = await catchUp(project)
        rates[name].push(read / seconds)
        if (name === 'all') perCpu.push(read / cpuSeconds)
      }
    }
    const lines: Line[] = [
      rateLine('all views, the fold and the join among them', rates.all, 400_000),
      rateLine('  events a second of processor time', perCpu),
      rateLine('without the folds', rates.sql),
    ]
    return lines
  },
}
