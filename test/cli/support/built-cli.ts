/** The command line as users have it: compiled, with its templates, in a folder of its own. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** Below `node_modules`, so that packages are found from there and no tool takes it for source. */
const cache = join(repository, 'node_modules', '.cache', 'evert-cli')

/**
 * Compiles the sources, once for each state of them, and returns the path of the command's script. Safe to call from
 * several processes at a time. Type errors do not stop it: the house suite finds those.
 */
export function builtCli(): Promise<string> {
  built ??= build()
  return built
}

/** One build a process: the sources may change while the tests run. */
let built: Promise<string> | undefined

async function build(): Promise<string> {
  const folder = join(cache, await fingerprint())
  const script = join(folder, 'dist', 'cli', 'main.js')
  if (await exists(script)) return script
  const draft = `${folder}.${process.pid}`
  const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiled = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(draft, 'dist')], { cwd: repository })
  await cp(join(repository, 'cli', 'templates'), join(draft, 'dist', 'cli', 'templates'), { recursive: true })
  await cp(join(repository, 'package.json'), join(draft, 'package.json'))
  if (!(await exists(join(draft, 'dist', 'cli', 'main.js')))) throw new Error(`the build wrote no command:\n${compiled.out}${compiled.err}`)
  await moveInto(draft, folder)
  return script
}

/** What a finished child printed, and how it ended. */
export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  /** Beside this process's own. */
  readonly env?: NodeJS.ProcessEnv
  /** Instead of this process's own. */
  readonly exactEnv?: NodeJS.ProcessEnv
  readonly input?: string | Uint8Array
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  { cwd = repository, env = {}, exactEnv = process.env, input }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...exactEnv, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    // A child that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => child.stdin.destroy())
    child.stdin.end(input)
  })
}

/** Runs one command line of evert to its end. */
export async function evert(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return run(process.execPath, [await builtCli(), ...args], options)
}

/** Of two builds at the same time one moves its folder into place, the other finds it there. */
async function moveInto(draft: string, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  try {
    await rename(draft, folder)
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true })
    if (!(await exists(folder))) throw thrown
  }
  const others = (await readdir(cache)).filter((name) => join(cache, name) !== folder)
  const aged = await Promise.all(
    others.map(async (name) => ((await stat(join(cache, name))).mtimeMs < Date.now() - 3_600_000 ? [name] : [])),
  )
  for (const name of aged.flat()) await rm(join(cache, name), { recursive: true, force: true })
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const place of [
    'cli',
    'connectors',
    'engine',
    'errors.ts',
    'index.ts',
    'limits.ts',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ]) {
    for (const file of await filesOf(join(repository, place))) hash.update(file).update(await readFile(file))
  }
  return hash.digest('hex').slice(0, 16)
}

async function filesOf(place: string): Promise<string[]> {
  if (!(await exists(place))) return []
  if (!(await stat(place)).isDirectory()) return [place]
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
