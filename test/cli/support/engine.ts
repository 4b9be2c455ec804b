/** `evert run` as a child process that the test starts, asks and stops. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { builtCli } from './built-cli.ts'
import type { TestProject } from './project.ts'

export interface RunningEngine {
  readonly pid: number
  /** The line that it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Its exit code, once it has ended; null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** What it has written to standard error so far. */
  log(): string
  kill(signal: NodeJS.Signals): void
}

/** Starts the project's engine, and resolves when it is ready; rejects with its last words when it ends before. */
export async function startRun(project: TestProject, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<RunningEngine> {
  const child = spawn(process.execPath, [await builtCli(), 'run', '--json', ...args], {
    cwd: project.root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const ready = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Record<string, unknown>))
    void ended.then((code) => reject(new Error(`the engine ended with ${code} before it was ready: ${log}`)))
  })
  return { pid: child.pid as number, ready, ended, log: () => log, kill: (signal) => void child.kill(signal) }
}
