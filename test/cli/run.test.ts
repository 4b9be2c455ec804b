/** `evert run` and the commands beside it, on a real engine. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectService } from '../../engine/serve/remote.ts'
import { builtCli } from './support/built-cli.ts'
import { type RunningEngine, startRun } from './support/engine.ts'
import { jsonLines, shopProject, type TestProject } from './support/project.ts'

let project: TestProject
const engines: RunningEngine[] = []

beforeEach(async () => {
  project = await shopProject()
})
afterEach(async () => {
  for (const engine of engines.splice(0)) {
    engine.kill('SIGKILL')
    await engine.ended
  }
  await project.remove()
})

async function start(env: NodeJS.ProcessEnv = {}): Promise<RunningEngine> {
  const engine = await startRun(project, [], env)
  engines.push(engine)
  return engine
}

/** As `statuses`, without a process a question. */
async function statusesNow(): Promise<unknown> {
  const service = await connectService(project.dataDir)
  const answer = await service?.query('SELECT orderId, status FROM order_view ORDER BY orderId')
  const found: string[] = []
  for await (const rows of answer?.rows ?? []) found.push(...rows.map((row) => row.join(',')))
  return found.join(' ')
}

async function statuses(): Promise<unknown> {
  const { out, err } = await project.evert(['query', 'SELECT orderId, status FROM order_view ORDER BY orderId', '--csv'])
  return out.trimEnd().split('\n').slice(1).join(' ') || err
}

const decided = 'o-1,validated o-2,rejected o-3,validated o-4,rejected'

describe('a running engine', () => {
  test('takes in what is appended, answers, and stops cleanly', async () => {
    const engine = await start()
    expect(engine.ready).toMatchObject({
      event: 'ready',
      pid: engine.pid,
      project: project.root,
      dataDir: project.dataDir,
      processors: ['validate_orders'],
    })
    const socket = String(engine.ready.socket)
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
    await project.evert(['append', 'shop', 'events/shop.ndjson'])
    await expect.poll(statusesNow, { timeout: 20_000 }).toBe(decided)
    const [status] = jsonLines((await project.evert(['status', '--json'])).out) as [Record<string, unknown>]
    expect(status).toMatchObject({ running: true, pid: engine.pid, lagEvents: 0, position: { shop: ['10'] } })
    for (const one of status.consumers as Record<string, string>[]) {
      expect(BigInt(one.read ?? '')).toBe(BigInt(one.applied ?? '') + BigInt(one.dead ?? '') + BigInt(one.skipped ?? ''))
    }
    expect((await project.evert(['verify'])).code).toBe(0)
    expect((await project.evert(['replay', 'order_view'])).code).toBe(0)
    expect(await statuses()).toBe(decided)
    const since = performance.now()
    engine.kill('SIGTERM')
    expect(await engine.ended).toBe(0)
    expect(performance.now() - since).toBeLessThan(5_000)
    expect(existsSync(socket)).toBe(false)
    expect(existsSync(join(project.dataDir, 'engine.json'))).toBe(false)
    expect(await statuses()).toBe(decided)
  })

  test('ends with 130 on Ctrl-C', async () => {
    const engine = await start()
    engine.kill('SIGINT')
    expect(await engine.ended).toBe(130)
  })

  test('is alone: a second one fails at once and names it', async () => {
    const engine = await start()
    const since = performance.now()
    const second = await project.evert(['run', '--json'])
    expect(performance.now() - since).toBeLessThan(5_000)
    expect({ code: second.code, out: second.out }).toEqual({ code: 4, out: '' })
    const { error } = JSON.parse(second.err)
    expect(error).toMatchObject({ code: 'engine-running', details: { pid: engine.pid } })
    expect(error.message).toContain(`process ${engine.pid} holds it since`)
    expect((await project.evert(['status'])).code).toBe(0)
  })

  test('after kill -9 the next one takes over', async () => {
    const first = await start()
    await project.evert(['append', 'shop', 'events/shop.ndjson'])
    first.kill('SIGKILL')
    expect(await first.ended).toBeNull()
    expect(existsSync(String(first.ready.socket))).toBe(true)
    const second = await start()
    expect(second.ready.socket).toBe(first.ready.socket)
    await expect.poll(statusesNow, { timeout: 20_000 }).toBe(decided)
  })

  test('waits for a command that holds the files for a moment', async () => {
    await project.evert(['run', '--until-caught-up'])
    await rm(join(project.dataDir, 'log'), { recursive: true })
    await rm(join(project.dataDir, 'views.duckdb'))
    const held = await DuckDBInstance.create(join(project.dataDir, 'views.duckdb'))
    const starting = start()
    // The log is opened before the store: from then on it has met the lock, or is about to.
    await expect.poll(() => existsSync(join(project.dataDir, 'log')), { timeout: 20_000 }).toBe(true)
    held.closeSync()
    expect(await starting).toMatchObject({ ready: { event: 'ready' } })
  })

  test('a query that it was answering when it was killed is an error, not a short answer', async () => {
    const engine = await start()
    const asking = spawn(process.execPath, [await builtCli(), 'query', 'SELECT range FROM range(1000000000)', '--json'], {
      cwd: project.root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    asking.stderr.on('data', (text) => {
      err += text
    })
    const ended = new Promise((resolve) => asking.on('close', resolve))
    asking.stdout.once('data', () => engine.kill('SIGKILL')).on('data', () => undefined)
    expect(await ended).toBe(4)
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'engine-unreachable' } })
  })

  test('halts when a stream says so, and tells why', async () => {
    const file = join(project.root, 'pipelines', 'shop.ts')
    await writeFile(
      file,
      (await readFile(file, 'utf8'))
        .replace("key: 'sku',\n  partitions: 1,", "key: 'sku',\n  partitions: 1,\n  onBad: 'halt',")
        .replace(
          'OrderRequested: (_state, event) => (',
          "OrderRequested: (_state, event) => event.quantity > 5 ? (() => { throw new Error('too many') })() : (",
        ),
    )
    const engine = await start()
    await project.evert(['append', 'shop', 'events/shop.ndjson'])
    expect(await engine.ended).toBe(1)
    expect(engine.log()).toContain('too many')
    expect(existsSync(String(engine.ready.socket))).toBe(false)
  })

  test('answers while the project on disk is broken', async () => {
    await start()
    await writeFile(join(project.root, 'pipelines', 'broken.ts'), 'export const = 1')
    expect((await project.evert(['status'])).code).toBe(0)
    const alone = await project.evert(['doctor', '--json'])
    expect(alone.code).toBe(1)
    expect(jsonLines(alone.out)).toContainEqual(
      expect.objectContaining({ check: 'project', state: 'failed', found: expect.stringContaining('broken.ts') }),
    )
  })

  test('serves from the temporary folder when its path is too long for a socket', async () => {
    const dataDir = join(project.root, 'd'.repeat(100))
    const engine = await start({ EVERT_DATA_DIR: dataDir })
    expect(String(engine.ready.socket).startsWith(dataDir)).toBe(false)
    expect(jsonLines((await project.evert(['status', '--json'], { env: { EVERT_DATA_DIR: dataDir } })).out)).toMatchObject([
      { running: true, pid: engine.pid },
    ])
  })
})

