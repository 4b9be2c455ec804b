import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { connectService } from '../../engine/serve/remote.ts'
import { EvertError } from '../../errors.ts'
import { AppenderProcess } from './support/appender.ts'
import { checkWarehouse } from './support/check-warehouse.ts'
import { type EngineChild, startChild } from './support/engine-child.ts'
import type { TempProject } from './support/project.ts'
import { randomOf, roundsOf, seed } from './support/random.ts'
import { warehouse } from './support/warehouse.ts'

const rounds = roundsOf(3, 0.2)

const open: { destroy(): void }[] = []
const processes: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of processes.splice(0)) await one.stop()
  for (const one of open.splice(0)) one.destroy()
})

it(`the bank (EVERT_CRASH_SEED=${seed}): the total is 0 and two views are at one position at every read, across ${rounds} kills and replays`, async () => {
  const random = randomOf(seed)
  const project = warehouse()
  open.push(project)
  const appender = await AppenderProcess.start(project.root, seed)
  processes.push(appender)
  const reader = new Reader(project)
  const reading = reader.run()
  let engine: EngineChild | undefined
  try {
    for (let round = 0; round < rounds; round++) {
      engine = await startChild(project.root, project.dataDir)
      await engine.ready
      await reader.moreReads(5)
      const service = await engine.service()
      // A view of the bank is built anew under load, and swapped in while the reader reads.
      let isReplayed = false
      const replay = service.replay(random.pick(['balances', 'posted'])).finally(() => {
        isReplayed = true
      })
      await Promise.all([
        replay,
        (async () => {
          while (!isReplayed) await appender.append(5)
        })(),
      ])
      await reader.moreReads(5)
      if (round === rounds - 1) break
      await appender.append(random.below(20))
      await engine.kill()
    }
    await checkWarehouse(await (engine as EngineChild).service(), appender.acknowledged)
  } finally {
    reader.stop()
    await engine?.kill()
  }
  await reading
  expect(reader.wrong).toEqual([])
  expect(reader.reads).toBeGreaterThan(20)
})

/** Asks for the totals all the time; an engine that is dead or starting is asked again. */
class Reader {
  reads = 0
  readonly wrong: string[] = []
  readonly #project: TempProject
  #isStopped = false

  constructor(project: TempProject) {
    this.#project = project
  }

  stop(): void {
    this.#isStopped = true
  }

  async moreReads(count: number): Promise<void> {
    for (const wanted = this.reads + count; this.reads < wanted && this.wrong.length === 0; ) await pause(5)
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const service = await connectService(this.#project.dataDir)
        if (service) await this.#read(service)
        else await pause(10)
      } catch (thrown) {
        const isDead = thrown instanceof EvertError && thrown.code === 'engine-unreachable'
        if (!isDead) this.wrong.push(String(thrown))
      }
    }
  }

  async #read(service: NonNullable<Awaited<ReturnType<typeof connectService>>>): Promise<void> {
    const sums =
      '(SELECT coalesce(sum(balance), 0)::BIGINT FROM balances), (SELECT coalesce(sum(legs), 0)::BIGINT FROM balances), (SELECT coalesce(sum(transfers), 0)::BIGINT FROM posted)'
    const answer = await service.query(`SELECT ${sums}`)
    for await (const block of answer.rows) {
      for (const [total, legs, transfers] of block) {
        this.reads++
        const position = answer.position.transfers?.[0]
        const isRight = Number(total) === 0 && Number(legs) === 2 * Number(transfers) && String(transfers) === position
        if (!isRight) this.wrong.push(`total ${total}, legs ${legs}, transfers ${transfers} at position ${position}`)
      }
    }
  }
}
