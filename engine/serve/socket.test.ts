import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EvertError } from '../../errors.ts'
import { deferred } from '../../test/cli/support/deferred.ts'
import { fakeService, fakeStatus, fakeVerified, manyRows } from '../../test/cli/support/fake-service.ts'
import { connectService } from './remote.ts'
import type { Service } from './service.ts'
import { type ServedSocket, serveSocket } from './socket.ts'
import { readHolder, socketPath } from './socket-place.ts'
import { PROTOCOL } from './socket-protocol.ts'

let dataDir: string
const served: { close(): Promise<void> }[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'evert-socket-'))
})

afterEach(async () => {
  for (const one of served.splice(0)) await one.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function serve(overrides: Partial<Service> = {}): Promise<ServedSocket> {
  const socket = await serveSocket(fakeService(overrides), dataDir)
  served.push(socket)
  return socket
}

async function connect(): Promise<Service> {
  const service = await connectService(dataDir)
  expect(service, 'an engine answers').toBeDefined()
  return service as Service
}

describe('the socket', () => {
  test('is for its owner alone, and is gone after close', async () => {
    const socket = await serve()
    expect((await stat(socket.path)).mode & 0o777).toBe(0o600)
    expect(await readHolder(dataDir)).toMatchObject({ pid: process.pid, socket: socket.path })
    await socket.close()
    await expect(stat(socket.path)).rejects.toThrow('ENOENT')
    expect(await readHolder(dataDir)).toBeUndefined()
    expect(await connectService(dataDir)).toBeUndefined()
  })

  test('moves to the temporary folder when its path is too long', async () => {
    dataDir = join(dataDir, 'a'.repeat(90))
    await mkdir(dataDir, { recursive: true })
    const socket = await serve()
    expect(socket.path.startsWith(tmpdir())).toBe(true)
    expect(socket.path).toBe(socketPath(dataDir))
    expect(await (await connect()).status()).toEqual(fakeStatus)
  })

  test('takes the place of a socket that nobody answers', async () => {
    const left = createServer()
    await new Promise<void>((resolve) => left.listen(`${socketPath(dataDir)}.old`, resolve))
    // A killed process leaves its file: close() would remove it under the old name only.
    await rename(`${socketPath(dataDir)}.old`, socketPath(dataDir))
    await new Promise((resolve) => left.close(resolve))
    expect((await stat(socketPath(dataDir))).isSocket()).toBe(true)
    await serve()
    expect(await (await connect()).status()).toEqual(fakeStatus)
  })

  test('leaves a socket alone that somebody answers', async () => {
    await serve()
    await expect(serveSocket(fakeService(), dataDir)).rejects.toMatchObject({ code: 'engine-running' })
    expect(await (await connect()).status()).toEqual(fakeStatus)
  })

  test('passes over a record that is not readable', async () => {
    const socket = await serve()
    await writeFile(join(dataDir, 'engine.json'), '{"pid":')
    expect(socket.path).toBe(socketPath(dataDir))
    expect(await (await connect()).status()).toEqual(fakeStatus)
  })

  test.each([
    'not json',
    '{"call":"drop"}',
    '{"call":"explain"}',
    '{"call":"explain","view":7}',
    '{"call":"status","more":1}',
    '{"call":"query","sql":"x","rowsMax":-1}',
  ])('refuses the call %s', async (body) => {
    const socket = await serve()
    expect(await rawCall(socket.path, body)).toMatchObject({ error: { code: 'usage' } })
  })

  test('refuses a call that is too long', async () => {
    const socket = await serve()
    expect(await rawCall(socket.path, JSON.stringify({ call: 'query', sql: 'x'.repeat(2 << 20) }))).toMatchObject({
      error: { code: 'limit-exceeded' },
    })
  })

  test('tells running calls that it stops', async () => {
    const started = deferred()
    const socket = await serve({
      replay: (_view, ask) =>
        new Promise((_resolve, reject) => {
          ask?.signal?.addEventListener('abort', () => reject(ask.signal?.reason))
          started.resolve()
        }),
    })
    const call = (await connect()).replay('totals')
    const outcome = expect(call).rejects.toMatchObject({ code: 'engine-unreachable' })
    await started.promise
    await socket.close()
    await outcome
  })
})

describe('a service through the socket', () => {
  test('answers every call as the engine does, with progress', async () => {
    await serve()
    const service = await connect()
    const local = fakeService()
    expect(await service.status()).toEqual(await local.status())
    expect(await service.views()).toEqual(await local.views())
    expect(await service.explain('totals')).toEqual(await local.explain('totals'))
    expect(await service.deadLetters({ stream: 'shop' })).toEqual(await local.deadLetters())
    const progress: unknown[] = []
    expect(await service.replay('totals', { onProgress: (one) => progress.push(one) })).toMatchObject({ view: 'totals', events: 10 })
    expect(progress).toEqual([{ phase: 'replay', done: 5, total: 10, unit: 'events', perSecond: 100 }])
    const verified = []
    for await (const answer of service.verify(['a', 'b'])) verified.push(answer)
    expect(verified).toEqual([fakeVerified('a'), fakeVerified('b')])
  })

  test('hands arguments on, and leaves out those that were not given', async () => {
    const asked: unknown[] = []
    const local = fakeService()
    await serve({
      query: (sql, options) => {
        asked.push([sql, options])
        return local.query(sql)
      },
      deadLetters: (options) => {
        asked.push(options)
        return local.deadLetters()
      },
    })
    const service = await connect()
    await service.query('SELECT 1')
    await service.query('SELECT 2', { rowsMax: 5, timeoutMs: 10 })
    await service.deadLetters({ consumer: 'decode', limit: 3 })
    await service.close()
    expect(asked).toEqual([['SELECT 1', {}], ['SELECT 2', { rowsMax: 5, timeoutMs: 10 }], { consumer: 'decode', limit: 3 }])
  })

  test('streams a million rows and never runs far ahead of the reader', async () => {
    let made = 0
    await serve({ query: async () => ({ columns: [], position: {}, rows: manyRows(1_000, 1_000, (count) => (made = count)) }) })
    const answer = await (await connect()).query('SELECT')
    let rows = 0
    let sum = 0
    let aheadMax = 0
    for await (const batch of answer.rows) {
      for (const [number] of batch) sum += Number(number)
      rows += batch.length
      aheadMax = Math.max(aheadMax, made - rows / 1_000)
    }
    expect(rows).toBe(1_000_000)
    expect(sum).toBe((1_000_000 * 999_999) / 2)
    expect(aheadMax).toBeLessThan(150)
  })

  test('ends the work in the engine when the reader stops', async () => {
    const ended = deferred()
    await serve({ query: async () => ({ columns: [], position: {}, rows: endless(ended.resolve) }) })
    const answer = await (await connect()).query('SELECT')
    for await (const batch of answer.rows) {
      expect(batch).toEqual([['x'.repeat(1_000)]])
      break
    }
    await ended.promise
  })

  test('ends the work in the engine when the caller aborts', async () => {
    const aborted = deferred()
    await serve({
      replay: (_view, ask) =>
        new Promise((_resolve, reject) => {
          ask?.onProgress?.({ phase: 'replay', done: 1, unit: 'events', perSecond: 1 })
          ask?.signal?.addEventListener('abort', () => {
            aborted.resolve()
            reject(ask.signal?.reason)
          })
        }),
    })
    const stop = new AbortController()
    const call = (await connect()).replay('totals', {
      signal: stop.signal,
      onProgress: () => stop.abort(new EvertError('interrupted', 'Ctrl-C')),
    })
    await expect(call).rejects.toMatchObject({ code: 'interrupted', message: 'Ctrl-C' })
    await aborted.promise
  })

  test('throws what the engine throws', async () => {
    await serve({
      query: async () => {
        throw new EvertError('query-refused', 'Cannot run DROP: only SELECT.', { details: { line: 3 } })
      },
      explain: async () => {
        throw new TypeError('a mistake of ours')
      },
    })
    const service = await connect()
    await expect(service.query('DROP')).rejects.toMatchObject({
      code: 'query-refused',
      message: 'Cannot run DROP: only SELECT.',
      details: { line: 3 },
      exitCode: 2,
    })
    await expect(service.explain('x')).rejects.toMatchObject({ code: 'internal', message: 'a mistake of ours' })
  })

  test('throws an error that comes after some rows', async () => {
    await serve({ query: async () => ({ columns: [], position: {}, rows: failing() }) })
    const answer = await (await connect()).query('SELECT')
    const seen: unknown[] = []
    const reading = (async () => {
      for await (const batch of answer.rows) seen.push(batch)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'query-failed' })
    expect(seen).toEqual([[[1]]])
  })
})

describe('a connection that breaks', () => {
  const rows = '{"head":{"columns":[],"position":{}}}\n{"rows":[[1]]}\n'
  test.each([
    ['cut off', (_end: () => void, cut: () => void) => cut(), ''],
    ['ended without its answer', (end: () => void) => end(), ''],
    ['ended in the middle of a line', (end: () => void) => end(), '{"answer":null,"par'],
    ['with a part missing', (end: () => void) => end(), '{"answer":null,"parts":2}\n'],
  ])('%s is never a short answer', async (_name, finish, tail) => {
    const engine = createServer((incoming, response) => {
      incoming.on('data', (body) => {
        if (String(body).includes('hello')) return response.end(`{"answer":{"evert":"engine","protocol":${PROTOCOL},"pid":1},"parts":0}\n`)
        return response.write(rows + tail, () =>
          finish(
            () => response.end(),
            () => response.destroy(),
          ),
        )
      })
    })
    await new Promise<void>((resolve) => engine.listen(socketPath(dataDir), resolve))
    served.push({ close: () => new Promise((resolve) => engine.close(() => resolve())) })
    const reading = (async () => {
      const answer = await (await connect()).query('SELECT')
      for await (const batch of answer.rows) expect(batch).toEqual([[1]])
    })()
    await expect(reading).rejects.toMatchObject({ code: 'engine-unreachable' })
  })

  test('an engine of another protocol is named', async () => {
    const engine = createServer((_incoming, response) => response.end('{"answer":{"evert":"engine","protocol":9,"pid":1},"parts":0}\n'))
    await new Promise<void>((resolve) => engine.listen(socketPath(dataDir), resolve))
    served.push({ close: () => new Promise((resolve) => engine.close(() => resolve())) })
    await expect(connectService(dataDir)).rejects.toMatchObject({
      code: 'engine-unreachable',
      message: expect.stringContaining(`protocol 9, wanted protocol ${PROTOCOL}`),
    })
  })
})

async function* endless(onEnd: () => void): AsyncGenerator<string[][]> {
  try {
    for (;;) yield [['x'.repeat(1_000)]]
  } finally {
    onEnd()
  }
}

async function* failing(): AsyncGenerator<number[][]> {
  yield [[1]]
  throw new EvertError('query-failed', 'Conversion error')
}

/** The last line of the answer to `body`, sent as it is. */
function rawCall(path: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: path, method: 'POST', agent: false }, async (response) => {
      let text = ''
      for await (const part of response) text += part
      resolve(JSON.parse(text.trimEnd().split('\n').at(-1) ?? ''))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
