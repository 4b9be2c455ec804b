/** Projects in folders that go away with the test. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evert, type Finished, type RunOptions } from './built-cli.ts'

export interface TestProject {
  readonly root: string
  readonly dataDir: string
  /** Runs a command in the project. */
  evert(args: readonly string[], options?: RunOptions): Promise<Finished>
  remove(): Promise<void>
}

/** The project that `evert init` writes. */
export async function shopProject(): Promise<TestProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'evert-cli-')))
  const root = join(folder, 'shop')
  const made = await evert(['init', root])
  if (made.code !== 0) throw new Error(`evert init failed: ${made.err}`)
  return {
    root,
    dataDir: join(root, '.evert'),
    evert: (args, options) => evert(args, { cwd: root, ...options }),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** The values of lines of JSON. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}
