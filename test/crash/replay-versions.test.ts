import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkFile } from './support/check-warehouse.ts'
import { caughtUp } from './support/engine-child.ts'
import { append, type Here, rows, startHere, withFiles } from './support/here.ts'
import type { TempProject } from './support/project.ts'
import { pipeline, sales, till, totals, upTo, viewFile } from './support/till.ts'

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

/** 200 sales of 100, 101, … of a and b in turn: a has 19900 of them, b 20000. */
async function sold(): Promise<void> {
  await append(project, 'sales', sales(upTo(200)))
}

async function start(): Promise<Here> {
  here = await startHere(project)
  await caughtUp(here.service)
  return here
}

async function stop(): Promise<void> {
  await here?.stop()
  here = undefined
}

/** Each total and one more: another definition, whose rows tell it from the first. */
const totalsPlusOne = 'SELECT item, sum(amount) + 1 AS total FROM sales GROUP BY item'
const afterOne = { totals: ['a 19901', 'b 20001'], best: ['b 20001'] }
const atFirst = { totals: ['a 19900', 'b 20000'], best: ['b 20000'], counted: ['a 100', 'b 100'] }

describe('a changed definition', () => {
  it('is refused by run, which names the replay; the replay in no engine builds it and what reads it', async () => {
    await sold()
    await start()
    await stop()
    project.write(viewFile('totals', totalsPlusOne))
    await expect(startHere(project)).rejects.toMatchObject({
      code: 'definition-changed',
      message: expect.stringContaining('evert replay totals'),
    })
    await withFiles(project, async (service) => {
      expect(await service.replay('totals')).toMatchObject({ view: 'totals', events: 200, rows: 2 })
      expect(await rows(service, 'best')).toEqual(afterOne.best)
    })
    const { service } = await start()
    expect(await rows(service, 'totals')).toEqual(afterOne.totals)
    expect(await rows(service, 'best')).toEqual(afterOne.best)
    await stop()
    await checkFile(project.views)
  })

  it('is built by a replay beside the running engine, and kept up to date by it from then on', async () => {
    await sold()
    const { service } = await start()
    project.write(viewFile('totals', totalsPlusOne))
    await service.replay('totals')
    expect(await rows(service, 'totals')).toEqual(afterOne.totals)
    expect(await rows(service, 'best')).toEqual(afterOne.best)
    await append(project, 'sales', [{ data: { item: 'a', amount: 1_000, note: '' } }])
    await caughtUp(service)
    expect(await rows(service, 'totals')).toEqual(['a 20901', 'b 20001'])
    expect(await rows(service, 'best')).toEqual(['a 20901'])
  })

  it('of a fold is one of its code', async () => {
    await sold()
    await start()
    await stop()
    project.write({ 'pipelines/till.ts': pipeline({ step: 2 }) })
    await expect(startHere(project)).rejects.toMatchObject({ code: 'definition-changed' })
    await withFiles(project, (service) => service.replay('counted'))
    expect(await rows((await start()).service, 'counted')).toEqual(['a 200', 'b 200'])
  })

  it('before the first event is replaced by a replay too, and one version is left', async () => {
    await start()
    await stop()
    project.write(viewFile('totals', totalsPlusOne))
    await expect(startHere(project)).rejects.toMatchObject({ code: 'definition-changed' })
    await withFiles(project, (service) => service.replay('counted')) // of another view: it must not touch this one
    await expect(startHere(project)).rejects.toMatchObject({ code: 'definition-changed' })
    await withFiles(project, (service) => service.replay('totals'))
    await sold()
    const { service } = await start()
    expect(await rows(service, 'totals')).toEqual(afterOne.totals)
    await stop()
    await checkFile(project.views)
  })

  it('of a stream that the engine runs with is not replayed in it', async () => {
    await sold()
    const { service } = await start()
    project.write({ 'pipelines/till.ts': pipeline().replace('note: z.string()', 'note: z.string(), more: z.string().optional()') })
    await expect(service.replay('totals')).rejects.toMatchObject({
      code: 'definition-changed',
      message: expect.stringContaining('Stop the engine'),
    })
  })
})

