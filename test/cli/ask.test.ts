/** The commands that ask a running engine, over the real socket; the engine behind it is a fake. */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../../engine/serve/service.ts'
import { type ServedSocket, serveSocket } from '../../engine/serve/socket.ts'
import { EvertError } from '../../errors.ts'
import { builtCli } from './support/built-cli.ts'
import { deferred } from './support/deferred.ts'
import { batches, fakePlan, fakeService, fakeStatus, fakeVerified, fakeView, manyRows } from './support/fake-service.ts'
import { jsonLines, shopProject, type TestProject } from './support/project.ts'

let project: TestProject
let socket: ServedSocket | undefined

beforeAll(async () => {
  project = await shopProject()
  await mkdir(project.dataDir)
})
afterEach(async () => {
  await socket?.close()
  socket = undefined
})
afterAll(() => project.remove())

async function serve(overrides: Partial<Service> = {}): Promise<void> {
  socket = await serveSocket(fakeService(overrides), project.dataDir)
}

describe('query', () => {
  test('prints an aligned table, and the position beside it', async () => {
    await serve()
    const { code, out, err } = await project.evert(['query', 'FROM totals'])
    expect({ code, out }).toEqual({ code: 0, out: 'sku  total\na        3\nb\n' })
    expect(err).toBe('2 rows at shop 0:7\n')
  })

  test('prints objects for machines', async () => {
    await serve()
    const { out, err } = await project.evert(['query', 'FROM totals', '--json'])
    expect(jsonLines(out)).toEqual([
      { sku: 'a', total: '3' },
      { sku: 'b', total: null },
    ])
    expect(JSON.parse(err)).toEqual({ rows: 2, position: { shop: ['7'] } })
  })

  test('prints CSV', async () => {
    await serve()
    expect((await project.evert(['query', 'FROM totals', '--csv'])).out).toBe('sku,total\na,3\nb,\n')
  })

  test('reads SQL from standard input, and hands limits on', async () => {
    const asked: unknown[] = []
    await serve({
      query: (sql, options) => {
        asked.push(sql, options)
        return fakeService().query(sql)
      },
    })
    const { code } = await project.evert(['query', '--file', '-', '--limit-rows', '5', '--timeout', '2'], { input: 'SELECT 1' })
    expect(code).toBe(0)
    expect(asked).toEqual(['SELECT 1', { rowsMax: 5, timeoutMs: 2_000 }])
  })

  test('prints a large answer whole', async () => {
    await serve({
      query: async () => ({
        columns: [
          { name: 'n', type: 'BIGINT' },
          { name: 't', type: 'VARCHAR' },
        ],
        position: {},
        rows: manyRows(100, 1_000),
      }),
    })
    const { out } = await project.evert(['query', 'SELECT', '--csv'])
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(100_001)
    expect(lines.at(-1)).toBe('99999,row 99999')
  })

  test('ends quietly when its reader goes, and ends the work in the engine', async () => {
    const ended = deferred()
    await serve({ query: async () => ({ columns: [{ name: 'n', type: 'BIGINT' }], position: {}, rows: endless(ended.resolve) }) })
    const child = spawn(process.execPath, [await builtCli(), 'query', 'SELECT'], { cwd: project.root, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.once('data', () => child.stdout.destroy())
    let err = ''
    child.stderr.on('data', (text) => (err += text))
    const code = await new Promise((resolve) => child.on('close', resolve))
    await ended.promise
    expect(code).toBe(0)
    expect(err).not.toMatch(/EPIPE|error/)
  })

  test('tells an error with its exit code, before the rows or after some', async () => {
    await serve({
      query: async (sql) => {
        if (sql === 'DROP') throw new EvertError('query-refused', 'Cannot run DROP: only SELECT.')
        return { columns: [{ name: 'n', type: 'BIGINT' }], position: {}, rows: failing() }
      },
    })
    expect(await project.evert(['query', 'DROP'])).toEqual({
      code: 2,
      out: '',
      err: 'error query-refused: Cannot run DROP: only SELECT.\n',
    })
    const late = await project.evert(['query', 'SELECT', '--json'])
    expect(late.code).toBe(1)
    expect(JSON.parse(late.err)).toMatchObject({ error: { code: 'query-failed', message: 'Conversion error', canRetry: false } })
  })

  test('an engine that dies in the middle is an error, never a short answer', async () => {
    await serve({ query: async () => ({ columns: [{ name: 'n', type: 'BIGINT' }], position: {}, rows: stuckAfterOne() }) })
    const child = spawn(process.execPath, [await builtCli(), 'query', 'SELECT', '--json'], {
      cwd: project.root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.once('data', () => void socket?.close())
    let err = ''
    child.stderr.on('data', (text) => (err += text))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(4)
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'engine-unreachable' } })
  })
})

describe('Ctrl-C', () => {
  test('ends the work in the engine and exits with 130', async () => {
    const started = deferred()
    const ended = deferred()
    await serve({
      replay: (_view, ask) =>
        new Promise((_resolve, reject) => {
          ask?.signal?.addEventListener('abort', () => {
            ended.resolve()
            reject(ask.signal?.reason)
          })
          started.resolve()
        }),
    })
    const child = spawn(process.execPath, [await builtCli(), 'replay', 'totals'], { cwd: project.root, stdio: ['ignore', 'pipe', 'pipe'] })
    let err = ''
    child.stderr.on('data', (text) => (err += text))
    const closed = new Promise((resolve) => child.on('close', resolve))
    await started.promise
    child.kill('SIGINT')
    await ended.promise
    expect(await closed).toBe(130)
    expect(err).toBe('error interrupted: Interrupted by SIGINT.\n')
  })
})

describe('views, explain, status, dead-letters', () => {
  test('as tables', async () => {
    await serve()
    const views = await project.evert(['views'])
    expect(views.out).toMatch(/^view +kind +strategy +state +rows +bytes in file +grows with +reads +position\n/)
    expect(views.out).toMatch(/\ntotals +sql +linear +live +2 +4\.0 KiB +keys +shop +shop 0:7\ntotal 4\.0 KiB\n$/)
    const explain = await project.evert(['explain', 'totals'])
    expect(explain.out).toContain('strategy     linear: sum over exact integers')
    expect(explain.out).toMatch(/total +BIGINT/)
    expect(explain.out).toMatch(/totals {2}GROUP BY sku: sum\(quantity\) {2}\[linear; 2 rows, 4\.0 KiB\]/)
    expect(explain.out).toMatch(/keeps +sum and count per sku; bounded by the keys/)
    expect(explain.out).toMatch(/measured +1\.50 ms and 1 row written a batch of 3 events \(mean of 2\)/)
    expect(explain.out).toContain('└─ stream shop')
    expect(explain.out).not.toContain('steps of')
    const analyzed = await project.evert(['explain', 'totals', '--analyze'])
    expect(analyzed.out).toMatch(/steps of the last 2 batches\n.* merge +1\.50 ms, at most 2\.00 ms +1 row\n/)
    const status = await project.evert(['status'])
    expect(status.out).toContain(`engine     runs, process ${process.pid}`)
    expect(status.out).toMatch(/views +shop +7 +6 +1 +0\n/)
    expect(status.out).toMatch(/validate_orders +0:7 +2\n/)
    const dead = await project.evert(['dead-letters'])
    expect(dead.out).toMatch(/shop 0:3 +StockReceived +a +decode +quantity: wanted INTEGER, got "x"/)
  })

  test('as JSON', async () => {
    await serve()
    expect(jsonLines((await project.evert(['views', '--json'])).out)).toEqual([[fakeView]])
    expect(jsonLines((await project.evert(['explain', 'totals', '--json'])).out)).toMatchObject([fakeView])
    expect(jsonLines((await project.evert(['status', '--json'])).out)).toEqual([fakeStatus])
    expect(jsonLines((await project.evert(['dead-letters', '--json', '--limit', '5'])).out)).toMatchObject([
      { stream: 'shop', offset: '3' },
    ])
  })

  test('from a folder below the project, and with --project', async () => {
    await serve()
    expect((await project.evert(['views'], { cwd: join(project.root, 'sql', 'views') })).code).toBe(0)
    expect((await project.evert(['views', '--project', project.root], { cwd: '/' })).code).toBe(0)
  })
})

describe('replay and verify', () => {
  test('replay tells what it built', async () => {
    await serve()
    const { out } = await project.evert(['replay', 'totals'])
    expect(out).toBe('totals: 2 rows from 10 events in 0.5 s (20/s), version v2, at shop 0:7\n')
    expect(jsonLines((await project.evert(['replay', 'totals', '--json'])).out)).toMatchObject([{ view: 'totals', rows: 2 }])
  })

  test('replay takes several views, and stops at the first that fails', async () => {
    await serve({
      replay: async (view) => {
        if (view === 'broken') throw new EvertError('replay-failed', 'Cannot build broken.')
        return fakeService().replay(view)
      },
    })
    const all = await project.evert(['replay', 'totals', 'best', 'totals'])
    expect(all.code).toBe(0)
    expect(all.out).toMatch(/^totals: 2 rows .*\nbest: 2 rows .*\n$/)
    const stopped = await project.evert(['replay', 'totals', 'broken', 'best'])
    expect(stopped).toMatchObject({ code: 1, err: 'error replay-failed: Cannot build broken.\n' })
    expect(stopped.out).toMatch(/^totals: 2 rows .*\n$/)
  })

  test('verify exits with 0 when all is equal, with 3 and a sample when not', async () => {
    await serve({ verify: (views) => batches((views ?? ['good', 'bad']).map((view) => fakeVerified(view, view === 'bad' ? 2 : 0))) })
    expect(await project.evert(['verify', 'good'])).toEqual({
      code: 0,
      out: 'good: equal, 2 rows from 7 events in 0.1 s, at shop 0:7\n',
      err: '',
    })
    const differs = await project.evert(['verify'])
    expect(differs.code).toBe(3)
    expect(differs.out).toContain('bad: DIFFERS in 2 rows')
    expect(differs.out).toMatch(/only in +times +sku +total\nview +1 +s0 +1\nview +1 +s1 +1\n/)
    const machine = await project.evert(['verify', '--json'])
    expect(machine.code).toBe(3)
    expect(jsonLines(machine.out)).toMatchObject([
      { view: 'good', equal: true },
      { view: 'bad', equal: false, differing: 2 },
    ])
  })
})

describe('views that are not as they should be', () => {
  const failed = { ...fakeVerified('broken'), equal: false, error: { code: 'view-failed', message: 'The view broken failed.' } } as const

  test('verify tells a view that is not live in its place, and exits with 1, or with 3 when another differs', async () => {
    await serve({
      verify: (views) =>
        batches((views ?? ['broken', 'good']).map((view) => (view === 'broken' ? failed : fakeVerified(view, view === 'bad' ? 2 : 0)))),
    })
    const { code, out } = await project.evert(['verify'])
    expect(code).toBe(1)
    expect(out).toBe(
      'broken: NOT VERIFIED, view-failed: The view broken failed.\ngood: equal, 2 rows from 7 events in 0.1 s, at shop 0:7\n',
    )
    expect((await project.evert(['verify', 'broken', 'bad', '--json'])).code).toBe(3)
  })

  test('views stays narrow, explain tells all', async () => {
    const error = `Conversion Error: ${'long '.repeat(100)}\nLINE 1: SELECT the end`
    const view = { ...fakeView, state: 'failed', changed: true, error } as const
    await serve({
      views: async () => [view],
      explain: async () => ({ ...view, file: 'sql/views/totals.sql', plan: fakePlan, notes: [], decoding: [] }),
    })
    const { out } = await project.evert(['views'])
    expect(out).toContain('failed, changed: Conversion Error: long long')
    for (const line of out.split('\n')) expect(line.length).toBeLessThan(200)
    expect((await project.evert(['explain', 'totals'])).out).toMatch(
      /state +failed, changed: Conversion Error: .*the end\nchanged .*evert replay totals/,
    )
    expect(jsonLines((await project.evert(['views', '--json'])).out)).toEqual([[view]])
  })
})

async function* endless(onEnd: () => void): AsyncGenerator<number[][]> {
  try {
    for (let batch = 0; ; batch += 1) yield Array.from({ length: 1_000 }, (_, row) => [batch * 1_000 + row])
  } finally {
    onEnd()
  }
}

async function* failing(): AsyncGenerator<number[][]> {
  yield [[1]]
  throw new EvertError('query-failed', 'Conversion error')
}

async function* stuckAfterOne(): AsyncGenerator<number[][]> {
  yield [[1]]
  await new Promise(() => undefined)
}
