/** The repository's files as the house rules see them, and the form in which a rule answers. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string
  readonly text: string
  readonly bytes: number
}

export interface Finding {
  readonly path: string
  /** From 1; absent where the whole file is meant. */
  readonly line?: number
  /** What is there and what is wanted. */
  readonly message: string
}

/** Rules are functions over files, so that each can be shown to find what it forbids. */
export type Rule = (files: readonly SourceFile[]) => readonly Finding[]

export const root = fileURLToPath(new URL('../../', import.meta.url))

const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.evert'])

/** Every file of ours, in the order of its path. Walks the folders, so that it needs no git. */
export function readSourceFiles(folder: string = root): SourceFile[] {
  const files: SourceFile[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const place = join(folder, entry.name)
    if (notOurs.has(entry.name) || entry.name.endsWith('.log') || entry.name.endsWith('.tgz')) continue
    if (entry.isDirectory()) files.push(...readSourceFiles(place))
    else if (entry.isFile()) files.push(readSourceFile(place))
  }
  return files.sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** A file in memory, for showing a rule what it forbids. */
export function file(path: string, text: string): SourceFile {
  return { path, text, bytes: Buffer.byteLength(text) }
}

/** Findings as the lines of a failed test. */
export function print(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, message }) => `${path}${line === undefined ? '' : `:${line}`} ${message}`)
}

/** Whether it is written for tests only: free in its imports, and not part of the package. */
export function isTest(path: string): boolean {
  return path.startsWith('test/') || path.startsWith('bench/') || /\.test\.ts$/.test(path)
}

function readSourceFile(place: string): SourceFile {
  const bytes = readFileSync(place)
  return { path: relative(root, place).split(sep).join('/'), text: bytes.toString('utf8'), bytes: bytes.length }
}
