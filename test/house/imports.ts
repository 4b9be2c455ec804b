import { posix } from 'node:path'
import type { SourceFile } from './source-files.ts'

export interface Import {
  readonly line: number
  /** The imported file's path from the root. */
  readonly target: string
}

/**
 * The files of ours that a file imports, types included. Formatted sources are read line by line, which is enough: an
 * import ends on a line with `from '…'`. Text that only looks like one (a template, an example) names no file of ours,
 * and a specifier that resolves to none is the compiler's business.
 */
export function importsOf(source: SourceFile, isFile: (path: string) => boolean): Import[] {
  const found: Import[] = []
  for (const [index, line] of source.text.split('\n').entries()) {
    const specifier = specifierOf(line)
    if (specifier === undefined) continue
    const target = posix.join(posix.dirname(source.path), specifier)
    if (isFile(target)) found.push({ line: index + 1, target })
  }
  return found
}

function specifierOf(line: string): string | undefined {
  const plain = /^(?:import|export|\})[^'"]*\bfrom\s+['"](\.[^'"]+)['"]/.exec(line) ?? /^import\s+['"](\.[^'"]+)['"]/.exec(line)
  // A worker or a child process is an import too: its file is part of the part that starts it.
  const started = /\bimport\(\s*['"](\.[^'"]+)['"]/.exec(line) ?? /new URL\(\s*['"](\.[^'"]+\.ts)['"],\s*import\.meta\.url/.exec(line)
  return (plain ?? started)?.[1]
}
