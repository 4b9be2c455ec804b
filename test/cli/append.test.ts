/** `evert append` against a real log, which the test then reads itself. */
import { spawn } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import { builtCli } from './support/built-cli.ts'
import { jsonLines, shopProject, type TestProject } from './support/project.ts'

let project: TestProject

beforeEach(async () => {
  project = await shopProject()
  await writeFile(
    join(project.root, 'pipelines', 'more.ts'),
    `import { sql, stream, table } from 'evert'
     import { z } from 'zod'
     export const readings = stream('readings', { event: z.object({ sensor: sql.bigint(), value: sql.decimal(18, 2) }) })
     export const products = table('products', { key: 'sku', row: z.object({ sku: z.string(), name: z.string() }) })`,
  )
})
afterEach(() => project.remove())

/** All values of a topic's only partition, in order; null for a tombstone. */
async function valuesOf(topic: string): Promise<unknown[]> {
  const log = await openEmbeddedLog(join(project.dataDir, 'log'))
  try {
    const values: unknown[] = []
    for (let offset = 0n; ; ) {
      const chunk = await log.read(topic, 0, offset)
      if (chunk === undefined) return values
      const texts =
        chunk.lengths === undefined ? Buffer.from(chunk.values).toString('utf8').split('\x1e') : split(chunk.values, chunk.lengths)
      values.push(...texts.map((text, index) => (chunk.nulls?.includes(index) === true ? null : text)))
      offset = chunk.next
    }
  } finally {
    await log.close()
  }
}

function split(values: Uint8Array, lengths: readonly number[]): string[] {
  let at = 0
  return lengths.map((length) => {
    at += length
    return Buffer.from(values.subarray(at - length, at)).toString('utf8')
  })
}

const stock = (number: number): string => `{"type":"StockReceived","data":{"sku":"s${number}","quantity":${number}}}\n`
const stocks = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, index) => stock(from + index)).join('')

test('appends a file, and tells how many', async () => {
  const { code, out } = await project.evert(['append', 'shop', 'events/shop.ndjson'])
  expect(code).toBe(0)
  expect(out).toMatch(/^6 events appended to shop in /)
  expect(await valuesOf('shop')).toHaveLength(6)
})

test('takes standard input, bare payloads, long numbers and rows', async () => {
  const readings = await project.evert(['append', 'readings', '--json'], {
    input: '{"sensor":9007199254740993,"value":1234567890123456.78}\r\n\n{"type":"readings","data":{"sensor":2,"value":"3"}}',
  })
  expect(jsonLines(readings.out)).toMatchObject([{ stream: 'readings', appended: 2, duplicates: 0 }])
  const [first] = await valuesOf('readings')
  expect(first).toBe('{"sensor":9007199254740993,"value":"1234567890123456.78"}')
  expect((await project.evert(['append', 'shop', '--type', 'StockReceived'], { input: '{"sku":"a","quantity":1}' })).code).toBe(0)
  expect((await project.evert(['append', 'products', '-'], { input: '{"sku":"a","name":"lamp"}\n{"key":"a","data":null}\n' })).code).toBe(0)
  expect(await valuesOf('products')).toEqual(['{"sku":"a","name":"lamp"}', null])
})

