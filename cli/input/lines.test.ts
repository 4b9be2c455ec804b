import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lineBatches } from './lines.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evert-lines-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(content: string | Uint8Array, countMax = 1_000, bytesMax = 1 << 20): Promise<[number, string][][]> {
  const file = join(folder, 'input.ndjson')
  await writeFile(file, content)
  const batches: [number, string][][] = []
  let bytes = 0
  const onBytes = (count: number): void => {
    bytes += count
  }
  for await (const batch of lineBatches(file, { countMax, bytesMax, signal: new AbortController().signal, onBytes })) {
    batches.push(batch.map((line) => [line.number, Buffer.from(line.bytes).toString('latin1')]))
  }
  expect(bytes).toBe(Buffer.byteLength(content))
  return batches
}

test('numbers lines as an editor does; blank ones count and are passed over', async () => {
  expect(await read('a\n\n  \r\nb\r\nc')).toEqual([
    [
      [1, 'a'],
      [4, 'b'],
      [5, 'c'],
    ],
  ])
  expect(await read('')).toEqual([])
  expect(await read('\n\n')).toEqual([])
  expect(await read('a\n')).toEqual([[[1, 'a']]])
})

test('closes a batch by count and by bytes', async () => {
  expect((await read('a\nb\nc\nd\ne\n', 2)).map((batch) => batch.length)).toEqual([2, 2, 1])
  expect((await read('aaaa\nbbbb\ncccc\n', 100, 8)).map((batch) => batch.length)).toEqual([2, 1])
})

test('puts lines together that come in parts, and keeps bytes that are no UTF-8', async () => {
  const long = 'x'.repeat(700_000)
  expect(await read(`a\n${long}\nb`)).toEqual([
    [
      [1, 'a'],
      [2, long],
      [3, 'b'],
    ],
  ])
  expect(await read(Buffer.from([0xff, 0x0a, 0xc3]))).toEqual([
    [
      [1, '\xff'],
      [2, '\xc3'],
    ],
  ])
})

test('refuses a line that no event can be, before it is in memory as a whole', async () => {
  await expect(read(`a\n${'x'.repeat(20 << 20)}`)).rejects.toMatchObject({ code: 'event-too-large', details: { line: 2 } })
})

test('names the file that it cannot read', async () => {
  const batches = lineBatches(join(folder, 'none'), {
    countMax: 1,
    bytesMax: 1,
    signal: new AbortController().signal,
    onBytes: () => undefined,
  })
  await expect(batches.next()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('ENOENT') })
})
