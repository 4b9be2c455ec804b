import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { declarationKind } from '../declare/brand.ts'
import type { Config, FoldModel, ProcessorModel, Project, SqlViewSource, StreamModel, TableModel } from '../types.ts'
import { checkProject } from './check-project.ts'
import { type Bundler, codeFingerprints, createBundler, foldCodes } from './code-fingerprints.ts'
import { filesIn } from './files.ts'
import { createImporter, type Importer } from './importer.ts'
import { readConfig } from './read-config.ts'

/** A declaration and the file that exports it. */
export interface Declared {
  readonly file: string
  readonly model: StreamModel | TableModel | FoldModel | ProcessorModel
}

export interface LoadOptions {
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Reads a project: its settings, the declarations in its pipelines, the texts of its SQL views. Nothing is created.
 * Throws `config-invalid` and `declaration-invalid`, with file, place and remedy.
 */
export async function loadProject(root: string, { env = process.env }: LoadOptions = {}): Promise<Project> {
  const { config, declared, bundler } = await readFiles(resolve(root), env)
  const sqlViews = filesIn(config.views, ['.sql']).map((file): SqlViewSource => ({ kind: 'sql', file, text: readFileSync(file, 'utf8') }))
  checkProject(config.root, declared)
  const only = <Model extends Declared['model']>(kind: Model['kind']): ReadonlyMap<string, Model> =>
    new Map(declared.filter(({ model }) => model.kind === kind).map(({ model }) => [model.name, model as Model]))
  return {
    config,
    streams: only<StreamModel>('stream'),
    tables: only<TableModel>('table'),
    folds: only<FoldModel>('fold'),
    processors: only<ProcessorModel>('processor'),
    sqlViews,
    codeFingerprints: await codeFingerprints(declared, bundler),
    foldCodes: await foldCodes(declared, bundler),
  }
}

interface Read {
  readonly config: Config
  readonly declared: readonly Declared[]
  readonly bundler: Bundler
}

async function readFiles(root: string, env: NodeJS.ProcessEnv): Promise<Read> {
  const importer = createImporter(root)
  try {
    const config = await readConfig(root, env, importer)
    const files = filesIn(config.pipelines, ['.ts', '.mts', '.js', '.mjs'])
    const bundler = createBundler(root, files)
    return { config, declared: await declarationsIn(files, importer), bundler }
  } finally {
    importer.forget()
  }
}

/** Exports by their mark. What one file exports again from another counts once; lists and nested objects are not looked into. */
async function declarationsIn(files: readonly string[], importer: Importer): Promise<Declared[]> {
  const found = new Map<unknown, Declared>()
  for (const file of files) {
    for (const model of Object.values(await importer.importAll(file))) {
      const isNew = declarationKind(model) !== undefined && !found.has(model)
      if (isNew) found.set(model, { file, model: model as Declared['model'] })
    }
  }
  return [...found.values()]
}