test('a bad line appends nothing of its thousand, and says what is in the log', async () => {
  const file = join(project.root, 'bad.ndjson')
  await writeFile(file, `${stocks(1, 2_100)}{"type":"StockReceived","data":{"sku":"x","quantity":1.7}}\n${stocks(2_102, 4_000)}`)
  const { code, out, err } = await project.evert(['append', 'shop', file, '--json'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  const { error } = JSON.parse(err)
  expect(error).toMatchObject({ code: 'event-invalid', details: { line: 2_101, appended: 2_000 } })
  expect(error.message).toMatch(/^Cannot append line 2101 of .*bad\.ndjson: .*quantity.* The 2,000 events before are in the log/)
  expect(await valuesOf('shop')).toHaveLength(2_000)
})

test('a bad first line says that nothing was appended', async () => {
  const { code, err } = await project.evert(['append', 'shop'], { input: '{"type":"Nope","data":{}}\n' })
  expect(code).toBe(1)
  expect(err).toMatch(/line 1 of standard input: .*wanted one of StockReceived.* Nothing was appended\./)
})

test('of several bad lines the first is told, whoever finds it', async () => {
  const input = `${stock(1)}{"type":"StockReceived","key":"another","data":{"sku":"s2","quantity":2}}\nnot JSON\n`
  const { code, err } = await project.evert(['append', 'shop', '--json'], { input })
  expect(code).toBe(1)
  const { error } = JSON.parse(err)
  expect(error).toMatchObject({ code: 'event-invalid', details: { line: 2 } })
  expect(error.message).toMatch(/line 2 of standard input: has the key 'another'/)
  const wrongType = `${stock(1)}{"type":"StockReceived","data":{"sku":"s2","quantity":"two"}}\nnot JSON\n`
  expect((await project.evert(['append', 'shop'], { input: wrongType })).err).toMatch(/line 2 of standard input: .*quantity/)
  const later = await project.evert(['append', 'shop'], { input: `${stock(1)}not JSON\n` })
  expect(later.err).toMatch(/line 2 of standard input: is not JSON/)
  // Nothing of the good lines before: the topic has never been written to.
  expect(await valuesOf('shop').catch(() => [])).toEqual([])
})

test('bytes are escape text, as the help says', async () => {
  await writeFile(
    join(project.root, 'pipelines', 'bytes.ts'),
    `import { sql, stream } from 'evert'
     import { z } from 'zod'
     export const packets = stream('packets', { event: z.object({ body: sql.blob() }) })`,
  )
  const { out } = await project.evert(['append', '--help'])
  const [byte = ''] = /"\\\\x[0-9A-F]{2}"/.exec(out) ?? []
  expect(byte).toBe('"\\\\xFF"')
  await project.evert(['append', 'packets'], { input: `{"body":${byte}}` })
  await project.evert(['run', '--until-caught-up'])
  const { out: found } = await project.evert(['query', 'SELECT hex(body) AS hex FROM packets', '--csv'])
  expect(found).toBe('hex\nFF\n')
})

test('with a producer a repeated run changes nothing, and goes on after a crash', async () => {
  const file = join(project.root, 'all.ndjson')
  await writeFile(file, stocks(1, 2_000))
  const args = ['append', 'shop', file, '--producer', 'import-1', '--json']
  expect(jsonLines((await project.evert(args)).out)).toMatchObject([{ appended: 2_000, duplicates: 0 }])
  await appendFile(file, stocks(2_001, 2_500))
  expect(jsonLines((await project.evert(args)).out)).toMatchObject([{ appended: 500, duplicates: 2_000 }])
  expect(jsonLines((await project.evert(args)).out)).toMatchObject([{ appended: 0, duplicates: 2_500 }])
  expect(await valuesOf('shop')).toHaveLength(2_500)
})

test('with a producer a file that grew within its last thousand is refused, not cut', async () => {
  const file = join(project.root, 'grown.ndjson')
  await writeFile(file, stocks(1, 1_500))
  const args = ['append', 'shop', file, '--producer', 'import-1']
  await project.evert(args)
  await appendFile(file, stocks(1_501, 1_600))
  const { code, err } = await project.evert(args)
  expect(code).toBe(1)
  expect(err).toMatch(/event-refused: .*has appended 500 of the lines 1001 to 1600 before/)
  expect(await valuesOf('shop')).toHaveLength(1_500)
})

test('does not hold back the lines of a slow input; Ctrl-C says what is in the log', async () => {
  const child = spawn(process.execPath, [await builtCli(), 'append', 'shop'], { cwd: project.root, stdio: ['pipe', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.on('data', (text) => (err += text))
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.stdin.write(stocks(1, 3))
  await expect.poll(async () => (await valuesOf('shop').catch(() => [])).length, { timeout: 20_000 }).toBe(3)
  child.kill('SIGINT')
  expect(await closed).toBe(130)
  expect(err).toMatch(/interrupted: .*The 3 events before are in the log/)
})

test.each([
  [['append', 'nope'], 'topic-unknown', 'shop'],
  [['append', 'shop', 'no-such-file'], 'usage', 'ENOENT'],
  [['append', 'shop', '--type', 'Nope'], 'usage', 'StockReceived'],
  [['append', 'shop', '.'], 'usage', 'EISDIR'],
])('%j is %s', async (args, code, hint) => {
  const { code: exit, err } = await project.evert([...args, '--json'])
  expect(exit).toBe(2)
  expect(JSON.parse(err).error).toMatchObject({ code, message: expect.stringContaining(hint) })
})
