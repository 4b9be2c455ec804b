import { afterEach, expect, it } from 'vitest'
import { AppenderProcess } from './support/appender.ts'
import { checkFile, checkLog, checkWarehouse } from './support/check-warehouse.ts'
import { type EngineChild, startChild } from './support/engine-child.ts'
import type { TempProject } from './support/project.ts'
import { type Random, randomOf, roundsOf, seed } from './support/random.ts'
import { warehouse } from './support/warehouse.ts'

const rounds = roundsOf(8, 1)
/** A log per so many kills, so that a long campaign does not drag an ever longer history along. */
const roundsPerLog = 25
const points = ['batch-before-commit', 'batch-after-commit', 'processor-after-log', 'processor-after-state'] as const

const open: { destroy(): void }[] = []
const processes: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of processes.splice(0)) await one.stop()
  for (const one of open.splice(0)) one.destroy()
})

const logs = Array.from({ length: Math.ceil(rounds / roundsPerLog) }, (_, i) => i)

it.each(logs)(
  `kill -9 of the engine, ${rounds} rounds (EVERT_CRASH_SEED=${seed}), log %i: nothing lost, nothing twice, every view its recomputation`,
  async (number) => {
    const random = randomOf(seed + number)
    const project = warehouse()
    open.push(project)
    const appender = await AppenderProcess.start(project.root, seed + number)
    processes.push(appender)
    for (let round = 0; round < Math.min(rounds - number * roundsPerLog, roundsPerLog); round++) {
      const isNamed = round % 2 === 0
      await (isNamed
        ? killedAt(project, appender, `${points[(round / 2) % points.length]}:${1 + random.below(4)}`)
        : killedAnyTime(project, appender, random))
      // Every few rounds all is looked at; in between one crash follows on another's.
      if (round % 8 === 7 || round === rounds - 1) await checked(project, appender)
    }
    await checked(project, appender)
    await checkFile(project.views)
    await checkLog(project.dataDir, appender.acknowledged)
  },
)

/** Events keep coming until the engine has come to the place and died there. */
async function killedAt(project: TempProject, appender: AppenderProcess, crashAt: string): Promise<void> {
  const engine = await startChild(project.root, project.dataDir, { crashAt })
  await Promise.race([engine.ready, engine.ended]) // else thousands of events are appended before it lives
  for (let bursts = 0; engine.isAlive() && bursts < 2_000; bursts += 5) await appender.append(5)
  expect(await engine.ended, `at ${crashAt}: ${engine.log()}`).toMatchObject({ signal: 'SIGKILL' })
}

/** While it starts, or after some acknowledged events. */
async function killedAnyTime(project: TempProject, appender: AppenderProcess, random: Random): Promise<void> {
  const engine = await startChild(project.root, project.dataDir)
  if (random.below(4) > 0) await engine.ready
  await appender.append(random.below(60))
  await engine.kill()
  expect((await engine.ended).signal, engine.log()).toBe('SIGKILL')
}

async function checked(project: TempProject, appender: AppenderProcess): Promise<void> {
  const engine: EngineChild = await startChild(project.root, project.dataDir)
  await engine.ready
  await appender.append(10)
  await checkWarehouse(await engine.service(), appender.acknowledged)
  expect(await engine.stop(), engine.log()).toBe(0)
}
