import { join } from 'node:path'
import type { Benchmark } from './support/benchmark.ts'
import { EngineProcess } from './support/engine-process.ts'
import { fillLog } from './support/fill.ts'
import { demoProject, fillFlights } from './support/flights-log.ts'
import { type Line, median } from './support/print.ts'
import { growthPerMillion, residentBytes, type Sample } from './support/resident.ts'

const sampleMs = 50
const megabytesMax = 600

/** The engine's memory while another process appends the flights and it keeps all views of the root project. */
export const memory: Benchmark = {
  name: 'memory',
  title: 'RssAnon + RssShmem of the engine process while the flights are appended by another',
  run: async ({ dir, events }) => {
    const project = await demoProject(join(dir, 'data'))
    const engine = new EngineProcess(project.config.dataDir)
    try {
      await engine.answer()
      if (residentBytes(engine.pid) === undefined)
        return [{ what: 'there is no /proc here, which tells anonymous memory', measured: 'not measured' }]
      const samples: Sample[] = []
      let done = 0
      const sampler = setInterval(() => samples.push({ events: done, bytes: residentBytes(engine.pid) ?? 0 }), sampleMs)
      const begin = performance.now()
      await fillLog(project.config.dataDir, (log) =>
        fillFlights(log, project, events, (now) => {
          done = now
        }),
      )
      await engine.caughtUp()
      clearInterval(sampler)
      const megabytes = samples.map((sample) => sample.bytes / 2 ** 20)
      const most = Math.max(...megabytes)
      const lines: Line[] = [
        { what: 'at most', measured: `${most.toFixed(0)} MB`, wanted: `≤ ${megabytesMax} MB`, holds: most <= megabytesMax },
        { what: 'median', measured: `${median(megabytes).toFixed(0)} MB` },
        {
          what: 'growth a million events, after the first third',
          measured: `${(growthPerMillion(samples) / 2 ** 20).toFixed(1)} MB`,
          runs: tenths(megabytes),
        },
        { what: 'append and views together', measured: `${Math.round(done / ((performance.now() - begin) / 1000) / 1000)}k/s` },
      ]
      return lines
    } finally {
      await engine.stop()
    }
  },
}

/** The greatest of each tenth of the load, so that the shape is seen. */
function tenths(megabytes: readonly number[]): string {
  const length = Math.max(1, Math.ceil(megabytes.length / 10))
  return Array.from({ length: Math.ceil(megabytes.length / length) }, (_, i) =>
    Math.max(...megabytes.slice(i * length, (i + 1) * length)).toFixed(0),
  ).join(' ')
}