describe('without an engine', () => {
  test('--until-caught-up takes in all, with what processors make of it, and ends', async () => {
    await project.evert(['append', 'shop', 'events/shop.ndjson'])
    const { code, out } = await project.evert(['run', '--until-caught-up', '--json'])
    expect(code).toBe(0)
    expect(jsonLines(out)).toMatchObject([
      { event: 'ready' },
      { event: 'caught-up', position: { shop: ['10'] }, positionSum: '10' },
      { event: 'stopped' },
    ])
    expect(await statuses()).toBe(decided)
  })

  test('--until-caught-up names the views that failed, and ends with 1', async () => {
    await writeFile(
      join(project.root, 'sql', 'views', 'broken.sql'),
      'CREATE MATERIALIZED VIEW broken AS SELECT CAST(sku AS INTEGER) AS whole FROM shop.StockReceived',
    )
    await project.evert(['append', 'shop', 'events/shop.ndjson'])
    const { code, out, err } = await project.evert(['run', '--until-caught-up', '--json'])
    expect(code).toBe(1)
    expect(jsonLines(out)).toMatchObject([{ event: 'ready' }, { event: 'caught-up' }, { event: 'stopped' }])
    expect(JSON.parse(err.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'view-failed', details: { views: [{ view: 'broken', state: 'failed' }] } },
    })
    expect(await statuses()).toBe(decided)
  })

  test('several commands at once wait for each other', async () => {
    await project.evert(['run', '--until-caught-up'])
    const all = await Promise.all(Array.from({ length: 4 }, () => project.evert(['views', '--json'])))
    expect(all.map(({ code, err }) => ({ code, err }))).toEqual(all.map(() => ({ code: 0, err: '' })))
  })

  test('dead letters are listed, and counted', async () => {
    await project.evert(['run', '--until-caught-up'])
    await writeFile(
      join(project.root, 'pipelines', 'strict.ts'),
      `import { view } from 'evert'
       import { z } from 'zod'
       import { shop } from './shop.ts'
       export const strict = view('strict', { from: shop, key: 'orderId', state: z.object({ pieces: z.int() }), initial: { pieces: 0 },
         on: { OrderRequested: (_state, event) => { if (event.quantity > 5) throw new Error('too many'); return { pieces: event.quantity } } } })`,
    )
    await project.evert(['append', 'shop', 'events/shop.ndjson'])
    expect((await project.evert(['run', '--until-caught-up'])).code).toBe(0)
    const letters = jsonLines((await project.evert(['dead-letters', '--consumer', 'strict', '--json'])).out)
    expect(letters).toMatchObject([
      { consumer: 'strict', stream: 'shop', partition: 0, type: 'OrderRequested', reason: expect.stringContaining('too many') },
    ])
  })

  test('what cannot be done is refused', async () => {
    const refused: readonly (readonly [readonly string[], string])[] = [
      [['query', 'DROP TABLE order_view'], 'query-refused'],
      [['explain', 'nope'], 'view-unknown'],
      [['verify', 'nope'], 'view-unknown'],
    ]
    for (const [args, code] of refused) {
      const finished = await project.evert([...args, '--json'])
      expect(finished.code).toBe(2)
      expect(JSON.parse(finished.err)).toMatchObject({ error: { code } })
    }
  })
})

describe('a broken project', () => {
  test.each([
    [
      'a declaration',
      'pipelines/bad.ts',
      "import { stream } from 'evert'\nexport const bad = stream('shop', { event: 7 })",
      'declaration-invalid',
      'bad.ts:2',
    ],
    ['a view', 'sql/views/bad.sql', 'CREATE MATERIALIZED VIEW bad AS SELECT now() AS n FROM shop', 'sql-invalid', 'now'],
    ['settings', 'evert.config.ts', 'export default { logLevel: 7 }', 'config-invalid', 'logLevel'],
  ])('%s ends with 2 and names the place', async (_name, file, text, code, hint) => {
    await writeFile(join(project.root, file), text)
    const finished = await project.evert(['run', '--json'])
    expect(finished.code).toBe(2)
    expect(JSON.parse(finished.err).error).toMatchObject({ code, message: expect.stringContaining(hint) })
  })
})
