import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import * as zod from 'zod'
import { EvertError } from '../../../errors.ts'
import * as evert from '../declarations.ts'

/** Loads the project's TypeScript files as they are, without a build step. */
export interface Importer {
  /** Forgets the files that were loaded, so that the next importer sees them as they are then. */
  forget(): void
  /** All exports of a file. */
  importAll(file: string): Promise<Readonly<Record<string, unknown>>>
  importDefault(file: string): Promise<unknown>
}

/**
 * `import … from 'evert'` in a project's file is always this package, already loaded, whichever copy the project has
 * installed, and also when the project is the repository itself; the same for zod, so that its schemas are ours.
 */
export function createImporter(root: string): Importer {
  const jiti = createJiti(`${root}/`, {
    virtualModules: { evert, zod },
    fsCache: false,
    moduleCache: true,
    interopDefault: false,
    tryNative: false,
  })
  const load = async (file: string): Promise<Readonly<Record<string, unknown>>> => {
    try {
      return await jiti.import<Record<string, unknown>>(file)
    } catch (thrown) {
      throw thrown instanceof EvertError ? thrown : loadFailed(file, thrown)
    }
  }
  // The cache is the process's: within one load a file is one module, however many import it.
  const before = new Set(Object.keys(jiti.cache))
  const forget = (): void => {
    for (const file of Object.keys(jiti.cache)) if (!before.has(file) && !file.includes('/node_modules/')) delete jiti.cache[file]
  }
  return { forget, importAll: load, importDefault: async (file) => (await load(file)).default }
}

function loadFailed(file: string, thrown: unknown): EvertError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const line = lineOf(file, error)
  const place = line === undefined ? file : `${file}:${line}`
  const message = error.message
    .split('\n')[0]
    ?.replace(`${file}: `, '')
    .replace(/ ?\(\d+:\d+\)$/, '')
  return new EvertError('declaration-invalid', `${place}: the file could not be loaded: ${message}`, {
    cause: thrown,
    details: { file, ...(line === undefined ? {} : { line }) },
  })
}

/** A syntax error has its place beside it; any other error in its stack. */
function lineOf(file: string, error: Error): number | undefined {
  const { loc } = error as { loc?: { line?: unknown } }
  if (typeof loc?.line === 'number') return loc.line
  const inMessage = /\((\d+):\d+\)/.exec(error.message)
  if (inMessage !== null) return Number(inMessage[1])
  for (const line of (error.stack ?? '').split('\n')) {
    const found = /((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/.exec(line)
    if (found !== null && (found[1]?.startsWith('file:') ? fileURLToPath(found[1]) : found[1]) === file) return Number(found[2])
  }
  return undefined
}
