import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../limits.ts'
import { evert } from '../cli/support/built-cli.ts'
import { caughtUp, type EngineChild, startChild } from './support/engine-child.ts'
import { append, appendForeign, type Here, rows, startHere, withFiles } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { pipeline, sales, type Till, till, upTo } from './support/till.ts'

let project: TempProject
let here: Here | undefined
let child: EngineChild | undefined

beforeEach(() => {
  project = till()
})

afterEach(async () => {
  await here?.stop()
  here = undefined
  await child?.kill()
  child = undefined
  project.destroy()
})

async function start(): Promise<Here> {
  here = await startHere(project)
  return here
}

async function stop(): Promise<void> {
  await here?.stop()
  here = undefined
}

describe('a data directory has one engine', () => {
  it('the second fails at once and names the first; after kill -9 the lock is taken over', async () => {
    child = await startChild(project.root, project.dataDir)
    await child.ready
    const second = await evert(['run', '--project', project.root])
    expect(second).toMatchObject({ code: 4, err: expect.stringContaining(`process ${child.pid} holds it`) })
    await child.kill()
    child = await startChild(project.root, project.dataDir)
    await child.ready
    expect((await (await child.service()).status()).pid).toBe(child.pid)
  })

  it('SIGTERM ends it within its seconds under load, with 0, and nothing is lost', async () => {
    await append(project, 'sales', sales(upTo(5_000)))
    child = await startChild(project.root, project.dataDir)
    await child.ready
    let isAppending = true
    const appending = (async () => {
      let count = 0
      for (; isAppending; count += 50) await append(project, 'sales', sales(upTo(50)))
      return count
    })()
    const begin = performance.now()
    expect(await child.stop(), child.log()).toBe(0)
    expect(performance.now() - begin).toBeLessThan(limits.stopMsMax)
    isAppending = false
    const events = 5_000 + (await appending)
    const { service } = await start()
    await caughtUp(service)
    expect(await rows(service, 'counted')).toEqual([`a ${events / 2}`, `b ${events / 2}`])
  })
})

describe('a position that is not of this log', () => {
  const logDir = () => join(project.dataDir, 'log')

  async function refused(says: string): Promise<void> {
    await expect(startHere(project)).rejects.toMatchObject({
      code: 'position-mismatch',
      message: expect.stringMatching(/remove the file views\.duckdb/i),
    })
    await expect(startHere(project)).rejects.toThrow(says)
    // Nor does anything else build upon it.
    await expect(withFiles(project, (service) => service.replay('totals'))).rejects.toMatchObject({ code: 'position-mismatch' })
    // The remedy.
    for (const file of [project.views, `${project.views}.wal`]) rmSync(file, { force: true })
    await caughtUp((await start()).service)
  }

  it('beyond its end: the log is an older copy', async () => {
    await append(project, 'sales', sales([1, 2]))
    cpSync(logDir(), `${logDir()}.copy`, { recursive: true })
    await append(project, 'sales', sales([3, 4]))
    await caughtUp((await start()).service)
    await stop()
    rmSync(logDir(), { recursive: true })
    cpSync(`${logDir()}.copy`, logDir(), { recursive: true })
    await refused('the log ends at 2')
    expect(await rows((here as Here).service, 'totals')).toEqual(['a 1', 'b 2'])
  })

  it('of another log', async () => {
    await append(project, 'sales', sales([1]))
    await caughtUp((await start()).service)
    await stop()
    rmSync(logDir(), { recursive: true })
    await append(project, 'sales', sales([5]))
    await refused('this log is')
    expect(await rows((here as Here).service, 'totals')).toEqual(['a 5'])
  })

  it('of a topic that was made anew', async () => {
    await append(project, 'sales', sales([1]))
    await caughtUp((await start()).service)
    await stop()
    const instance = await DuckDBInstance.create(project.views)
    const connection = await instance.connect()
    await connection.run(`UPDATE _evert.positions SET topic_id = 'another'`)
    connection.closeSync()
    instance.closeSync()
    await refused('was made anew')
  })
})

describe('bad events', () => {
  const policy = (onBad: NonNullable<Till['onBad']>) => project.write({ 'pipelines/till.ts': pipeline({ onBad }) })
  const bad = '{"item":"a","amount":1.5,"note":""}'
  const counts = async ({ service }: Here, consumer: string) => {
    const found = (await service.status()).consumers.find((one) => one.consumer === consumer)
    return found && [found.read, found.applied, found.dead, found.skipped].map(Number)
  }

  it('dead-letter keeps them, for decoding and for a fold, and evert dead-letters shows them', async () => {
    await append(project, 'sales', sales([1, 2]))
    await appendForeign(project, 'sales', [bad])
    await append(project, 'sales', sales([13, 4]))
    const engine = await start()
    await caughtUp(engine.service)
    expect(await rows(engine.service, 'totals')).toEqual(['a 14', 'b 6'])
    expect(await rows(engine.service, 'counted')).toEqual(['a 1', 'b 2'])
    expect(await counts(engine, 'views')).toEqual([5, 4, 1, 0])
    expect(await counts(engine, 'counted')).toEqual([4, 3, 1, 0])
    await stop()
    const shown = await evert(['dead-letters', '--json', '--project', project.root])
    const letters = shown.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { consumer: string; offset: string; value: string })
    expect(letters.map(({ consumer, offset }) => `${consumer}@${offset}`).sort()).toEqual(['counted@3', 'views@2'])
    expect(letters.find(({ consumer }) => consumer === 'views')?.value).toBe(bad)
  })

  it('skip counts them', async () => {
    policy('skip')
    await append(project, 'sales', sales([1, 13]))
    await appendForeign(project, 'sales', [bad])
    const engine = await start()
    await caughtUp(engine.service)
    expect(await counts(engine, 'views')).toEqual([3, 2, 0, 1])
    expect(await counts(engine, 'counted')).toEqual([2, 1, 0, 1])
    expect(await engine.service.deadLetters()).toEqual([])
  })

  it.each([
    ['that cannot be decoded', [1, 2], bad, 'sales/0@2: views cannot'],
    ['that a fold refuses', [1, 2, 13], undefined, 'sales/0@2: counted cannot'],
  ])('halt stops at one %s, with its place; mended, it goes on', async (_what, amounts, foreign, place) => {
    policy('halt')
    await caughtUp((await start()).service)
    await stop()
    await append(project, 'sales', sales(amounts))
    if (foreign !== undefined) await appendForeign(project, 'sales', [foreign])
    const { engine } = await start()
    await expect(engine.done).rejects.toMatchObject({ code: 'event-refused', message: expect.stringContaining(place) })
    here = undefined
    policy('dead-letter')
    // A fold's version is its module's: the policy stands in the same file, so the fold is built anew.
    await withFiles(project, (service) => service.replay('counted'))
    const mended = await start()
    await caughtUp(mended.service)
    expect(await rows(mended.service, 'counted')).toEqual(['a 1', 'b 1'])
    expect(await mended.service.deadLetters()).toHaveLength(1)
  })
})
