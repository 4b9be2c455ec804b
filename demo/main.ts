/**
 * The main job on real input: three million flights through the log into exactly-once views, with a kill -9 on the way,
 * a dropped view that is built again, a shop and a ledger. `npm run demo`; EVERT_DEMO_FLIGHTS makes it smaller.
 */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEmbeddedLog } from '../connectors/log/embedded/embedded-log.ts'
import { loadProject } from '../engine/model/load/load-project.ts'
import { createAppender } from '../engine/run/append.ts'
import { compareWithParquet } from './compare.ts'
import { dropAndReplay } from './drop-and-replay.ts'
import { EngineProcess } from './engine-process.ts'
import { appendAirports, appendFlights, flightsInFile } from './flights.ts'
import { keepLedger } from './ledger.ts'
import { say, stage } from './print.ts'
import { runShop } from './shop.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
/** Emptied at the start. */
const dataDir = process.env.EVERT_DEMO_DIR ?? join(root, '.evert', 'demo')
process.env.EVERT_DATA_DIR = dataDir

const begin = performance.now()
const wanted = Number(process.env.EVERT_DEMO_FLIGHTS ?? Number.POSITIVE_INFINITY)
await rm(dataDir, { recursive: true, force: true })
const project = await loadProject(root)
const log = await openEmbeddedLog(join(dataDir, 'log'))
const appender = createAppender(log, [...project.streams.values(), ...project.tables.values()])
const engine = new EngineProcess(root, dataDir)
const stop = () => {
  engine.kill()
  process.exit(130)
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)

try {
  const flights = Math.min(wanted, await flightsInFile())
  await stage(
    1,
    `append ${flights.toLocaleString('en')} real flights to the log while an engine keeps the views; kill it half-way`,
    async () => {
      await engine.start()
      await appendAirports(appender)
      const appended = performance.now()
      let killed = false
      await appendFlights(appender, flights, async (done) => {
        if (killed || done < flights / 2) return
        killed = true
        await engine.killAndRestart()
      })
      const appendSeconds = (performance.now() - appended) / 1000
      const status = await engine.caughtUp()
      const allSeconds = (performance.now() - appended) / 1000
      say(`appended ${rate(flights, appendSeconds)}, each acknowledged event on disk`)
      say(`all views up to date ${rate(flights, allSeconds)} from the first append, the restart included`)
      say(`position ${JSON.stringify(status.position)}`)
    },
  )
  await stage(2, 'compare each view with what DuckDB computes straight from the Parquet file', () =>
    compareWithParquet(engine.service, flights),
  )
  await stage(3, 'drop a view, build it again from offset 0 beside the live ones, verify it', () => dropAndReplay(project, engine))
  await stage(4, 'the shop: requests, a processor that validates them against the stock', () => runShop(appender, engine))
  await stage(5, 'the ledger: balances that sum to 0 at every read, a report twice', () => keepLedger(appender, engine, root))
  say(
    `\nDone in ${((performance.now() - begin) / 1000).toFixed(1)} s. Ask it yourself: EVERT_DATA_DIR=.evert/demo npx evert query "FROM busiest_routes"`,
  )
} finally {
  await engine.stop()
  await log.close()
}

function rate(events: number, seconds: number): string {
  return `${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s: ${Math.round(events / seconds).toLocaleString('en')} events/s`
}
