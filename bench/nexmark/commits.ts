/** Commits of an engine, as its log tells them at level debug: nothing polls and nothing of the engine is bypassed. */
export class Commits {
  readonly #onEvents: (events: number) => void
  readonly #at: number[] = []
  readonly #events: number[] = []
  readonly #failures: string[] = []
  /** Views that are computed in one pass when all events are kept, and the time at which the last of them was. */
  #building = 0
  #builtAt = 0
  #waiting: { readonly events: number; readonly resolve: (at: number) => void; readonly reject: (error: Error) => void } | undefined

  constructor(onEvents: (events: number) => void = () => undefined) {
    this.#onEvents = onEvents
  }

  /** A line of the engine's log. */
  write(line: string): void {
    const { msg, events, error, level } = JSON.parse(line) as { msg?: string; events?: number; error?: string; level: number }
    if (level >= 50) this.#failures.push(`${msg}${error === undefined ? '' : `: ${error}`}`)
    if (msg === 'batch committed' && events !== undefined) {
      this.#at.push(performance.now())
      this.#events.push(this.total + events)
      this.#onEvents(this.total)
    }
    if (msg?.startsWith('Building ')) this.#building++
    if (msg?.startsWith('Built ')) {
      this.#building--
      this.#builtAt = performance.now()
    }
    if (this.#failures.length > 0) this.#waiting?.reject(new Error(this.#failures.join('; ')))
    else if (this.#waiting && this.#has(this.#waiting.events)) this.#waiting.resolve(this.#last)
  }

  #has(events: number): boolean {
    return this.total >= events && this.#building === 0
  }

  get #last(): number {
    return Math.max(this.#at.at(-1) ?? 0, this.#builtAt)
  }

  get total(): number {
    return this.#events.at(-1) ?? 0
  }

  /** Resolves with the time of the commit with which so many events are in the views; rejects when a view has failed. */
  reach(events: number): Promise<number> {
    if (this.#has(events)) return Promise.resolve(this.#last)
    return new Promise((resolve, reject) => {
      this.#waiting = { events, resolve, reject }
    })
  }

  /** The longest time between two commits, the first measured from `begin`. Milliseconds. */
  worst(begin: number): number {
    return this.#at.reduce((most, at, index) => Math.max(most, at - (this.#at[index - 1] ?? begin)), 0)
  }

  /** Microseconds an event between two numbers of events; undefined where fewer than `least` batches tell it. */
  microsAt(from: number, to: number, begin: number, least = 5): number | undefined {
    const first = this.#events.findIndex((events) => events >= from)
    const last = this.#events.findIndex((events) => events >= to)
    if (from <= 0 && last + 1 >= least) return (((this.#at[last] ?? 0) - begin) * 1000) / (this.#events[last] ?? 1)
    if (first < 0 || last < 0 || last - first < least) return undefined
    const events = (this.#events[last] ?? 0) - (this.#events[first] ?? 0)
    return (((this.#at[last] ?? 0) - (this.#at[first] ?? 0)) * 1000) / events
  }
}
