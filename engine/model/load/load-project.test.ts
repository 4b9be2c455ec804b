import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject } from './load-project.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'evert-load-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

const load = (env: Record<string, string> = {}) => loadProject(root, { env })

const shop = `import { processor, sql, stream, view } from 'evert'
import { z } from 'zod'
import { start } from './lib/start.ts'

export const shop = stream('shop', { key: 'sku', events: { A: z.object({ sku: z.string(), n: z.int() }), B: z.object({ sku: z.string(), m: sql.decimal(9, 2) }) } })
export const total = view('total', {
  from: shop,
  state: z.object({ sum: z.int() }),
  initial: { sum: start },
  on: { A: (state, event) => ({ sum: state.sum + event.n }) },
})
export const p = processor('p', { from: shop, to: shop, emits: ['B'], handle: { A: (event) => ({ type: 'B', data: { sku: event.sku, m: 1 } }) } })
export const helper = (): number => 1
`

describe('loadProject', () => {
  it('takes an empty folder, with defaults for everything', async () => {
    const project = await load()
    expect(project.config).toMatchObject({
      root,
      dataDir: join(root, '.evert'),
      log: 'embedded',
      logLevel: 'info',
      pipelines: [join(root, 'pipelines')],
      views: [join(root, 'sql', 'views')],
      duckdb: { memoryLimit: '1GB' },
    })
    expect([project.streams.size, project.tables.size, project.folds.size, project.processors.size, project.sqlViews.length]).toEqual([
      0, 0, 0, 0, 0,
    ])
  })

  it('loads TypeScript as it is, and SQL views as text', async () => {
    write('pipelines/shop.ts', shop)
    write('pipelines/lib/start.ts', 'export const start: number = 0\n')
    write(
      'pipelines/airports.ts',
      "import { table } from 'evert'\nimport { z } from 'zod'\nexport default table('airports', { key: 'iata', row: z.object({ iata: z.string() }) })\n",
    )
    write('pipelines/again.ts', "export * from './shop.ts'\nexport const list = [1]\n")
    write('pipelines/shop.test.ts', 'throw new Error("tests are not loaded")')
    write('sql/views/b.sql', 'SELECT 2')
    write('sql/views/a.sql', 'SELECT 1')
    const started = performance.now()
    const project = await load()
    expect(performance.now() - started).toBeLessThan(2_000)
    expect([...project.streams.keys(), ...project.tables.keys(), ...project.folds.keys(), ...project.processors.keys()]).toEqual([
      'shop',
      'airports',
      'total',
      'p',
    ])
    expect(project.sqlViews).toEqual([
      { kind: 'sql', file: join(root, 'sql/views/a.sql'), text: 'SELECT 1' },
      { kind: 'sql', file: join(root, 'sql/views/b.sql'), text: 'SELECT 2' },
    ])
    expect(project.folds.get('total')?.from).toBe(project.streams.get('shop'))
    expect(project.folds.get('total')?.origin).toEqual({ file: join(root, 'pipelines/shop.ts'), line: 6 })
    expect(project.folds.get('total')?.on.A?.({ sum: 1 }, { sku: 'a', n: 2 }, {} as never)).toEqual({ sum: 3 })
  })

  it('fingerprints code: local imports count, comments and types do not', async () => {
    write('pipelines/shop.ts', shop)
    write('pipelines/lib/start.ts', 'export const start: number = 0\n')
    const first = (await load()).codeFingerprints
    expect([...first.keys()].sort()).toEqual(['p', 'total'])
    expect(first.get('total')).toMatch(/^[0-9a-f]{16}$/)
    expect((await load()).codeFingerprints).toEqual(first)
    write('pipelines/shop.ts', shop.replace('(state, event) =>', '(state, event /* of today */) =>').replace('(): number', '(): 1'))
    expect((await load()).codeFingerprints).toEqual(first)
    write('pipelines/lib/start.ts', 'export const start: number = 1\n')
    expect((await load()).codeFingerprints.get('total')).not.toBe(first.get('total'))
    write('pipelines/lib/start.ts', 'export const start: number = 0\n')
    write('pipelines/shop.ts', shop.replace('+ event.n', '- event.n'))
    expect((await load()).codeFingerprints.get('total')).not.toBe(first.get('total'))
  })

  it('sees a file that changed since it was loaded', async () => {
    write(
      'pipelines/s.ts',
      "import { stream } from 'evert'\nimport { z } from 'zod'\nexport const s = stream('s', { event: z.object({ a: z.int() }) })\n",
    )
    expect([...(await load()).streams.keys()]).toEqual(['s'])
    write(
      'pipelines/s.ts',
      "import { stream } from 'evert'\nimport { z } from 'zod'\nexport const t = stream('t', { event: z.object({ a: z.int() }) })\n",
    )
    expect([...(await load()).streams.keys()]).toEqual(['t'])
  })

  it('reads evert.config.ts, and the environment over it', async () => {
    write(
      'evert.config.ts',
      "import { defineConfig } from 'evert'\nexport default defineConfig({ dataDir: 'data', logLevel: 'warn', pipelines: ['src/streams.ts'], duckdb: { threads: 1 } })\n",
    )
    write(
      'src/streams.ts',
      "import { stream } from 'evert'\nimport { z } from 'zod'\nexport const s = stream('s', { event: z.object({ a: z.int() }) })\n",
    )
    const { config, streams } = await load({ EVERT_DUCKDB_MEMORY: '512MB', EVERT_LOG_LEVEL: 'debug', EVERT_BATCH_EVENTS_MAX: '7' })
    expect(config).toMatchObject({
      dataDir: join(root, 'data'),
      logLevel: 'debug',
      batchEventsMax: 7,
      duckdb: { threads: 1, memoryLimit: '512MB' },
    })
    expect(streams.has('s')).toBe(true)
  })

  it.each([
    ["{ logLevel: 'loud' }", {}, 'evert.config.ts: logLevel: '],
    ['{ logLevl: 1 }', {}, 'logLevl'],
    ['{ duckdb: { threads: 0 } }', {}, 'evert.config.ts: duckdb.threads: '],
    ["{ log: 'somewhere' }", {}, "evert.config.ts: log: wanted 'embedded' or a URL"],
    ['{}', { EVERT_LOG_LEVEL: 'loud' }, 'EVERT_LOG_LEVEL: logLevel: '],
    ['{}', { EVERT_DUCKDB_MEMORY: 'much' }, 'EVERT_DUCKDB_MEMORY: duckdb.memoryLimit: wanted a size'],
    ['{}', { EVERT_DUCKDB_THREADS: 'two' }, 'EVERT_DUCKDB_THREADS: duckdb.threads: '],
  ])('refuses the settings %s with %j', async (config, env, message) => {
    write('evert.config.ts', `export default ${config}\n`)
    await expect(load(env as Record<string, string>)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(message),
    })
  })

  const declare = (text: string): string =>
    `import { processor, stream, table, view } from 'evert'\nimport { z } from 'zod'\nconst E = z.object({ id: z.string() })\n${text}\n`

  it.each([
    ['a syntax error', declare('export const s = stream('), 'x.ts:5: the file could not be loaded'],
    ['an error while it runs', declare("\nthrow new Error('boom')"), 'x.ts:5: the file could not be loaded: boom'],
    [
      'a missing import',
      declare("import { a } from './nowhere.ts'\nexport const b: unknown = a"),
      "the file could not be loaded: Cannot find module './nowhere.ts'",
    ],
    ['an invalid declaration', declare("export const s = stream('a b', { event: E })"), "x.ts:4: stream 'a b': a name is a letter"],
    [
      'a duplicate name',
      declare("export const s = stream('s', { event: E })\nexport const t = table('S', { key: 'id', row: E, topic: 'other' })"),
      "x.ts:5: table 'S': the name is taken by stream 's' at pipelines/x.ts:4",
    ],
    [
      'a duplicate topic',
      declare("export const s = stream('s', { event: E })\nexport const t = stream('t', { event: E, topic: 's' })"),
      "x.ts:5: stream 't': topic 's'",
    ],
    [
      'an unknown stream',
      declare(
        "const s = stream('s', { key: 'id', event: E })\nexport const v = view('v', { from: s, state: z.object({ n: z.int() }), initial: { n: 0 }, on: { s: () => null } })",
      ),
      "x.ts:5: view 'v': stream 's' is unknown",
    ],
    [
      'a cycle of processors',
      declare(
        "export const a = stream('a', { event: E })\nexport const b = stream('b', { event: E })\nexport const p = processor('p', { from: a, to: b, emits: ['b'], handle: { a: () => null } })\nexport const q = processor('q', { from: b, to: a, emits: ['a'], handle: { b: () => null } })",
      ),
      "x.ts:7: processor 'q': it closes a circle of processors, a.a → b.b → a.a",
    ],
  ])('names file, place and remedy of %s', async (_what, text, message) => {
    write('pipelines/x.ts', text)
    await expect(load()).rejects.toMatchObject({ code: 'declaration-invalid', message: expect.stringContaining(message) })
  })
})
