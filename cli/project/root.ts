/** Which folder is the project. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { EvertError } from '../../errors.ts'

const marks = ['evert.config.ts', 'pipelines', join('sql', 'views')]

/** The folder that was named, or the nearest from `from` upwards that looks like a project. Throws `usage` when there is none. */
export function findProjectRoot(named: string | undefined, from = process.cwd()): string {
  if (named !== undefined) {
    const root = resolve(from, named)
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return root
    throw new EvertError('usage', `Cannot use --project ${named}: there is no folder ${root}.`)
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder
    if (dirname(folder) === folder) break
  }
  const wanted = 'evert.config.ts, pipelines/ or sql/views/'
  throw new EvertError(
    'usage',
    `Cannot find a project: no folder from ${resolve(from)} upwards has ${wanted}. Name one with --project DIR, or make one with: evert init DIR`,
  )
}
