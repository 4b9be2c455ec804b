import { truncateSync } from 'node:fs'
import { mkdtemp, open as openFile, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppendBatch, Log } from '../log.ts'
import { openEmbeddedLog } from './embedded-log.ts'
import { entryKey } from './keys.ts'

let dir: string
const opened: Log[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evert-embedded-'))
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()))
  await rm(dir, { recursive: true, force: true })
})

async function openLog(clockMicros?: () => number): Promise<Log> {
  const log = await openEmbeddedLog(dir, clockMicros && { clockMicros })
  opened.push(log)
  return log
}

const batch = (text: string, count = 1, partition = 0): AppendBatch => ({
  topic: 't',
  partition,
  count,
  values: Buffer.from(new Array<string>(count).fill(text).join('\x1e')),
  types: ['T'],
})

describe('damage', () => {
  it('finds any flipped bit of an entry, names its place, and serves the others', async () => {
    const log = await openLog()
    await log.createTopic('t', { partitions: 2 })
    for (let i = 0; i < 3; i++) await log.append([batch('sound', 4, 1)])
    await log.close()
    const bits = entryBits()
    for (const bit of bits) {
      flip(bit)
      const damaged = await openEmbeddedLog(dir)
      await expect(damaged.read('t', 1, 4n)).rejects.toMatchObject({
        code: 'log-corrupt',
        details: { topic: 't', partition: 1, from: 4, to: 8 },
      })
      expect(await damaged.read('t', 1, 0n, { to: 4n })).toMatchObject({ count: 4 })
      expect(await damaged.read('t', 1, 8n)).toMatchObject({ count: 4 })
      // Never together with sound neighbours either.
      await expect(damaged.read('t', 1, 0n)).rejects.toMatchObject({ code: 'log-corrupt' })
      await damaged.close()
      flip(bit)
    }
    expect(await (await openLog()).read('t', 1, 0n)).toMatchObject({ count: 12 })
  })

  it('finds an entry that is missing, and one that is in the wrong place', async () => {
    const log = await openLog()
    await log.createTopic('t')
    for (let i = 0; i < 4; i++) await log.append([batch('x', 2)])
    await log.close()
    edit((entries) => {
      entries.putSync(entryKey(1, 0, 6), entries.getBinary(entryKey(1, 0, 0)) as Buffer)
      entries.removeSync(entryKey(1, 0, 2))
    })
    const damaged = await openLog()
    await expect(damaged.read('t', 0, 2n)).rejects.toMatchObject({ code: 'log-corrupt', details: { from: 2, to: 4 } })
    await expect(damaged.read('t', 0, 3n)).rejects.toMatchObject({ code: 'log-corrupt' })
    await expect(damaged.read('t', 0, 6n)).rejects.toMatchObject({ code: 'log-corrupt', message: expect.stringContaining('another place') })
    expect(await damaged.read('t', 0, 4n, { to: 6n })).toMatchObject({ first: 4n, count: 2 })
  })

  it('finds a flipped byte in the file itself', async () => {
    const log = await openLog()
    await log.createTopic('t')
    await log.append([batch(`{"needle":"${'n'.repeat(9_000)}"}`)])
    await log.append([batch('sound')])
    await log.close()
    const path = join(dir, 'data.mdb')
    const at = (await readFile(path)).indexOf('needle')
    const file = await openFile(path, 'r+')
    await file.write(Buffer.from('N'), 0, 1, at)
    await file.close()
    const damaged = await openLog()
    await expect(damaged.read('t', 0, 0n)).rejects.toMatchObject({ code: 'log-corrupt', details: { from: 0, to: 1 } })
    expect(await damaged.read('t', 0, 1n)).toMatchObject({ count: 1 })
  })

  it('refuses a file that was cut short, instead of crashing on it', async () => {
    const log = await openLog()
    await log.createTopic('t')
    for (let i = 0; i < 10; i++) await log.append([batch('y'.repeat(100_000))])
    await log.close()
    truncateSync(join(dir, 'data.mdb'), 300_000)
    await expect(openEmbeddedLog(dir)).rejects.toMatchObject({ code: 'log-corrupt', details: { bytes: 300_000 } })
  })

  /** One bit of every byte. */
  function entryBits(): number[] {
    const size = edit((entries) => entries.getBinary(entryKey(1, 1, 4))?.length) as number
    return Array.from({ length: size }, (_, byte) => byte * 8 + (byte % 8))
  }

  function flip(bit: number): void {
    edit((entries) => {
      const bytes = Buffer.from(entries.getBinary(entryKey(1, 1, 4)) as Buffer)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      entries.putSync(entryKey(1, 1, 4), bytes)
    })
  }
})

