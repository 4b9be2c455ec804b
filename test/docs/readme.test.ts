import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtCli, repository, run } from '../cli/support/built-cli.ts'
import { commandsOf, type Snippet, snippetsOf } from './snippets.ts'

/** Commands that other suites run word for word: CI itself and the demo's test; the package's test. */
const elsewhere = ['npm ci && npm run demo', 'npm ci && npm test', 'npx evert init shop && cd shop && npm install']

let project: string
let cli: string
let snippets: Snippet[]

beforeAll(async () => {
  cli = await builtCli()
  snippets = snippetsOf(await readFile(join(repository, 'README.md'), 'utf8'))
  project = await mkdtemp(join(tmpdir(), 'evert-readme-'))
  await mkdir(join(project, 'node_modules', '.bin'), { recursive: true })
  await symlink(dirname(dirname(dirname(cli))), join(project, 'node_modules', 'evert'))
  await symlink(join(repository, 'node_modules', 'zod'), join(project, 'node_modules', 'zod'))
  await writeFile(join(project, 'node_modules', '.bin', 'evert'), `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`, { mode: 0o755 })
  await writeFile(join(project, 'package.json'), '{"name":"readme","private":true,"type":"module"}')
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

describe('README', () => {
  test('its files make a project, and its commands run in it in their order', async () => {
    for (const snippet of snippets.filter((one) => one.path !== '')) {
      await mkdir(dirname(join(project, snippet.path)), { recursive: true })
      await writeFile(join(project, snippet.path), snippet.text)
    }
    const ran: string[] = []
    for (const snippet of snippets.filter((one) => one.language === 'sh')) {
      for (const command of commandsOf(snippet)) {
        if (elsewhere.includes(command)) continue
        const result = await run('sh', ['-c', command], { cwd: project, env: { EVERT_LOG_LEVEL: 'error' } })
        expect(result.code, `${command}\n${result.out}${result.err}`).toBe(0)
        ran.push(command)
        if (command.includes('FROM orders_by_day')) expect(result.out).toMatch(/2026-03-01 +UK +2 +42\.50 +21\.25/)
      }
    }
    expect(ran.length).toBeGreaterThan(7)
  })

  test('the program appends', async () => {
    const program = snippets.find((one) => one.language === 'ts' && one.path === '')
    await writeFile(join(project, 'program.mjs'), program?.text ?? '')
    const result = await run(process.execPath, ['program.mjs'], { cwd: project })
    expect(result.code, result.err).toBe(0)
    const answer = await run(
      'sh',
      ['-c', 'npx evert run --until-caught-up && npx evert query "SELECT count(*) AS orders FROM orders" --json'],
      { cwd: project, env: { EVERT_LOG_LEVEL: 'error' } },
    )
    expect(answer.out).toContain('"orders":"3"')
  })

  test('every file that it links to or names is there', async () => {
    const text = await readFile(join(repository, 'README.md'), 'utf8')
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '')
    const named = [...text.matchAll(/`((?:pipelines|sql)\/[\w./]+\.(?:ts|sql))`/g)].map((match) => match[1] ?? '')
    expect(links.length).toBeGreaterThan(1)
    for (const path of [...links, ...named]) expect(existsSync(join(repository, path)), path).toBe(true)
  })
})