describe('an interrupted replay', () => {
  it('leaves no trace in a running engine, and none in the files', async () => {
    await sold()
    const { service } = await start()
    project.write(viewFile('totals', totalsPlusOne))
    const stopping = new AbortController()
    await expect(service.replay('totals', { signal: stopping.signal, onProgress: () => stopping.abort() })).rejects.toMatchObject({
      code: 'interrupted',
    })
    expect(await rows(service, 'totals')).toEqual(atFirst.totals)
    expect((await service.status()).replays).toEqual([])
    await stop()
    await checkFile(project.views)
    const second = new AbortController()
    await withFiles(project, (files) =>
      expect(files.replay('totals', { signal: second.signal, onProgress: () => second.abort() })).rejects.toMatchObject({
        code: 'interrupted',
      }),
    )
    await checkFile(project.views)
    project.write(viewFile('totals', totals))
    expect(await rows((await start()).service, 'totals')).toEqual(atFirst.totals)
  })

  it('by the stop of the engine leaves none either', async () => {
    await sold()
    const { service } = await start()
    let hasBegun = () => undefined as undefined
    const begun = new Promise<void>((resolve) => {
      hasBegun = () => resolve() as undefined
    })
    const replay = service.replay('totals', { onProgress: hasBegun }).then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
    await begun
    await stop()
    expect(await replay).toMatch(/^(interrupted|done)$/)
    await checkFile(project.views)
  })
})

it('two replays of one view at a time: the second is refused', async () => {
  await sold()
  const { service } = await start()
  const first = service.replay('totals')
  await expect(service.replay('TOTALS')).rejects.toMatchObject({ code: 'replay-busy' })
  expect(await first).toMatchObject({ view: 'totals', rows: 2 })
  expect(await service.replay('totals')).toMatchObject({ view: 'totals', rows: 2 })
})

describe('a lost DuckDB file', () => {
  const lose = () => {
    for (const file of [project.views, `${project.views}.wal`]) rmSync(file, { force: true })
  }

  it('loses nothing but time', async () => {
    await sold()
    await start()
    await stop()
    lose()
    const { service } = await start()
    for (const [view, wanted] of Object.entries(atFirst)) expect(await rows(service, view), view).toEqual(wanted)
  })

  it('and a changed definition: refused as changed, since the log knows', async () => {
    await sold()
    await start()
    await stop()
    lose()
    project.write(viewFile('totals', totalsPlusOne))
    await expect(startHere(project)).rejects.toMatchObject({
      code: 'definition-changed',
      message: expect.stringContaining('evert replay totals'),
    })
    await withFiles(project, (service) => service.replay('totals'))
    const { service } = await start()
    expect(await rows(service, 'totals')).toEqual(afterOne.totals)
    expect(await rows(service, 'best')).toEqual(afterOne.best)
  })
})

describe('a project that changes', () => {
  it('a new view over history is built on start beside the live ones; a removed one is dropped, and said', async () => {
    await sold()
    await start()
    await stop()
    project.write(
      viewFile(
        'pairs',
        'SELECT one.item, other.item AS other FROM sales AS one JOIN sales AS other ON one.amount + 1 = other.amount WHERE one.amount < 102',
      ),
    )
    const second = await start()
    expect(await rows(second.service, 'pairs')).toEqual(['a b', 'b a'])
    expect(await rows(second.service, 'totals')).toEqual(atFirst.totals)
    await stop()
    await checkFile(project.views)
    project.remove('sql/views/pairs.sql')
    const third = await start()
    expect(third.said.join('\n')).toContain('pairs is no longer declared')
    await expect(rows(third.service, 'pairs')).rejects.toMatchObject({ code: 'query-refused' })
    await stop()
    await checkFile(project.views)
    // Another view of that name is a new one, not a changed one.
    project.write(viewFile('pairs', 'SELECT item FROM sales WHERE amount = 100'))
    expect(await rows((await start()).service, 'pairs')).toEqual(['a'])
  })

  it('a new view that raises is named, and the other new ones are built', async () => {
    await sold()
    await start()
    await stop()
    project.write({
      ...viewFile('raises', 'SELECT CAST(note AS INTEGER) AS number FROM sales'),
      ...viewFile('over', 'SELECT count(*) AS n FROM raises'),
      ...viewFile('sound', 'SELECT count(*) AS n FROM sales'),
    })
    const { service } = await start()
    expect(await rows(service, 'sound')).toEqual(['200'])
    expect((await service.status()).failedViews.map(({ view }) => view).sort()).toEqual(['over', 'raises'])
    await expect(rows(service, 'raises')).rejects.toMatchObject({ code: 'view-failed' })
  })
})

