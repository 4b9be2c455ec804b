import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { openDuckdb } from '../../connectors/store/duckdb/open.ts'
import type { Store } from '../../connectors/store/store.ts'
import { createAnalyzer } from '../../engine/compile/analyzer.ts'
import type { Project } from '../../engine/model/types.ts'
import type { Definitions } from '../../engine/run/assemble.ts'
import { positionSum } from '../../engine/run/batch.ts'
import { define } from '../../engine/run/define.ts'
import { Loop } from '../../engine/run/loop.ts'
import { start } from '../../engine/run/start.ts'

export interface CaughtUp {
  readonly events: number
  readonly seconds: number
  /** Of all threads of the process: says more than the clock where others use the machine too. */
  readonly cpuSeconds: number
}

/** Builds the views of a project from the beginning of its log with the engine's own loop, in a new file on disk. */
export async function catchUp(project: Project): Promise<CaughtUp> {
  for (const end of ['', '.wal']) await rm(join(project.config.dataDir, `views.duckdb${end}`), { force: true })
  const core = await open(project)
  try {
    const begun = await start(core.store, core.log, core.definitions)
    if (begun.toBuild.length > 0) throw new Error('Views would be built aside; the file was not new')
    const ends = positionSum(await core.log.ends([...core.definitions.sources.values()].map((source) => source.topic)))
    const stopping = new AbortController()
    const failed: string[] = []
    let events = 0
    const begin = performance.now()
    const used = process.cpuUsage()
    const loop = new Loop({
      store: core.store,
      log: core.log,
      sources: core.definitions.sources,
      position: begun.position,
      members: begun.members,
      batch: { events: project.config.batchEventsMax, bytes: project.config.batchBytesMax },
      onViewFailed: (view, error) => failed.push(`${view}: ${error}`),
      onCommit: (commit) => {
        events += commit.events
        if (positionSum(commit.position) >= ends) stopping.abort()
      },
    })
    loop.setMembers(begun.members, begun.fresh)
    await loop.computeFresh()
    await loop.run(stopping.signal)
    const seconds = (performance.now() - begin) / 1000
    if (failed.length > 0) throw new Error(`Views failed: ${failed.join('; ')}`)
    return { events, seconds, cpuSeconds: cpuSecondsSince(used) }
  } finally {
    await core.close()
  }
}

interface Parts {
  readonly log: Log
  readonly store: Store
  readonly definitions: Definitions
  close(): Promise<void>
}

/** The files of a project, with the settings that an engine opens them with. */
async function open(project: Project): Promise<Parts> {
  const { dataDir, duckdb } = project.config
  const analyzer = await createAnalyzer(await openDuckdb(':memory:', { threads: 1 }))
  const definitions = await define(project, analyzer)
  const log = await openEmbeddedLog(join(dataDir, 'log'))
  const store = await openDuckdb(join(dataDir, 'views.duckdb'), { ...duckdb, tempDir: join(dataDir, 'tmp') })
  const close = async () => {
    await store.close()
    await log.close()
    await analyzer.close()
  }
  return { log, store, definitions, close }
}

/** Processor time of this process since `used`. */
export function cpuSecondsSince(used: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(used)
  return (user + system) / 1e6
}

/** The project with its data elsewhere. */
export function inDir(project: Project, dataDir: string): Project {
  return { ...project, config: { ...project.config, dataDir } }
}
