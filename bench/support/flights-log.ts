import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Log } from '../../connectors/log/log.ts'
import { appendAirports, appendFlights, flightsInFile } from '../../demo/flights.ts'
import { loadProject } from '../../engine/model/load/load-project.ts'
import type { Project } from '../../engine/model/types.ts'
import { createAppender } from '../../engine/run/append.ts'
import { inDir } from './catch-up.ts'

/** The repository's root, which is a project: from wherever this file was compiled to. */
export const root = ((): string => {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(dir, 'evert.config.ts'))) {
    if (dir === dirname(dir)) throw new Error(`There is no evert.config.ts in ${fileURLToPath(import.meta.url)} or above it.`)
    dir = dirname(dir)
  }
  return dir
})()

/** The root project with its data elsewhere. */
export async function demoProject(dataDir: string): Promise<Project> {
  return inDir(await loadProject(root, { env: {} }), dataDir)
}

/** Appends the airports and real flights as the demo does; returns how many flights. */
export async function fillFlights(
  log: Log,
  project: Project,
  wanted: number,
  onProgress: (done: number) => void = () => undefined,
): Promise<number> {
  const appender = createAppender(log, [...project.streams.values(), ...project.tables.values()])
  const flights = Math.min(wanted, await flightsInFile())
  await appendAirports(appender)
  await appendFlights(appender, flights, async (done) => onProgress(done))
  return flights
}
