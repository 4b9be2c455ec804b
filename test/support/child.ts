/**
 * TypeScript files as child processes: crash tests kill them, several of them share a log. Each file is bundled once a
 * run with esbuild (a fraction of the time that a loader takes in every child) beside the packages it imports.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const out = join(root, 'node_modules', '.cache', 'evert-children', String(process.pid))
const built = new Map<string, Promise<string>>()

/** A child process that speaks lines. */
export interface Child {
  readonly process: ChildProcess
  /** What it printed on standard output so far; ends when the child does. */
  readonly lines: AsyncIterableIterator<string>
  /** Writes a line to its standard input. */
  send(line: string): void
  /** SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves when it has ended, with its exit code (null when a signal ended it) and what it printed on standard error. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>
}

/** Starts a `.ts` file of the repository (path from its root) as a child process. */
export async function spawnTs(file: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Child> {
  const script = await bundleTs(file)
  const child = spawn(process.execPath, ['--enable-source-maps', script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const errors = gather(child.stderr)
  // A child that is killed leaves a broken pipe; its end is told by `ended`.
  child.stdin.on('error', () => child.stdin.destroy())
  const ended = new Promise<{ code: number | null; errors: string }>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, errors: errors() }))
  })
  return {
    process: child,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    send: (line) => child.stdin.write(`${line}\n`),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    ended,
  }
}

/** Runs a shell script to its end, for what only a shell can do: limits, ignored signals. `args` are `$0` and on. */
export async function runShell(
  script: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const child = spawn('/bin/sh', ['-c', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = [gather(child.stdout), gather(child.stderr)]
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  return { code, output: output(), errors: errors() }
}

function gather(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  return () => text
}

/** The next line that the child prints. Throws with its standard error when it ends instead. */
export async function nextLine(child: Child): Promise<string> {
  const { value, done } = await child.lines.next()
  if (!done) return value
  const { code, errors } = await child.ended
  throw new Error(`the child ended with ${code} instead of printing a line: ${errors}`)
}

/** The bundled script of a `.ts` file of the repository, to be run by node. */
export function bundleTs(file: string): Promise<string> {
  let script = built.get(file)
  if (!script) {
    script = buildScript(file)
    built.set(file, script)
  }
  return script
}

async function buildScript(file: string): Promise<string> {
  if (built.size === 0) process.once('exit', () => rmSync(out, { recursive: true, force: true }))
  mkdirSync(out, { recursive: true })
  const outfile = join(out, `${createHash('sha256').update(file).digest('hex').slice(0, 16)}.mjs`)
  await build({
    entryPoints: [join(root, file)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
  })
  return outfile
}
