/** The warehouse project in a folder of its own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TempProject, tempProject } from './project.ts'

const folder = fileURLToPath(new URL('./warehouse', import.meta.url))

/** Its files, by path. */
export function warehouseFiles(): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|sql)$/.test(path))
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

/** A copy of it that a test may change. */
export function warehouse(options: { dataDir?: string } = {}): TempProject {
  return tempProject(warehouseFiles(), options)
}