describe('a view that fails at run time', () => {
  it.each(['twelve', 'FATAL', 'No space left on device', "INTERRUPT Error: it's"])(
    'is not served, the others go on, and a replay after mending brings it back (%s)',
    async (note) => {
      project.write({
        ...viewFile('numbers', 'SELECT item, max(CAST(note AS INTEGER)) AS number FROM sales GROUP BY item'),
        ...viewFile('over', 'SELECT count(*) AS n FROM numbers'),
      })
      const { service, said } = await start()
      await append(project, 'sales', sales([1, 2], '7'))
      await caughtUp(service)
      expect(await rows(service, 'numbers')).toEqual(['a 7', 'b 7'])
      await append(project, 'sales', sales([3, 4], note))
      await append(project, 'sales', sales(upTo(200), '8')) // in large batches too
      await caughtUp(service)
      expect(await rows(service, 'counted')).toEqual(['a 102', 'b 102'])
      for (const view of ['numbers', 'over']) await expect(rows(service, view)).rejects.toMatchObject({ code: 'view-failed' })
      expect((await service.status()).failedViews.map(({ view }) => view).sort()).toEqual(['numbers', 'over'])
      expect(said.join('\n')).toContain('The view numbers failed')
      await expect(service.replay('numbers')).rejects.toMatchObject({ code: 'replay-failed' })
      project.write(viewFile('numbers', 'SELECT item, max(TRY_CAST(note AS INTEGER)) AS number FROM sales GROUP BY item'))
      await service.replay('numbers')
      expect(await rows(service, 'numbers')).toEqual(['a 8', 'b 8'])
      expect(await rows(service, 'over')).toEqual(['2'])
      expect((await service.status()).failedViews).toEqual([])
      await stop()
      await checkFile(project.views)
    },
  )
})

it('a replay of a fold does not double its dead letters, nor its counts', async () => {
  await append(project, 'sales', sales([13, 1, 13, 13, ...upTo(50)]))
  const { service } = await start()
  const told = async () => ({
    letters: await service.deadLetters(),
    counts: (await service.status()).consumers.find(({ consumer }) => consumer === 'counted'),
  })
  const before = await told()
  expect(before.letters.map(({ consumer, offset }) => `${consumer}@${offset}`)).toEqual(['counted@3', 'counted@2', 'counted@0'])
  expect(before.counts).toEqual({ consumer: 'counted', stream: 'sales', read: '54', applied: '51', dead: '3', skipped: '0' })
  await service.replay('counted')
  await service.replay('counted')
  expect(await told()).toEqual(before)
})

it('a repaired view takes along the views over it', async () => {
  await sold()
  await start()
  await stop()
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(project.views)
  const connection = await instance.connect()
  const [row] = (await connection.runAndReadAll(`SELECT "table" FROM _evert.versions WHERE name = 'best'`)).getRows()
  const table = String(row?.[0])
  const [column] = (
    await connection.runAndReadAll(
      `SELECT column_name FROM duckdb_columns() WHERE schema_name = '_state' AND table_name = '${table}' AND data_type IN ('BIGINT', 'HUGEINT') ORDER BY column_index`,
    )
  ).getRows()
  await connection.run(`UPDATE _state."${table}" SET "${String(column?.[0])}" = 5`)
  connection.closeSync()
  instance.closeSync()
  await withFiles(project, (service) => service.replay('totals'))
  expect(await rows((await start()).service, 'best')).toEqual(atFirst.best)
})
