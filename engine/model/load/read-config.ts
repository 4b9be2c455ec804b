import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { Config } from '../types.ts'
import type { Importer } from './importer.ts'

/** The settings' file, in the project's root. */
export const configFile = 'evert.config.ts'

const whole = z.int().min(1)
const text = z.string().min(1)
const byteSize = z.string().regex(/^\d+(\.\d+)? ?([KMGT]i?)?B$/i, 'wanted a size as 512MB or 2GB')

const schema = z.strictObject({
  dataDir: text.default('.evert'),
  log: text.refine((log) => log === 'embedded' || URL.canParse(log), "wanted 'embedded' or a URL").default('embedded'),
  pipelines: z.array(text).default(['pipelines']),
  views: z.array(text).default(['sql/views']),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  batchEventsMax: whole.max(1 << 20).default(limits.batchEventsMax),
  batchBytesMax: whole.max(1 << 30).default(limits.batchBytesMax),
  previousVersionsMax: z.int().nonnegative().max(100).default(1),
  duckdb: z
    .strictObject({ memoryLimit: byteSize.default('1GB'), threads: whole.max(1024).default(() => availableParallelism()) })
    .prefault({}),
})

/** Environment variables and the settings that they override. */
const variables: Readonly<Record<string, { readonly path: readonly string[]; readonly isNumber?: true }>> = {
  EVERT_LOG: { path: ['log'] },
  EVERT_DATA_DIR: { path: ['dataDir'] },
  EVERT_LOG_LEVEL: { path: ['logLevel'] },
  EVERT_BATCH_EVENTS_MAX: { path: ['batchEventsMax'], isNumber: true },
  EVERT_BATCH_BYTES_MAX: { path: ['batchBytesMax'], isNumber: true },
  EVERT_PREVIOUS_VERSIONS_MAX: { path: ['previousVersionsMax'], isNumber: true },
  EVERT_DUCKDB_MEMORY: { path: ['duckdb', 'memoryLimit'] },
  EVERT_DUCKDB_THREADS: { path: ['duckdb', 'threads'], isNumber: true },
}

/** The settings of the project at `root`; throws `config-invalid` with file (or variable) and field. */
export async function readConfig(root: string, env: NodeJS.ProcessEnv, importer: Importer): Promise<Config> {
  const file = join(root, configFile)
  const declared = existsSync(file) ? await importer.importDefault(file) : {}
  if (typeof declared !== 'object' || declared === null)
    throw invalid(configFile, '', 'it has no default export. Write export default defineConfig({ … })')
  const overrides = fromEnvironment(env)
  parse(declared, () => configFile)
  const config = parse(merged(declared as Settings, overrides.settings), (path) => overrides.names.get(path) ?? configFile)
  return {
    ...config,
    root: resolve(root),
    dataDir: resolve(root, config.dataDir),
    pipelines: config.pipelines.map((each) => resolve(root, each)),
    views: config.views.map((each) => resolve(root, each)),
  }
}

type Settings = { readonly [name: string]: unknown }

function parse(settings: unknown, sourceOf: (path: string) => string): z.output<typeof schema> {
  const result = schema.safeParse(settings)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = issue?.path.join('.') ?? ''
  throw invalid(sourceOf(path), path, issue?.message ?? 'it does not fit')
}

function invalid(source: string, path: string, message: string): EvertError {
  return new EvertError('config-invalid', `${source}${path === '' ? '' : `: ${path}`}: ${message}`, { details: { source, path } })
}

function fromEnvironment(env: NodeJS.ProcessEnv): { settings: Settings; names: ReadonlyMap<string, string> } {
  let settings: Settings = {}
  const names = new Map<string, string>()
  for (const [name, { path, isNumber }] of Object.entries(variables)) {
    const value = env[name]
    if (value === undefined || value === '') continue
    names.set(path.join('.'), name)
    settings = merged(
      settings,
      path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), isNumber ? Number(value) : value) as Settings,
    )
  }
  return { settings, names }
}

function merged(base: Settings, over: Settings): Settings {
  const result: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(over)) {
    const before = result[name]
    result[name] =
      typeof value === 'object' && value !== null && typeof before === 'object' && before !== null
        ? merged(before as Settings, value as Settings)
        : value
  }
  return result
}
