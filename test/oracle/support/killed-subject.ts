import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../../connectors/log/log.ts'
import type { Verified } from '../../../engine/replay/verify.ts'
import { type Position, positionSum } from '../../../engine/run/batch.ts'
import { type Child, nextLine, spawnTs } from '../../support/child.ts'
import type { Death } from './case.ts'
import type { Lived } from './lived.ts'
import type { PlainAnswer } from './plain.ts'
import type { WorldSpec } from './schema.ts'
import type { Declared, Pace } from './subject.ts'

/** Where a child stands. */
export interface Told {
  readonly events: number
  readonly position: readonly (readonly [topic: string, offsets: readonly string[]])[]
  readonly failed: readonly (readonly [view: string, error: string])[]
  readonly rows: Readonly<Record<string, PlainAnswer>>
  readonly deadLetters: number
}

/** The loop in a process of its own, which is killed, and started again on what it left behind. */
export class KilledSubject implements Lived {
  readonly log: Log
  readonly #dir: string
  readonly #world: WorldSpec
  #views: Declared['views']
  readonly #recomputeRowsMax: number
  #child: Child | undefined
  /** Batches that this child was asked for. */
  #batches = 0
  #death: Death | undefined
  #timer: NodeJS.Timeout | undefined
  #pace = '1000 constants'
  #told: Told = { events: 0, position: [], failed: [], rows: {}, deadLetters: 0 }
  /** Processes that were killed, by where: for whoever wants to know that the places are met. */
  readonly deaths = new Map<string, number>()

  private constructor(dir: string, log: Log, world: WorldSpec, views: Declared['views'], recomputeRowsMax: number) {
    this.#recomputeRowsMax = recomputeRowsMax
    this.#dir = dir
    this.log = log
    this.#world = world
    this.#views = views
  }

  /** Nothing runs before `restart` or the first batch, so that a case may begin with a death. */
  static async open(world: WorldSpec, views: Declared['views'], recomputeRowsMax = 0): Promise<KilledSubject> {
    const dir = mkdtempSync(join(tmpdir(), 'evert-killed-'))
    return new KilledSubject(dir, await openEmbeddedLog(join(dir, 'log')), world, views, recomputeRowsMax)
  }

  get position(): Position {
    return new Map(this.#told.position.map(([topic, offsets]) => [topic, offsets.map(BigInt)]))
  }

  get live(): readonly string[] {
    return Object.keys(this.#told.rows)
  }

  get failed(): ReadonlyMap<string, string> {
    return new Map(this.#told.failed)
  }

  async rows(view: string): Promise<PlainAnswer> {
    return this.#told.rows[view] as PlainAnswer
  }

  async deadLetters(): Promise<number> {
    return this.#told.deadLetters
  }

  pace({ events, literalEventsMax }: Pace): void {
    this.#pace = `${events} ${literalEventsMax === undefined ? 'constants' : 'parameters'}`
  }

  /** Kills the process where it stands; the next one lives until `death`. */
  async kill(death: Death): Promise<void> {
    const child = this.#child
    if (child) {
      await child.kill()
      this.#bury('between batches')
    }
    this.#death = death
  }

  /** Stops as an engine does that is told to. */
  async restart(declared?: Declared): Promise<void> {
    if (declared) this.#views = declared.views
    const child = this.#child
    if (!child) return
    clearTimeout(this.#timer)
    child.send('end')
    await child.ended
    if (child.process.exitCode !== 0) await this.#mourn(child)
    this.#child = undefined
  }

  /** A batch; where there is no process, its start; where it did not survive, the start of the next one. Then there may be more. */
  async step(): Promise<number> {
    const child = this.#child
    if (!child) return this.#start()
    child.send(this.#pace)
    this.#killIn(child, ++this.#batches)
    return (await this.#hear(child)) ?? this.#start()
  }

  async verify(view: string): Promise<Verified> {
    this.#child?.send(`verify ${view}`)
    return JSON.parse(await nextLine(this.#child as Child)) as Verified
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#child?.kill()
    await this.log.close()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  async #start(): Promise<number> {
    const place = this.#death && 'place' in this.#death ? { EVERT_CRASH_AT: this.#death.place } : undefined
    const args = [this.#dir, JSON.stringify(this.#world), JSON.stringify(this.#views), String(this.#recomputeRowsMax)]
    const child = await spawnTs('test/oracle/support/killed-child.ts', args, place)
    this.#child = child
    this.#batches = 0
    this.#killIn(child, 0)
    const events = await this.#hear(child)
    return events === undefined ? this.#start() : 1
  }

  #killIn(child: Child, batches: number): void {
    const death = this.#death
    if (death && 'batches' in death && death.batches === batches) this.#timer = setTimeout(() => child.process.kill('SIGKILL'), death.ms)
  }

  /** The batch's events as the child tells them; undefined when it was killed instead. What it told of before must be there still. */
  async #hear(child: Child): Promise<number | undefined> {
    const told = await answerOf(child)
    if (!told) return this.#mourn(child)
    const before = this.position
    this.#told = told
    if (positionSum(this.position) < positionSum(before))
      throw new Error(`a batch that was committed is gone: ${JSON.stringify(told.position)}`)
    return told.events
  }

  async #mourn(child: Child): Promise<undefined> {
    const { code, errors } = await child.ended
    if (child.process.signalCode !== 'SIGKILL') throw new Error(`the engine's process ended with ${code}: ${errors}`)
    const death = this.#death
    this.#bury(
      death === undefined ? 'unbidden' : 'place' in death ? death.place.replace(/:.*/, '') : death.batches === 0 ? 'start' : 'batch',
    )
  }

  #bury(where: string): void {
    clearTimeout(this.#timer)
    this.deaths.set(where, (this.deaths.get(where) ?? 0) + 1)
    this.#death = undefined
    this.#child = undefined
  }
}

/** Its next line; undefined where it ended before the line's end. */
async function answerOf(child: Child): Promise<Told | undefined> {
  const { value, done } = await child.lines.next()
  try {
    return done ? undefined : (JSON.parse(value) as Told)
  } catch {
    return undefined // cut off in the middle of a line
  }
}
