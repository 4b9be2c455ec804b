/** `evert run` as a child process that a test kills. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { isAt } from '../../../cli/caught-up.ts'
import { connectService } from '../../../engine/serve/remote.ts'
import type { Service, StatusInfo } from '../../../engine/serve/service.ts'
import { builtCli } from '../../cli/support/built-cli.ts'

export interface EngineChild {
  readonly pid: number
  /** Resolves when it answers; rejects with its last words when it ends before. */
  readonly ready: Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  isAlive(): boolean
  /** What it has written to standard error so far. */
  log(): string
  /** Through its socket; only after `ready`. */
  service(): Promise<Service>
  /** SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>
}

/** Starts the engine of the project in `root`. `crashAt`: a place of `engine/run/crash.ts`, `name:times`. */
export async function startChild(
  root: string,
  dataDir: string,
  { crashAt, env = {}, shell }: { crashAt?: string; env?: NodeJS.ProcessEnv; shell?: string } = {},
): Promise<EngineChild> {
  const args = [await builtCli(), 'run', '--json', '--project', root]
  const options = {
    env: { ...process.env, ...env, ...(crashAt === undefined ? {} : { EVERT_CRASH_AT: crashAt }) },
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  }
  const child =
    shell === undefined ? spawn(process.execPath, args, options) : spawn('/bin/sh', ['-c', shell, process.execPath, ...args], options)
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  )
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', () => resolve())
    void ended.then(({ code, signal }) => reject(new Error(`the engine ended with ${code ?? signal} before it was ready: ${log}`)))
  })
  ready.catch(() => undefined) // told to whoever waits for it; a test that kills at the start does not
  return {
    pid: child.pid as number,
    ready,
    ended,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    log: () => log,
    service: async () => {
      const service = await connectService(dataDir)
      if (!service) throw new Error(`the engine does not answer: ${log}`)
      return service
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: async () => {
      child.kill('SIGTERM')
      return (await ended).code
    },
  }
}

/** Waits until views and processors stand at the log's ends and nothing is being built. Nobody may be appending. */
export async function caughtUp(service: Service): Promise<StatusInfo> {
  // Twice in a row: a processor may have appended between the reading of the ends and that of its own position.
  for (let before: string | undefined; ; ) {
    const status = await service.status()
    const isThere =
      status.processors.every((one) => one.lagEvents === 0) && status.replays.length === 0 && isAt(status.position, status.ends)
    if (isThere && before === JSON.stringify(status.ends)) return status
    before = isThere ? JSON.stringify(status.ends) : undefined
    if (!isThere) await pause(10)
  }
}

/** All rows of a query, and the position at which they are true. */
export async function rowsOf(service: Service, sql: string): Promise<readonly (readonly unknown[])[]> {
  const answer = await service.query(sql)
  const rows: (readonly unknown[])[] = []
  for await (const block of answer.rows) rows.push(...block)
  return rows
}
