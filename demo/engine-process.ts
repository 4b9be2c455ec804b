import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectService } from '../engine/serve/remote.ts'
import type { QueryAnswer, Service, StatusInfo } from '../engine/serve/service.ts'
import { say } from './print.ts'

/** `evert run` as a process of its own, which may be killed. */
export class EngineProcess {
  readonly #root: string
  readonly #dataDir: string
  #child: ChildProcess | undefined
  #service: Service | undefined

  constructor(root: string, dataDir: string) {
    this.#root = root
    this.#dataDir = dataDir
  }

  get service(): Service {
    if (!this.#service) throw new Error('The engine is not started')
    return this.#service
  }

  /** Resolves when the engine answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(this.#root, 'dist', 'cli', 'main.js'), 'run', '--project', this.#root], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, EVERT_DATA_DIR: this.#dataDir, EVERT_LOG_LEVEL: 'error' },
    })
    this.#child = child
    while (child.exitCode === null) {
      this.#service = await connectService(this.#dataDir)
      if (this.#service) return
      await pause(25)
    }
    throw new Error(`The engine ended with exit code ${child.exitCode} before it answered`)
  }

  async killAndRestart(): Promise<void> {
    const before = await this.service.status()
    const child = this.#child as ChildProcess
    child.kill('SIGKILL')
    await once(child, 'exit')
    const begin = performance.now()
    await this.start()
    const after = await this.service.status()
    say(
      `   killed the engine with SIGKILL at position sum ${before.positionSum}; it goes on from ${after.positionSum} after ${Math.round(performance.now() - begin)} ms`,
    )
  }

  /** When every event that is in the log now is in the views and every processor has seen it. */
  async caughtUp(): Promise<StatusInfo> {
    for (;;) {
      const status = await this.service.status()
      if (status.lagEvents === 0 && status.processors.every((processor) => processor.lagEvents === 0)) return status
      await pause(50)
    }
  }

  async rows(sql: string): Promise<{ columns: QueryAnswer['columns']; rows: unknown[][]; position: QueryAnswer['position'] }> {
    const answer = await this.service.query(sql)
    const rows: unknown[][] = []
    for await (const block of answer.rows) rows.push(...(block as unknown[][]))
    return { columns: answer.columns, rows, position: answer.position }
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    await this.#service?.close()
    this.#service = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }
}
