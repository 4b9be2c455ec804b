import { basename, join } from 'node:path'
import { readHeader } from '../../engine/compile/header.ts'
import { loadProject } from '../../engine/model/load/load-project.ts'
import type { Project, StreamModel } from '../../engine/model/types.ts'
import { root } from '../support/flights-log.ts'

const folder = join(root, 'bench', 'nexmark')

/** The benchmark's own project: the stream and the queries as views. */
export async function nexmarkProject(): Promise<Project> {
  return loadProject(folder, { env: {} })
}

export function nexmarkStream(project: Project): StreamModel {
  const stream = project.streams.get('nexmark')
  if (!stream) throw new Error('The project has no stream nexmark')
  return stream
}

/** Names of all queries, by number. */
export function queryNames(project: Project): string[] {
  return project.sqlViews.map(nameOf).sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)))
}

export interface EngineSettings {
  readonly dataDir: string
  readonly batch: number | undefined
  readonly threads: number | undefined
  readonly memory: string | undefined
}

/** The project with one query alone, its data elsewhere. */
export function withOneQuery(project: Project, query: string, { dataDir, batch, threads, memory }: EngineSettings): Project {
  const { config } = project
  return {
    ...project,
    sqlViews: project.sqlViews.filter((view) => nameOf(view) === query),
    config: {
      ...config,
      dataDir,
      batchEventsMax: batch ?? config.batchEventsMax,
      duckdb: { threads: threads ?? config.duckdb.threads, memoryLimit: memory ?? config.duckdb.memoryLimit },
    },
  }
}

/** The SELECT of a query as its file says it: what DuckDB alone can run. */
export function selectOf(project: Project, query: string): string {
  const view = project.sqlViews.find((one) => nameOf(one) === query)
  if (!view) throw new Error(`There is no query ${query}`)
  return readHeader(view.file, view.text).select
}

function nameOf({ file }: { readonly file: string }): string {
  return basename(file, '.sql')
}
