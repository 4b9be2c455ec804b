import { errorName } from '../../engine/serve/socket-place.ts'

/** Standard output and error of one command. */
export class Terminal {
  /** Machines read: JSON, no tables, no progress. */
  readonly json: boolean
  /** Columns of the terminal on standard output; undefined in a pipe or a file. */
  readonly width: number | undefined
  /** People watch standard error: progress may be drawn there. */
  readonly live: boolean
  #outClosed = false

  constructor(json: boolean) {
    this.json = json
    this.width = process.stdout.isTTY ? (process.stdout.columns ?? 80) : undefined
    this.live = process.stderr.isTTY === true && !json
    process.stdout.on('error', (thrown) => {
      // `evert query … | head` has what it wanted: no error.
      if (errorName(thrown) !== 'EPIPE') throw thrown
      this.#outClosed = true
    })
    process.stderr.on('error', (thrown) => {
      if (errorName(thrown) !== 'EPIPE') throw thrown
    })
  }

  /** Whoever read standard output has gone: what produces more of it may stop. */
  get outClosed(): boolean {
    return this.#outClosed
  }

  /** Writes to standard output, and resolves when there is room for more. */
  print(text: string): Promise<void> {
    if (this.#outClosed || text === '') return Promise.resolve()
    return new Promise((resolve) => {
      process.stdout.write(text, (thrown) => {
        if (thrown) this.#outClosed = true
        resolve()
      })
    })
  }

  /** One JSON value, one line. */
  printJson(value: unknown): Promise<void> {
    return this.print(`${JSON.stringify(value)}\n`)
  }

  /** A line for people on standard error. */
  note(text: string): void {
    process.stderr.write(`${text}\n`)
  }
}
