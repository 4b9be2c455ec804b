import { type Finding, isTest, type Rule, type SourceFile } from './source-files.ts'

interface Forbidden {
  readonly pattern: RegExp
  readonly message: string
  /** The files that it holds for; all text when absent. */
  readonly where?: (path: string) => boolean
}

/** The rules' own cases hold what they forbid. */
const isRule = (path: string): boolean => path.startsWith('test/house/')
const isCode = (path: string): boolean => path.endsWith('.ts')
const isShipped = (path: string): boolean => !isTest(path)

const forbiddenWords: readonly Forbidden[] = [
  // The words stand here because this is the rule that forbids them everywhere else.
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, message: 'leaves work behind: do it now, or open an issue' },
  { pattern: /@ts-(ignore|nocheck)\b/, message: 'silences the compiler: give the type' },
  {
    pattern: /biome-ignore(?!\S* \S+: \S)/,
    message: 'silences the linter without a reason: `biome-ignore lint/group/rule: reason`',
    where: isCode,
  },
  { pattern: /\b(describe|suite|it|test|bench)(\.\w+)*\.(only|skip|todo)\b/, message: 'keeps tests from running', where: isCode },
  { pattern: /\bdebugger\b|\bconsole\.debug\b/, message: 'is left from debugging', where: isCode },
]

/** Paths of one machine. Tests may speak of the temporary folder, and find it by `os.tmpdir()` all the same. */
const machinePlaces: readonly Forbidden[] = [
  { pattern: /(^|[\s'"`(=:[])\/(work|root|home|Users)\//, message: 'names a place of one machine' },
  { pattern: /(^|[\s'"`(=:[])\/tmp\//, message: 'names a place of one machine: use os.tmpdir()', where: isShipped },
  {
    pattern: /\bregistry\.[a-z0-9-]+\.[a-z]{2,}|\bnpm\.pkg\.[a-z]+\.[a-z]+|"resolved": "http/,
    message: 'names a package registry: the installation chooses it',
  },
]

/** Words that may not stay. */
export const words: Rule = (files) => search(files, forbiddenWords)

/** No machine's paths, no registry's host. */
export const places: Rule = (files) => search(files, machinePlaces)

function search(files: readonly SourceFile[], all: readonly Forbidden[]): Finding[] {
  return files
    .filter((one) => !isRule(one.path))
    .flatMap((one) => {
      const here = all.filter((forbidden) => forbidden.where?.(one.path) ?? true)
      return one.text
        .split('\n')
        .flatMap((text, index) =>
          here
            .filter(({ pattern }) => pattern.test(text))
            .map(({ message }) => ({ path: one.path, line: index + 1, message: `${message}: ${text.trim().slice(0, 80)}` })),
        )
    })
}
