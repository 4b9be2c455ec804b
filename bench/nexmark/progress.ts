const lineMs = 10_000

/** Progress on standard error: one line that is written over on a terminal, a line now and then elsewhere. */
export class Progress {
  #saidAt = performance.now()
  #open = false

  say(what: string, done: number, total: number): void {
    const isTerminal = process.stderr.isTTY
    if (performance.now() - this.#saidAt < (isTerminal ? 100 : lineMs)) return
    this.#saidAt = performance.now()
    const text = `${what}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')} events`
    process.stderr.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`)
    this.#open = isTerminal
  }

  /** Takes the line away, so that something else can be said. */
  clear(): void {
    if (this.#open) process.stderr.write('\r\x1b[K')
    this.#open = false
  }
}
