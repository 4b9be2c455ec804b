import { describe, expect, test } from 'vitest'
import { docstrings, docstringWarnings } from './docstrings.ts'
import { lengths } from './lengths.ts'
import { names, sizes } from './names.ts'
import { file, print, type Rule, readSourceFiles } from './source-files.ts'
import { homeless } from './suites.ts'
import { places, words } from './words.ts'

const rules: Record<string, Rule> = { names, sizes, words, places, docstrings, homeless: (files) => homeless(files) }

describe('the repository is tidy', () => {
  test.each(Object.keys(rules))('%s', (name) => {
    expect(print(rules[name]?.(readSourceFiles()) ?? ['no such rule'].map((message) => ({ path: name, message })))).toEqual([])
  })

  test('what wants a second look is printed, not failed', () => {
    const files = readSourceFiles()
    const list = print([...lengths(files), ...docstringWarnings(files)])
    if (list.length > 0) console.warn(`A second look, please (${list.length}):\n  ${list.join('\n  ')}`)
  })
})

describe('each rule finds what it forbids', () => {
  /** What a rule says of one file with one line. */
  function judge(rule: Rule, path: string, text = ''): string[] {
    return print(rule([file(path, text)]))
  }

  test.each([
    'engine/run/theLoop.ts',
    'engine/Run/loop.ts',
    'engine/run/the_loop.ts',
    'engine/utils/text.ts',
    'engine/run/helpers.ts',
    'docs/Guide.md',
  ])('name %s', (path) => {
    expect(judge(names, path)).toHaveLength(1)
  })

  test.each(['engine/run/the-loop.test.ts', 'sql/views/delay_by_origin.sql', 'README.md', '.ci/run', '.gitignore', 'tsconfig.build.json'])(
    'name %s is fine',
    (path) => {
      expect(judge(names, path)).toEqual([])
    },
  )

  test('a file over 1 MB', () => {
    expect(judge(sizes, 'docs/picture.png', 'x'.repeat(1 << 20))).toEqual([])
    expect(judge(sizes, 'docs/picture.png', 'x'.repeat((1 << 20) + 1))).toHaveLength(1)
  })

  // Texts that the rule must find: they are its cases, and leave nothing undone here.
  test.each([
    '// TODO: later',
    '// FIXME',
    '// @ts-ignore',
    '// @ts-nocheck',
    '// biome-ignore lint/suspicious/noExplicitAny',
    '// biome-ignore lint/suspicious/noExplicitAny: ',
    "test.only('x', () => 1)",
    "describe.skip('x', () => 1)",
    "it.concurrent.skip('x', () => 1)",
    "test.todo('x')",
    'debugger',
  ])('word: %s', (text) => {
    expect(judge(words, 'engine/run/loop.test.ts', text)).toHaveLength(1)
  })

  // Texts that look alike and are fine: a silenced rule with its reason is one.
  test.each([
    "test.skipIf(!broker)('x', () => 1)",
    '// biome-ignore lint/suspicious/noExplicitAny: the library has no types',
    'const todos = list.only',
    'stream.skip(1)',
  ])('word: %s is fine', (text) => {
    expect(judge(words, 'engine/run/loop.test.ts', text)).toEqual([])
  })

  test.each([
    ['engine/run/loop.ts', "const dir = '/tmp/x'"],
    ['docs/start.md', `cd ${place('root', 'evert')}`],
    ['test/crash/append.test.ts', `const dir = '${place('work', 'main')}'`],
    ['README.md', 'cd /home/me/evert'],
    ['.npmrc', 'registry=https://registry.example.org/'],
    ['package-lock.json', '      "resolved": "https://example.org/x.tgz"'],
  ])('place in %s: %s', (path, text) => {
    expect(judge(places, path, text)).toHaveLength(1)
  })

  test.each([
    ['test/crash/append.test.ts', "const dir = '/tmp/x'"],
    ['docs/start.md', 'https://example.org/work/x'],
    ['engine/run/loop.ts', "join(tmpdir(), 'x')"],
  ])('place in %s: %s is fine', (path, text) => {
    expect(judge(places, path, text)).toEqual([])
  })

  test.each([
    'export function read(): void {}',
    'export const max = 1',
    'export interface Log {\n  readonly id: string\n}',
    "export type Kind = 'a' | 'b'",
  ])('no docstring: %s', (text) => {
    expect(judge(docstrings, 'connectors/log/log.ts', text)).toHaveLength(1)
    expect(judge(docstrings, 'connectors/log/log.ts', `/** What it is. */\n${text}`)).toEqual([])
    expect(judge(docstrings, 'connectors/log/embedded/open.ts', text)).toEqual([])
  })

  test('an interface may be explained at its members', () => {
    expect(judge(docstrings, 'connectors/log/log.ts', 'export interface Log {\n  /** For good. */\n  readonly id: string\n}')).toEqual([])
  })

  test('a missing docstring inside a part is a warning', () => {
    expect(judge(docstringWarnings, 'engine/run/loop.ts', 'export function run(): void {}')).toHaveLength(1)
    expect(judge(docstringWarnings, 'engine/run/loop.ts', 'export interface Batch {}')).toEqual([])
  })

  test('a file of 301 lines, a function of 71', () => {
    const body = (count: number): string => '  x()\n'.repeat(count)
    expect(judge(lengths, 'engine/run/loop.ts', 'x()\n'.repeat(301))).toHaveLength(1)
    expect(judge(lengths, 'engine/run/loop.ts', 'x()\n'.repeat(300))).toEqual([])
    expect(judge(lengths, 'engine/run/loop.ts', `export function run(): void {\n${body(69)}}\n`)).toHaveLength(1)
    expect(judge(lengths, 'engine/run/loop.ts', `export function run(): void {\n${body(68)}}\n`)).toEqual([])
    expect(judge(lengths, 'engine/run/loop.ts', `export const run = async () => {\n${body(80)}}\n`)).toHaveLength(1)
    expect(
      judge(lengths, 'engine/run/loop.ts', `class A {\n  async #run(a: number): Promise<void> {\n${`  ${body(1)}`.repeat(80)}  }\n}\n`),
    ).toHaveLength(1)
    expect(judge(lengths, 'engine/run/loop.ts', `export const limits = {\n${body(80)}}\n`)).toEqual([])
    expect(judge(lengths, 'engine/run/loop.ts', `if (a) {\n${body(80)}}\n`)).toEqual([])
  })

  test.each(['test/misc/a.test.ts', 'engine/run/a.spec.ts', 'other/a.test.ts'])('no suite runs %s', (path) => {
    expect(print(homeless([file(path, '')]))).toHaveLength(1)
  })

  test('a test beside its file has a suite', () => {
    expect(homeless([file('engine/run/loop.test.ts', ''), file('engine/run/loop.ts', '')])).toEqual([])
  })
})

/** Put together here, so that this file itself names no machine. */
function place(...parts: readonly string[]): string {
  return ['', ...parts].join('/')
}
