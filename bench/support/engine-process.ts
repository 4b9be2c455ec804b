import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export type ChildAnswer = Readonly<Record<string, number>>

/** An engine of the root project in a process of its own, asked through its pipes. */
export class EngineProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: Interface
  readonly #answers: ChildAnswer[] = []
  #wake: (() => void) | undefined
  #ended = false

  constructor(dataDir: string) {
    this.#child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('./engine-child.js')), dataDir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#lines = createInterface(this.#child.stdout)
    this.#lines.on('line', (line) => {
      this.#answers.push(JSON.parse(line) as ChildAnswer)
      this.#wake?.()
    })
    this.#lines.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** The next line that it tells; the first is that it is ready. */
  async answer(): Promise<ChildAnswer> {
    for (;;) {
      const answer = this.#answers.shift()
      if (answer) return answer
      if (this.#ended) throw new Error('The engine ended before it answered')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when every event of the log is in the views. */
  async caughtUp(): Promise<ChildAnswer> {
    for (;;) {
      this.#child.stdin.write('position\n')
      const answer = await this.answer()
      if (answer.lag === 0) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.stdin.end('stop\n')
    await exit
  }
}
