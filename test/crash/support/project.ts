/** Projects in folders that go away with the test. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadProject } from '../../../engine/model/load/load-project.ts'
import type { Project } from '../../../engine/model/types.ts'

/** A project's files by path from its root. */
export type Files = Readonly<Record<string, string>>

export interface TempProject {
  readonly root: string
  readonly dataDir: string
  /** The DuckDB file. */
  readonly views: string
  write(files: Files): void
  remove(path: string): void
  /** Its declarations as they stand now. */
  load(): Promise<Project>
  /** Takes the folder away. */
  destroy(): void
}

/** Makes a project below the temporary folder, or below `parent` (a small disk). */
export function tempProject(files: Files, { dataDir }: { dataDir?: string } = {}): TempProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'evert-crash-')))
  const data = dataDir ?? join(root, '.evert')
  const write = (more: Files): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
  }
  write({
    'evert.config.ts': `export default { dataDir: ${JSON.stringify(data)}, logLevel: 'error', duckdb: { threads: 2, memoryLimit: '500MB' } }\n`,
  })
  write(files)
  return {
    root,
    dataDir: data,
    views: join(data, 'views.duckdb'),
    write,
    remove: (path) => rmSync(join(root, path)),
    load: () => loadProject(root, { env: {} }),
    destroy: () => rmSync(root, { recursive: true, force: true }),
  }
}
