import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openDuckdb } from '../connectors/store/duckdb/open.ts'
import type { Project } from '../engine/model/types.ts'
import { dropVersion, readVersions } from '../engine/run/registry.ts'
import type { EngineProcess } from './engine-process.ts'
import { check, say } from './print.ts'

const dropped = 'daily_delays'

/** Takes a view's rows away and lets the engine build it anew beside the live views, then verifies it against the log. */
export async function dropAndReplay(project: Project, engine: EngineProcess): Promise<void> {
  await engine.stop()
  const store = await openDuckdb(join(project.config.dataDir, 'views.duckdb'))
  await store.transaction(async (tx) => {
    const row = (await readVersions(tx)).find((candidate) => candidate.name === dropped)
    if (!row) throw new Error(`${dropped} is not there`)
    await tx.run(`DROP VIEW main.${dropped}`)
    await tx.run(`DROP VIEW _rel.${dropped}`)
    for (const statement of dropVersion(row)) await tx.run(statement)
  })
  await store.close()
  say(`   dropped ${dropped} and all of its rows; the other views stay`)
  const begin = performance.now()
  await engine.start()
  const live = await engine.rows('SELECT count(*) FROM routes')
  say(`   meanwhile routes answers: ${live.rows[0]?.[0]} rows`)
  const events = await built(engine)
  const seconds = (performance.now() - begin) / 1000
  say(
    `   replayed ${dropped} from offset 0 beside them and swapped it in, the engine's start included: ${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds).toLocaleString('en')} events/s`,
  )
  for await (const answer of engine.service.verify([dropped])) {
    check(
      answer.equal,
      `${answer.view}: ${answer.rows.toLocaleString('en')} rows verified against ${answer.events.toLocaleString('en')} events of the log, at ${JSON.stringify(answer.position.flights)}`,
    )
  }
}

/** Waits for the build, and returns the number of events that it went through. */
async function built(engine: EngineProcess): Promise<number> {
  for (let events = 0; ; await pause(50)) {
    const status = await engine.service.status()
    events = Math.max(events, ...status.replays.map((replay) => replay.total))
    const views = await engine.service.views()
    if (views.every((view) => view.state === 'live')) return events
    if (status.replays.length === 0 && views.some((view) => view.state === 'failed')) throw new Error('A view failed')
  }
}
