import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evert, type Finished, repository } from './support/built-cli.ts'

let project: string

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'evert-cli-plan-'))
  for (const folder of ['pipelines', 'sql/views', 'node_modules']) await mkdir(join(project, folder), { recursive: true })
  await symlink(join(repository, 'node_modules', 'zod'), join(project, 'node_modules', 'zod'))
  const stream = `import { stream } from 'evert'\nimport { z } from 'zod'\nexport const s = stream('s', { key: 'k', event: z.object({ k: z.string(), n: z.int32() }) })\n`
  await writeFile(join(project, 'pipelines', 's.ts'), stream)
  await declare('sums', 'SELECT k, sum(n) AS total, count(*) AS c FROM s GROUP BY k')
  await declare('over', 'SELECT max(total) AS top FROM sums')
})

afterAll(() => rm(project, { recursive: true, force: true }))

const declare = (name: string, select: string) =>
  writeFile(join(project, 'sql', 'views', `${name}.sql`), `CREATE MATERIALIZED VIEW ${name} AS ${select}`)

const call = (args: readonly string[], input?: string): Promise<Finished> =>
  evert(args, { cwd: project, env: { EVERT_LOG_LEVEL: 'silent' }, ...(input === undefined ? {} : { input }) })

test('plan tells what is to be done and ends with 3, or that there is nothing and ends with 0', async () => {
  expect((await call(['append', 's'], '{"k":"x","n":1}\n{"k":"y","n":2}\n')).code).toBe(0)
  const begun = await call(['plan'])
  expect(begun).toMatchObject({ code: 3, err: '' })
  expect(begun.out).toMatch(/^sums +sql +added +linear +2 +[\d.]+ s to [\d.]+ s +[\d.]+ KiB +over$/m)
  expect(begun.out).toContain('evert run builds what is new\n')

  expect((await call(['run', '--until-caught-up'])).code).toBe(0)
  const same = await call(['plan'])
  expect(same).toEqual({ code: 0, err: '', out: 'Nothing has changed: what is declared is what is kept.\n' })

  await declare('sums', 'SELECT k, (sum(n) + 1)::VARCHAR AS total FROM s GROUP BY k')
  const changed = await call(['plan'])
  expect(changed.code).toBe(3)
  expect(changed.out).toMatch(/^sums +sql +changed +its definition /m)
  expect(changed.out).toMatch(/^over +sql +changed +sums, which it reads /m)
  expect(changed.out).toContain('breaking: sums: the column total is VARCHAR, and was HUGEINT\n')
  expect(changed.out).toContain('breaking: sums loses the column c (BIGINT)\n')
  expect(changed.out).toContain('evert apply builds what is new or changed')
  const json = await call(['plan', '--json'])
  expect(json.code).toBe(3)
  expect(JSON.parse(json.out)).toMatchObject({ breaking: true, changes: [{ name: 'sums', change: 'changed' }, { name: 'over' }] })

  const refused = await call(['run', '--until-caught-up'])
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('evert plan')
  expect(refused.err).toContain('evert apply')
  const held = await call(['apply', '--max-differing', '50'])
  expect(held).toMatchObject({ code: 3, err: '' })
  expect(held.out).toMatch(/^sums +2 +2 +2 +2 +k, total$/m)
  expect(held.out).toMatch(/^over +1 +1 +1 +1 +top$/m)
  expect(held.out).toMatch(/^built sums, over from 2 events in /m)
  expect(held.out).toMatch(/^No name was moved: more rows differ than 50\.0 %: /m)
  const ready = await call(['versions', 'sums', '--json'])
  expect((JSON.parse(ready.out) as { role: string; declared: boolean }[]).map(({ role, declared }) => [role, declared])).toEqual([
    ['public', false],
    ['ready', true],
  ])
  const applied = await call(['apply'])
  expect(applied).toMatchObject({ code: 0, err: '' })
  expect(applied.out).toMatch(/^sums: [0-9a-f]{16}, was [0-9a-f]{16}$/m)
  expect(await call(['plan'])).toMatchObject({ code: 0 })
  expect(await call(['apply'])).toEqual({ code: 0, err: '', out: 'Nothing has changed: what is declared is what is served.\n' })
})

test('versions are rolled back to, promoted and discarded by name', async () => {
  const back = await call(['rollback'])
  expect(back).toMatchObject({ code: 0, err: '' })
  expect(back.out).toMatch(/^sums: [0-9a-f]{16}, was [0-9a-f]{16}$/m)
  expect((await call(['versions'])).out).toMatch(/^sums +[0-9a-f]{16} +ready +live +yes +2 /m)
  expect((await call(['plan'])).out).toContain('evert promote sums over: what is declared is kept')
  expect(await call(['rollback'])).toMatchObject({ code: 2, err: expect.stringContaining('evert versions') })
  expect(await call(['promote', 'sums', 'over'])).toMatchObject({ code: 0, err: '' })
  expect(await call(['discard'])).toMatchObject({ code: 2, err: expect.stringContaining('--all') })
  expect(await call(['discard', '--all'])).toMatchObject({ code: 0, out: expect.stringMatching(/^sums: [0-9a-f]{16} is discarded$/m) })
  expect(await call(['discard', '--all'])).toMatchObject({ code: 0, out: 'There is nothing to discard.\n' })
  expect(await call(['versions', 'nobody'])).toMatchObject({ code: 2, err: expect.stringContaining('sums') })
})

test('a declaration that is wrong is told with its place', async () => {
  await declare('over', 'SELECT nothing FROM sums')
  const { code, out, err } = await call(['plan'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('over.sql:1')
})
