/** How the command line is called: help, wrong usage, which project, `init`. */
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evert, type Finished } from './support/built-cli.ts'
import { jsonLines } from './support/project.ts'

const commands = ['init', 'run', 'append', 'query', 'views', 'explain', 'status', 'plan', 'replay', 'verify', 'dead-letters', 'doctor']

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'evert-calls-')))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('help', () => {
  test('lists every command and the exit codes', async () => {
    const { code, out } = await evert(['--help'])
    expect(code).toBe(0)
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
    for (const exit of ['0', '1', '2', '3', '4', '130']) expect(out).toMatch(new RegExp(`\\b${exit}  `))
  })

  test('of every command has an example that names it, --json and --project', async () => {
    const helps = await Promise.all(commands.map((command) => evert([command, '--help'])))
    for (const [index, command] of commands.entries()) {
      const { code, out } = helps[index] as Finished
      expect(code).toBe(0)
      expect(out.split('Example:')[1]).toContain(`evert ${command}`)
      expect(out).toContain('--json')
      if (command !== 'init') expect(out).toContain('--project')
    }
  })
})

describe('wrong usage', () => {
  test.each([[['nope']], [['query', '--nope']], [['explain']], [['query', '--limit-rows', 'many', 'SELECT 1']], [[]]])(
    '%j ends with 2',
    async (args) => {
      const { code, out, err } = await evert(args)
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).not.toBe('')
    },
  )

  test('is one JSON object on standard error with --json', async () => {
    const { code, out, err } = await evert(['explain', '--json'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'usage', message: expect.stringContaining('view') } })
  })

  test.each([
    ['no project anywhere', ['views'], 'evert init'],
    ['a project that is not there', ['views', '--project', 'nowhere'], 'nowhere'],
    ['neither SQL nor a file', ['query'], '--file'],
    ['both SQL and a file', ['query', 'SELECT 1', '--file', 'x.sql'], '--file'],
    ['a file of SQL that is not there', ['query', '--file', 'x.sql'], 'ENOENT'],
    ['two formats', ['query', 'SELECT 1', '--csv', '--json'], '--csv'],
  ])('%s', async (_name, args, hint) => {
    const { code, err } = await evert(args, { cwd: folder })
    expect(code).toBe(2)
    expect(err).toMatch(/usage/)
    expect(err).toContain(hint)
  })
})

describe('init', () => {
  test('writes a project and says what to do next', async () => {
    const { code, out } = await evert(['init', 'My Shop'], { cwd: folder })
    expect(code).toBe(0)
    expect(out).toContain('npx evert run')
    const root = join(folder, 'My Shop')
    const files = (await readdir(root)).sort()
    expect(files).toEqual(['.gitignore', 'README.md', 'events', 'evert.config.ts', 'package.json', 'pipelines', 'sql', 'tsconfig.json'])
    const made = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(made).toMatchObject({ name: 'my-shop', type: 'module', dependencies: { evert: own.version, zod: own.dependencies.zod } })
    expect(await readFile(join(root, 'README.md'), 'utf8')).toMatch(/^# my-shop\n/)
    expect(await readFile(join(root, '.gitignore'), 'utf8')).toContain('.evert/')
  })

  test('refuses a folder in use, and leaves it as it was', async () => {
    const used = join(folder, 'used')
    await mkdir(used)
    await writeFile(join(used, 'mine.txt'), 'mine')
    const { code, err } = await evert(['init', 'used', '--json'], { cwd: folder })
    expect(code).toBe(2)
    expect(JSON.parse(err).error.message).toContain('wanted an empty folder')
    expect(await readdir(used)).toEqual(['mine.txt'])
    expect((await evert(['init', join('used', 'mine.txt')], { cwd: folder })).code).toBe(2)
  })

  test('tells machines the same', async () => {
    const { out } = await evert(['init', 'machine', '--json'], { cwd: folder })
    expect(jsonLines(out)).toMatchObject([
      { folder: join(folder, 'machine'), files: expect.arrayContaining(['package.json', 'pipelines/shop.ts']) },
    ])
  })
})
