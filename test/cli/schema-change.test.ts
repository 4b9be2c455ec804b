import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtCli, repository, run } from './support/built-cli.ts'

let project: string
let cli: string

beforeAll(async () => {
  cli = await builtCli()
  project = await mkdtemp(join(tmpdir(), 'evert-schema-'))
  for (const folder of ['pipelines', 'sql/views', 'node_modules']) await mkdir(join(project, folder), { recursive: true })
  await symlink(join(repository, 'node_modules', 'zod'), join(project, 'node_modules', 'zod'))
  await writeFile(join(project, 'sql', 'views', 'a.sql'), 'CREATE MATERIALIZED VIEW a AS SELECT k, count(*) AS c FROM s GROUP BY k')
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

async function declare(n: string): Promise<void> {
  await writeFile(
    join(project, 'pipelines', 's.ts'),
    `import { stream } from 'evert'\nimport { z } from 'zod'\nexport const s = stream('s', { key: 'k', event: z.object({ k: z.string(), n: ${n} }) })\n`,
  )
}

async function evert(args: readonly string[], input?: string): Promise<{ code: number | null; out: string; err: string }> {
  const options = { cwd: project, env: { EVERT_LOG_LEVEL: 'silent' } }
  return run(process.execPath, [cli, ...args], input === undefined ? options : { ...options, input })
}

const json = async (args: readonly string[]) => JSON.parse((await evert([...args, '--json'])).out)

test('a schema that is made stricter or looser changes its views; a replay brings rows, dead letters and counts', async () => {
  await declare('z.int().optional()')
  const appended = await evert(['append', 's'], '{"k":"x","n":1}\n{"k":"x"}\n{"k":"y","n":30}\n')
  expect(appended.code, appended.err).toBe(0)
  expect((await evert(['run', '--until-caught-up'])).code).toBe(0)

  for (const [schema, rows, dead] of [
    ['z.int()', '[["x","1"],["y","1"]]', 1], // the second event lacks n
    ['z.int().max(5).optional()', '[["x","2"]]', 1], // the third is beyond the bound
    ['z.int().optional()', '[["x","2"],["y","1"]]', 0],
  ] as const) {
    await declare(schema)
    const refused = await evert(['run', '--until-caught-up'])
    expect(refused.code, schema).toBe(1)
    expect(refused.err).toContain('evert replay a')
    const replayed = await evert(['replay', 'a'])
    expect(replayed.code, replayed.err).toBe(0)
    const found = (await evert(['query', 'SELECT k, c FROM a ORDER BY k', '--json'])).out.trim().split('\n')
    expect(JSON.stringify(found.map((line) => Object.values(JSON.parse(line)).map(String)))).toBe(rows)
    const { consumers } = await json(['status'])
    expect(consumers[0]).toMatchObject({ consumer: 'views', read: '3', applied: String(3 - dead), dead: String(dead) })
    expect((await evert(['run', '--until-caught-up'])).code).toBe(0)
    expect((await evert(['verify'])).code).toBe(0)
  }
})
