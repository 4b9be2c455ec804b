/** docs/sql.md: its files make a project, and what it says of each view is what the engine says. */
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectService } from '../../engine/serve/remote.ts'
import type { Explanation } from '../../engine/serve/service.ts'
import { builtCli, evert, repository } from '../cli/support/built-cli.ts'
import { startRun } from '../cli/support/engine.ts'
import type { TestProject } from '../cli/support/project.ts'
import { type Snippet, snippetsOf } from './snippets.ts'

let project: TestProject
let lines: string[]
let snippets: Snippet[]

beforeAll(async () => {
  const text = await readFile(join(repository, 'docs', 'sql.md'), 'utf8')
  lines = text.split('\n')
  snippets = snippetsOf(text)
  project = await projectOf((path) => /^(pipelines|sql)\//.test(path))
})
afterAll(() => project.remove())

test('each view has the strategy and the growth that the page states, and the rows that DuckDB computes', async () => {
  for (const { path, text } of snippets.filter((one) => one.path.startsWith('events/')))
    expect(await project.evert(['append', basename(path), '--json'], { input: text }), path).toMatchObject({ code: 0 })
  const stated = views()
  expect(stated.length).toBeGreaterThan(40)
  const ran = await project.evert(['run', '--until-caught-up', '--json'])
  expect(ran.code, ran.err).toBe(stated.some((view) => view.fails) ? 1 : 0)
  const engine = await startRun(project, [], quiet)
  try {
    const service = await connectService(project.dataDir)
    const found: Said[] = []
    for (const { name } of stated) found.push(saidBy((await service?.explain(name)) as Explanation))
    expect(found).toEqual(stated)
    const [first] = found
    const { out } = await project.evert(['explain', first?.name ?? '', '--json'])
    expect(saidBy(JSON.parse(out) as Explanation)).toEqual(first)
    await service?.close()
    const verified = await project.evert(['verify', ...stated.flatMap((view) => (view.fails ? [] : [view.name]))])
    expect(verified, verified.out).toMatchObject({ code: 0 })
  } finally {
    engine.kill('SIGTERM')
    await engine.ended
  }
})

test('what it calls refused is refused, by the word that it names', async () => {
  const refused = snippets.filter((one) => one.path.startsWith('refused/'))
  expect(refused.length).toBeGreaterThan(3)
  const empty = await projectOf((path) => path.startsWith('pipelines/'))
  try {
    for (const snippet of refused) {
      const path = join(empty.root, 'sql', 'views', basename(snippet.path))
      await write(path, snippet.text)
      const { code, err } = await empty.evert(['views', '--json'])
      await rm(path)
      const word = /^Refused: .*?`([\w]+)/.exec(behind(snippet))?.[1] ?? 'no word'
      expect(code, snippet.path).not.toBe(0)
      expect(err, snippet.path).toContain('"code":"sql-invalid"')
      expect(err.toLowerCase(), snippet.path).toContain(word.toLowerCase())
    }
  } finally {
    await empty.remove()
  }
})

const quiet = { EVERT_LOG_LEVEL: 'error' }

interface Said {
  readonly name: string
  readonly strategy: string
  readonly isBounded: boolean
  readonly fails: boolean
}

/** Views of the page with what the paragraph behind each says. */
function views(): Said[] {
  return snippets
    .filter((one) => one.path.startsWith('sql/views/'))
    .flatMap((snippet) => {
      const text = behind(snippet)
      if (text === '') return []
      const strategy = /^\*\*(linear|affected keys|full)\*\*/.exec(text)?.[1]
      const bound = /\*(bounded|unbounded)\*/.exec(text)?.[1]
      if (strategy === undefined || bound === undefined)
        throw new Error(`docs/sql.md:${snippet.line}: no strategy or bound is stated behind it`)
      return [{ name: basename(snippet.path, '.sql'), strategy, isBounded: bound === 'bounded', fails: text.includes('**fails**') }]
    })
}

function saidBy({ name, strategy, growth, state }: Explanation): Said {
  return { name, strategy, isBounded: growth !== 'values' && growth !== 'events', fails: state === 'failed' }
}

/** The paragraph behind a block, as one line; empty where another block follows. */
function behind(snippet: Snippet): string {
  const end = lines.indexOf('```', snippet.line)
  const begin = lines.findIndex((line, at) => at > end && line !== '')
  const after = lines.findIndex((line, at) => at > begin && line === '')
  return lines[begin]?.startsWith('```') ? '' : lines.slice(begin, after).join(' ')
}

/** A project of the page's files that `isWanted` picks by their paths. */
async function projectOf(isWanted: (path: string) => boolean): Promise<TestProject> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'evert-sql-')))
  await mkdir(join(root, 'node_modules'))
  await symlink(dirname(dirname(dirname(await builtCli()))), join(root, 'node_modules', 'evert'))
  await symlink(join(repository, 'node_modules', 'zod'), join(root, 'node_modules', 'zod'))
  await write(join(root, 'package.json'), '{"name":"sql","private":true,"type":"module"}')
  for (const { path, text } of snippets.filter((one) => isWanted(one.path))) await write(join(root, path), text)
  return {
    root,
    dataDir: join(root, '.evert'),
    evert: (args, options) => evert(args, { cwd: root, env: quiet, ...options }),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
