import { pino } from 'pino'
import { startEngine } from '../../engine/serve/engine.ts'
import { demoProject } from './flights-log.ts'

/**
 * The engine of the root project as a process of its own. Arguments: the data directory. Prints the milliseconds since
 * the process began at which it was ready; `position` on standard input is answered with the events that are in the views.
 */
const [dataDir] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('Wanted: the data directory')

const begun = performance.now()
const project = await demoProject(dataDir)
const loaded = performance.now()
const engine = await startEngine(project, { logger: pino({ level: 'error' }, pino.destination(2)) })
tell({ ready: performance.now(), modules: begun, project: loaded - begun, engine: performance.now() - loaded })

process.stdin.setEncoding('utf8')
for await (const line of process.stdin) {
  if (String(line).includes('stop')) break
  const status = await engine.service.status()
  tell({ events: Number(status.positionSum), lag: status.lagEvents })
}
await engine.stop()

function tell(answer: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
