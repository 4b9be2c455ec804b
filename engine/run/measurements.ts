import { limits } from '../../limits.ts'

/** One statement of a batch: what it did, how long it took, how many rows it wrote. */
export interface MeasuredStep {
  /** `compute touched`, `insert`, `merge`: from the statement's own words. */
  readonly step: string
  readonly ms: number
  readonly rows: number
}

/** What one derivation did in one batch that was committed. */
export interface MeasuredBatch {
  /** When it was committed, ISO 8601. */
  readonly at: string
  /** Events of the batch, of all streams. */
  readonly events: number
  /** Of its own statements; where `together` is set, of the whole batch. */
  readonly ms: number
  /** Empty where the batch went as one string, whose statements are not measured one by one. */
  readonly steps: readonly MeasuredStep[]
  /** The batch went as one string: this many derivations shared its time. */
  readonly together?: number
}

/** Under this name stands the decoding of events that several derivations read. */
export const decoding = 'decoding'

/**
 * The last batches of each derivation, in memory. Reading a clock twice a statement is all that it costs, so it is always on;
 * nobody has to repeat a slow hour to see where it went.
 */
export class Measurements {
  #asked = 0
  readonly #rings = new Map<string, MeasuredBatch[]>()

  of(name: string): readonly MeasuredBatch[] {
    return this.#rings.get(name) ?? []
  }

  /** Batches that go as one string are not measured statement by statement: from time to time one does not. */
  isDue(): boolean {
    return this.#asked++ % limits.stepwiseEvery === 0
  }

  begin(events: number): Measuring {
    return new Measuring(events, (name, batch) => {
      const ring = this.#rings.get(name) ?? []
      this.#rings.set(name, [...ring.slice(1 - limits.measuredBatchesMax), batch])
    })
  }
}

/** One batch, as it runs. What was not committed is never told. */
export class Measuring {
  readonly #events: number
  readonly #keep: (name: string, batch: MeasuredBatch) => void
  readonly #steps = new Map<string, MeasuredStep[]>()
  #together: { readonly names: readonly string[]; readonly ms: number } | undefined

  constructor(events: number, keep: (name: string, batch: MeasuredBatch) => void) {
    this.#events = events
    this.#keep = keep
  }

  /** Runs one statement of a derivation; `run` resolves to the rows that it wrote. */
  async step(name: string, sql: string, run: () => Promise<number>): Promise<number> {
    const begin = performance.now()
    const rows = await run()
    const step = { step: stepName(sql), ms: performance.now() - begin, rows }
    const steps = this.#steps.get(name)
    if (steps) steps.push(step)
    else this.#steps.set(name, [step])
    return rows
  }

  /** Runs the statements of several derivations as one string. */
  async together(names: () => readonly string[], run: () => Promise<void>): Promise<void> {
    const begin = performance.now()
    await run()
    this.#together = { names: names(), ms: performance.now() - begin }
  }

  commit(): void {
    const at = new Date().toISOString()
    const events = this.#events
    const all = this.#together
    const shared = new Set(all?.names)
    for (const [name, steps] of this.#steps)
      if (!shared.has(name)) this.#keep(name, { at, events, ms: steps.reduce((sum, step) => sum + step.ms, 0), steps })
    for (const name of all?.names ?? []) this.#keep(name, { at, events, ms: all?.ms ?? 0, steps: [], together: all?.names.length ?? 0 })
  }
}

/** What a statement does, in two or three words. */
export function stepName(sql: string): string {
  const head = sql.slice(0, 200)
  const made = /^CREATE (?:OR REPLACE )?TEMP(?:ORARY)? TABLE (?:"temp"\.)?"((?:[^"]|"")*)"/i.exec(head)
  if (made) {
    const [what = '', of = ''] = (made[1] ?? '').split(/ of (.*)/)
    return what === 'events' ? `decode ${of}` : `compute ${what}`
  }
  const verb = (/^\w+/.exec(head)?.[0] ?? 'run').toLowerCase()
  const side = /"sides of [^"]*"\."((?:[^"]|"")*)"/.exec(head)?.[1]
  return side === undefined ? verb : `${verb}, ${side}`
}