describe('time', () => {
  it('never goes back in a partition, even when the clock does', async () => {
    const clock = [5_000, 9_000, 3_000, 3_001, 9_500]
    const log = await openLog(() => clock.shift() as number)
    await log.createTopic('t', { partitions: 2 })
    const times: bigint[] = []
    for (const partition of [0, 0, 0, 1, 0]) {
      const result = await log.append([batch('x', 1, partition)])
      if (result.ok) times.push(result.timeMicros)
    }
    expect(times).toEqual([5_000n, 9_000n, 9_000n, 3_001n, 9_500n])
  })
})

describe('group commit', () => {
  it('writes concurrent appends of one partition as one entry', async () => {
    const log = await openLog()
    await log.createTopic('t')
    await Promise.all(Array.from({ length: 500 }, (_, i) => log.append([batch(`e${i}`)])))
    await log.close()
    const entries = edit((all) => [...all.getKeys({ start: entryKey(1, 0, 0) })].length)
    expect(entries).toBe(1)
  })

  it('lets callers wait when the queue is full, and loses none of them', async () => {
    const log = await openLog()
    await log.createTopic('t')
    const large = 'z'.repeat(12 << 20)
    const results = await Promise.all(Array.from({ length: 9 }, () => log.append([batch(large)])))
    expect(results.map((result) => result.ok && result.batches[0]?.first)).toEqual(Array.from({ length: 9 }, (_, i) => BigInt(i)))
  })

  it("one caller's mistake is that caller's alone", async () => {
    const log = await openLog()
    await log.createTopic('t')
    await log.append([batch('first', 3)])
    const results = await Promise.allSettled([
      log.append([batch('a')]),
      log.append([{ ...batch('b'), offsets: [1n] }]),
      log.append([{ ...batch('c'), count: 7 }]),
      log.append([batch('d')]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(await log.read('t', 0, 3n)).toMatchObject({ count: 2, values: Buffer.from('a\x1ed') })
  })
})

/** Changes the entries behind the log's back. */
function edit<T>(change: (entries: ReturnType<typeof openEntries>['entries']) => T): T {
  const { root, entries } = openEntries()
  try {
    return change(entries)
  } finally {
    void root.close()
  }
}

function openEntries() {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 8, overlappingSync: false, ...binary })
  return { root, entries: root.openDB<Buffer, Buffer>('entries', binary) }
}

describe('entries that are read in parts', () => {
  it('give the same to readers at different places, however many entries are cut', async () => {
    const log = await openLog()
    const partitions = 12 // more entries than are kept
    await log.createTopic('t', { partitions })
    const texts = (partition: number) => Array.from({ length: 40 }, (_, i) => `p${partition} event ${i}${'.'.repeat(i)}`)
    for (let partition = 0; partition < partitions; partition++)
      await log.append([{ ...batch('', 1, partition), count: 40, values: Buffer.from(texts(partition).join('\x1e')) }])
    const readers = [3, 7, 40].map((maxEvents) => ({ maxEvents, seen: Array.from({ length: partitions }, (): string[] => []) }))
    for (let turn = 0; turn < 40; turn++)
      for (const { maxEvents, seen } of readers)
        for (const [partition, own] of seen.entries()) {
          const chunk = await log.read('t', partition, BigInt(own.length), { maxEvents })
          if (chunk) own.push(...Buffer.from(chunk.values).toString().split('\x1e'))
        }
    for (const { seen } of readers) for (const [partition, own] of seen.entries()) expect(own).toEqual(texts(partition))
  })
})
