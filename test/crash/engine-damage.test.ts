import { copyFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EvertError } from '../../errors.ts'
import { flip, overwrite, sizeOf } from './support/damage.ts'
import { caughtUp } from './support/engine-child.ts'
import { append, type Here, rows, startHere, withFiles } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { sales, till, upTo, viewFile } from './support/till.ts'

let project: TempProject
let here: Here | undefined

beforeEach(() => {
  project = till()
})

afterEach(async () => {
  await here?.stop()
  here = undefined
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

const wanted = { totals: ['a 19900', 'b 20000'], best: ['b 20000'], counted: ['a 100', 'b 100'] }

/** 200 sales, views that stand on disk. */
async function kept(): Promise<void> {
  await append(project, 'sales', sales(upTo(200)))
  await caughtUp((await start()).service)
  await stop()
}

async function allThere(): Promise<void> {
  const { service } = here ?? (await start())
  await caughtUp(service)
  for (const [view, found] of Object.entries(wanted)) expect(await rows(service, view), view).toEqual(found)
}

describe('a damaged DuckDB file', () => {
  it.each([
    ['its first header', 0, 100],
    ['all of its headers', 0, 12_288],
    ['its first block', 12_288, 5_000],
  ])('%s: is set aside with its date, loudly, and built anew from the log', async (_what, from, bytes) => {
    await kept()
    overwrite(project.views, from, bytes)
    const { said } = await start()
    expect(said.join('\n')).toMatch(
      /error: The DuckDB file could not be read and was set aside as .*views\.duckdb\.unreadable-\d{4}-\d\d-\d\dT/,
    )
    expect(readdirSync(project.dataDir).filter((name) => /^views\.duckdb\.unreadable-\d{4}-/.test(name))).toHaveLength(1)
    await allThere()
  })

  it('that shows only when it is read: the engine halts, serves nothing wrong, and the next one builds it anew', async () => {
    project.write(viewFile('wide', 'SELECT item, amount, note FROM sales'))
    await append(project, 'sales', sales(upTo(200), 'n'.repeat(3_000)))
    await caughtUp((await start()).service)
    await stop()
    // Every block but the first, which holds what is read on opening.
    const size = sizeOf(project.views)
    await damageRows(size)
    const damaged = await startHere(project).then((engine) => {
      here = engine
      return engine
    })
    const answer = await rows(damaged.service, 'wide').catch((error: { code: string }) => error.code)
    // Either the damage was found on the way up, and mended, or the answer says what is the matter.
    if (!damaged.said.join('\n').includes('was set aside')) expect(answer).toBe('store-unreadable')
    await stop()
    const { service } = await start()
    await caughtUp(service)
    expect(await rows(service, 'wide')).toHaveLength(200)
    await allThere()
  })

  it('in its write-ahead log: what the views lose is read again', async () => {
    await kept()
    await append(project, 'sales', sales([7, 8]))
    await caughtUp((await start()).service)
    // As a power cut leaves it: the write-ahead log is there, and part of it is not what was written.
    for (const file of [project.views, `${project.views}.wal`]) copyFileSync(file, `${file}.copy`)
    await stop()
    for (const file of [project.views, `${project.views}.wal`]) renameSync(`${file}.copy`, file)
    overwrite(`${project.views}.wal`, sizeOf(`${project.views}.wal`) >> 1, 100)
    const { service } = await start()
    await caughtUp(service)
    expect(await rows(service, 'totals')).toEqual(['a 19907', 'b 20008'])
  })
})

/** Overwrites the blocks that hold the rows of `wide`. */
async function damageRows(size: number): Promise<void> {
  const instance = await DuckDBInstance.create(project.views)
  const connection = await instance.connect()
  const [row] = (await connection.runAndReadAll(`SELECT "table" FROM _evert.versions WHERE name = 'wide'`)).getRows()
  const blocks = (
    await connection.runAndReadAll(`SELECT DISTINCT block_id FROM pragma_storage_info('_state."${String(row?.[0])}"') WHERE block_id >= 0`)
  ).getRows()
  connection.closeSync()
  instance.closeSync()
  expect(blocks.length).toBeGreaterThan(0)
  for (const [block] of blocks) {
    const from = 3 * 4_096 + Number(block) * 262_144 + 100
    if (from + 4_000 < size) overwrite(project.views, from, 4_000)
  }
}

describe('a damaged record of the log', () => {
  const logFile = () => join(project.dataDir, 'log', 'data.mdb')

  it('that the views have not seen: the engine halts naming topic, partition and offset', async () => {
    await kept()
    await append(project, 'sales', [{ data: { item: 'a', amount: 1, note: 'good' } }])
    await append(project, 'sales', [{ data: { item: 'a', amount: 1, note: 'to-be-damaged' } }])
    flip(logFile(), 'to-be-damaged')
    const { engine } = await start()
    const error = await engine.done.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'log-corrupt', details: { topic: 'sales', partition: 0 } })
    expect((error as EvertError).exitCode).toBe(1)
    expect(String(error)).toMatch(/sales.*20[01]/)
    here = undefined
    // What was sound before it stands; nothing of the damaged event is in a view.
    await withFiles(project, async (service) => expect((await rows(service, 'counted'))[0]).toMatch(/^a 10[01]$/))
  })

  it('that the views have seen: they stand, and a replay of it fails without a trace', async () => {
    await append(project, 'sales', [{ data: { item: 'a', amount: 100, note: 'to-be-damaged' } }])
    await caughtUp((await start()).service)
    await stop()
    flip(logFile(), 'to-be-damaged')
    const { service } = await start()
    await expect(service.replay('totals')).rejects.toMatchObject({ code: 'log-corrupt', details: { topic: 'sales', partition: 0 } })
    expect(await rows(service, 'totals')).toEqual(['a 100'])
    await append(project, 'sales', sales([1]))
    await caughtUp(service)
    expect(await rows(service, 'totals')).toEqual(['a 101'])
  })
})
