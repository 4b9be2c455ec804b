import { type Suite, suiteOf, suites } from '../budgets.ts'
import type { Finding, SourceFile } from './source-files.ts'

/** A test file that no suite names would never run, and nobody would notice. */
export function homeless(files: readonly SourceFile[], among: readonly Suite[] = suites): Finding[] {
  return files
    .filter(({ path }) => /\.(test|spec)\.[cm]?[jt]sx?$/.test(path))
    .filter(({ path }) => !path.endsWith('.test.ts') || suiteOf(path, among) === undefined)
    .map(({ path }) => ({ path, message: 'is in no suite: name its folder in test/budgets.ts, and end it with .test.ts' }))
}
