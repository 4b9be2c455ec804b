import { type Finding, isTest, type Rule, type SourceFile } from './source-files.ts'

const fileLinesMax = 300
const functionLinesMax = 70

/** Files and functions that want a second look. A warning: some things are one thing and long. */
export const lengths: Rule = (files) =>
  files.filter((one) => one.path.endsWith('.ts')).flatMap((one) => [...longFile(one), ...(isTest(one.path) ? [] : longFunctions(one))])

function longFile({ path, text }: SourceFile): Finding[] {
  const count = text.trimEnd().split('\n').length
  return count > fileLinesMax ? [{ path, message: `has ${count} lines, more than ${fileLinesMax}` }] : []
}

/** The formatter puts a body's end at its head's indentation, so the lines tell where a function ends. */
function longFunctions({ path, text }: SourceFile): Finding[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    if (!opensFunction(line)) return []
    const indent = /^\s*/.exec(line)?.[0] ?? ''
    const length = lines.slice(start).findIndex((other, index) => index > 0 && other.startsWith(`${indent}}`)) + 1
    return length > functionLinesMax
      ? [{ path, line: start + 1, message: `a function of ${length} lines, more than ${functionLinesMax}` }]
      : []
  })
}

/** A line that ends in `{` and is a function's head, or the end of a head that took several lines. */
function opensFunction(line: string): boolean {
  if (!line.endsWith('{') || /^\s*\}?\s*(if|for|while|switch|else|try|catch|finally|do)\b/.test(line)) return false
  return /\bfunction\b|=>\s*\{$|^\s*\)(: .*)? \{$|^\s+(?:(?:static|async|get|set|override|private|protected)\s+)*\*?#?\w+\(.*\)(: .*)? \{$/.test(
    line,
  )
}
