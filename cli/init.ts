import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EvertError } from '../errors.ts'
import type { CommandSpec } from './command.ts'
import { ownPackage } from './project/own-package.ts'

/** Ends every file of the template, so that neither compilers nor npm take it for their own (npm would leave `.gitignore` out of the package). */
const suffix = '.template'

/** `evert init`: a small project that works as it stands. */
export const init: CommandSpec = {
  usage: 'init <dir>',
  summary: 'writes a small project: a stream, a fold, a processor, two SQL views',
  description: 'The folder must be empty, or not there yet.',
  example: 'evert init shop',
  inProject: false,
  async run({ terminal }, [dir]) {
    const folder = resolve(dir as string)
    await refuseUsedFolder(folder)
    const name = packageName(folder)
    const files = await templateFiles()
    for (const [path, text] of files) await write(join(folder, path), text.replaceAll('{{name}}', name))
    await write(join(folder, 'package.json'), packageJson(name))
    const written = [...files.map(([path]) => path), 'package.json'].sort()
    const here = relative(process.cwd(), folder)
    const steps = [
      ...(here === '' ? [] : [`cd ${here.startsWith('..') ? folder : here}`]),
      'npm install',
      'npx evert append shop events/shop.ndjson',
      'npx evert run',
    ]
    if (terminal.json) await terminal.printJson({ folder, files: written, steps })
    else
      await terminal.print(
        `${folder}\n${written.map((path) => `  ${path}\n`).join('')}\nNext:\n${steps.map((step) => `  ${step}\n`).join('')}`,
      )
    return undefined
  },
}

async function refuseUsedFolder(folder: string): Promise<void> {
  let found: string[]
  try {
    found = await readdir(folder)
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return
    throw new EvertError('usage', `Cannot make a project in ${folder}: it is no folder that can be read (${code}). Name another.`, {
      cause: thrown,
    })
  }
  if (found.length === 0) return
  throw new EvertError('usage', `Cannot make a project in ${folder}: it holds ${found.length} files, wanted an empty folder. Name another.`)
}

/** Path in the project and text of each file. */
async function templateFiles(): Promise<[string, string][]> {
  const root = fileURLToPath(new URL('./templates/shop/', import.meta.url))
  const entries = await readdir(root, { recursive: true })
  const paths = entries.filter((path) => path.endsWith(suffix))
  return Promise.all(paths.map(async (path): Promise<[string, string]> => [projectPath(path), await readFile(join(root, path), 'utf8')]))
}

/** The template's own names keep this repository's habits; the project's are those that npm, GitHub and SQL know. */
function projectPath(path: string): string {
  const bare = path.slice(0, -suffix.length)
  if (bare.endsWith('.sql')) return bare.replaceAll('-', '_')
  return { gitignore: '.gitignore', 'readme.md': 'README.md' }[bare] ?? bare
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  // `wx`: should somebody else write there at the same time, theirs stays.
  await writeFile(file, text, { flag: 'wx' })
}

/** The versions that this release was made and tested with. */
function packageJson(name: string): string {
  const own = ownPackage()
  const content = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: { start: 'evert run' },
    dependencies: { evert: own.version, zod: own.dependencies.zod },
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

/** A name that npm takes: small letters, digits and dashes. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name === '' ? 'evert-project' : name
}
