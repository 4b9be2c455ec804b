import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { declarationInvalid } from '../declare/origin.ts'
import { hashOf } from '../fingerprint.ts'
import type { Declared } from './load-project.ts'

/** A file bundled with its local imports and minified, and the names of the packages that it imports. */
export interface Code {
  readonly text: string
  readonly packages: readonly string[]
}

/** The code of files; each file once, as soon as it is asked for. */
export interface Bundler {
  code(file: string): Promise<Code>
}

/** esbuild works beside Node: files are bundled while the same files are loaded here. */
export function createBundler(root: string, files: readonly string[]): Bundler {
  const started = new Map<string, Promise<PromiseSettledResult<Code>>>()
  const start = (file: string): Promise<PromiseSettledResult<Code>> => {
    // Settled, since a file that cannot be bundled matters only when it has code to fingerprint.
    const settled = started.get(file) ?? Promise.allSettled([codeOf(root, file)]).then(([result]) => result)
    started.set(file, settled)
    return settled
  }
  for (const file of files) void start(file)
  return {
    async code(file) {
      const result = await start(file)
      if (result.status === 'rejected') throw result.reason
      return result.value
    },
  }
}

/**
 * A fingerprint of the code of every fold and processor: its file bundled with its local imports, minified, and its
 * packages' versions. Comments, formatting and types change nothing; it is per file, so a change to one declaration
 * counts for its neighbours in the file, too.
 */
export async function codeFingerprints(declared: readonly Declared[], bundler: Bundler): Promise<ReadonlyMap<string, string>> {
  const fingerprints = new Map<string, string>()
  for (const { file, model } of declared) {
    if (model.kind !== 'fold' && model.kind !== 'processor') continue
    fingerprints.set(model.name, codeFingerprint(model.name, await bundler.code(file), dirname(file)))
  }
  return fingerprints
}

/** The same of one name's code, with the packages' versions that a file of this folder would get. */
export function codeFingerprint(name: string, { text, packages }: Code, folder: string): string {
  return hashOf(`${name}\n${[text, ...packages.map((one) => `${one}@${versionOf(folder, one)}`)].join('\n')}`)
}

/** The code of each fold, which its versions are kept with. */
export async function foldCodes(declared: readonly Declared[], bundler: Bundler): Promise<ReadonlyMap<string, Code>> {
  const folds = declared.filter(({ model }) => model.kind === 'fold')
  return new Map(await Promise.all(folds.map(async ({ file, model }) => [model.name, await bundler.code(file)] as const)))
}

async function codeOf(root: string, file: string): Promise<Code> {
  try {
    const result = await build({
      entryPoints: [file],
      absWorkingDir: root,
      bundle: true,
      write: false,
      // Not the identifiers: their short names follow how often letters occur in the source, types included.
      minifySyntax: true,
      minifyWhitespace: true,
      format: 'esm',
      platform: 'node',
      target: 'es2023',
      packages: 'external',
      metafile: true,
      logLevel: 'silent',
      sourcemap: false,
      legalComments: 'none',
    })
    return { text: result.outputFiles[0]?.text ?? '', packages: packagesOf(result.metafile) }
  } catch (thrown) {
    throw declarationInvalid(
      { file },
      `its code could not be bundled: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      thrown,
    )
  }
}

function packagesOf(metafile: Metafile): string[] {
  const paths = Object.values(metafile.outputs).flatMap((output) => output.imports.filter((each) => each.external).map((each) => each.path))
  const names = paths
    .filter((path) => !path.startsWith('node:'))
    .map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    )
  // A fold's meaning depends on no version of ours: it must stay what it was when Evert is updated.
  return [...new Set(names)].filter((name) => name !== 'evert').sort()
}

/** The version of the package that a file of this folder would get; Node's own modules have none. */
function versionOf(folder: string, name: string): string {
  const manifest = join(folder, 'node_modules', name, 'package.json')
  if (existsSync(manifest)) return String((JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version)
  const parent = dirname(folder)
  return parent === folder ? 'none' : versionOf(parent, name)
}
