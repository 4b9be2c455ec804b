import { join } from 'node:path'
import type { Benchmark } from './support/benchmark.ts'
import { catchUp } from './support/catch-up.ts'
import { EngineProcess } from './support/engine-process.ts'
import { fillLog } from './support/fill.ts'
import { demoProject, fillFlights } from './support/flights-log.ts'
import { type Line, median, msLine } from './support/print.ts'

const startsMin = 5

/** From nothing to an engine that answers, all views up to date: nothing is replayed, whatever the log holds. */
export const start: Benchmark = {
  name: 'start',
  title: 'process start → engine ready, the views of the root project up to date',
  run: async ({ dir, events, rounds }) => {
    const project = await demoProject(join(dir, 'data'))
    await fillLog(project.config.dataDir, (log) => fillFlights(log, project, events))
    const { events: total } = await catchUp(project)
    const whole: number[] = []
    const parts: { modules: number; project: number; engine: number }[] = []
    for (let i = 0; i < Math.max(startsMin, rounds); i++) {
      const begin = performance.now()
      const engine = new EngineProcess(project.config.dataDir)
      const { modules = 0, project: loaded = 0, engine: started = 0 } = await engine.answer()
      whole.push(performance.now() - begin)
      parts.push({ modules, project: loaded, engine: started })
      const { events: seen = 0 } = await engine.caughtUp()
      if (seen < total) throw new Error(`The engine is at ${seen} events, not at ${total}`)
      await engine.stop()
    }
    const lines: Line[] = [
      msLine(`process start → ready, ${total.toLocaleString('en')} events in the log`, median(whole), 1_000, whole),
      msLine('  of which Node and modules', median(parts.map((part) => part.modules))),
      msLine('  of which loading the project (TypeScript, code fingerprints)', median(parts.map((part) => part.project))),
      msLine('  of which plans, log, store, positions', median(parts.map((part) => part.engine))),
    ]
    return lines
  },
}
