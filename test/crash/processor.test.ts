import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { createAppender } from '../../engine/run/append.ts'
import { nextLine, spawnTs } from '../support/child.ts'
import { shop } from './processor-shop.ts'

const rounds = Number(process.env.EVERT_CRASH_ROUNDS ?? 8)
const seed = Number(process.env.EVERT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const roundsPerLog = 20
const skus = ['cup', 'pot', 'jug', 'mug', 'ü']
const dirs: string[] = []
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

describe(`a processor that is killed (seed ${seed})`, () => {
  const logs = Math.ceil(rounds / roundsPerLog)
  test.each(Array.from({ length: logs }, (_, i) => i))(
    'log %i: one outcome a request, the state of a recomputation, nothing doubled',
    async (number) => {
      const random = numbers(seed + number)
      const dir = mkdtempSync(join(tmpdir(), 'evert-crash-'))
      dirs.push(dir)
      const log = await openEmbeddedLog(join(dir, 'log'))
      await log.createTopic(shop.topic, { partitions: shop.partitions })
      const writer = new Writer(log, random)
      for (let round = 0; round < Math.min(rounds - number * roundsPerLog, roundsPerLog); round++) {
        const mode = pick(random, ['processor-after-log', 'processor-after-state', 'any time'])
        if (random() < 0.2) for (const file of ['views.duckdb', 'views.duckdb.wal']) rmSync(join(dir, file), { force: true })
        await killed(dir, writer, mode, random)
      }
      expect(await drained(dir)).toEqual(await recomputed(log))
      await log.close()
    },
  )
})

/** One life of the processor: events keep coming until it is dead. */
async function killed(dir: string, writer: Writer, mode: string, random: () => number): Promise<void> {
  const child = await spawnTs(
    'test/crash/processor-child.ts',
    [dir],
    mode === 'any time' ? {} : { EVERT_CRASH_AT: `${mode}:${1 + Math.floor(random() * 3)}` },
  )
  let dead = false
  const ended = child.ended.then((end) => {
    dead = true
    return end
  })
  if (random() < 0.8) await nextLine(child) // else while it starts
  if (mode === 'any time') {
    for (let appends = Math.floor(random() * 30); appends > 0; appends--) await writer.append()
    await child.kill()
  } else {
    for (let appends = 0; !dead && appends < 20; appends++) await writer.append() // work enough for the crash point
  }
  expect(await ended).toMatchObject({ code: null }) // by the signal, not by an error
}

class Writer {
  readonly #random: () => number
  readonly #appender: ReturnType<typeof createAppender>
  #orders = 0

  constructor(log: Log, random: () => number) {
    this.#random = random
    this.#appender = createAppender(log, [shop])
  }

  async append(): Promise<void> {
    const events = Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => {
      const sku = pick(this.#random, skus)
      const quantity = pick(this.#random, [1, 2, 3, 5, 13])
      if (this.#random() < 0.3) return { type: 'StockReceived', data: { sku, quantity } } as const
      return { type: 'OrderRequested', data: { sku, orderId: `o${this.#orders++}`, quantity } } as const
    })
    await this.#appender.append(shop, events)
  }
}

/** What the processor comes to in the end: its tables, and the outcomes are in the log. */
async function drained(dir: string): Promise<unknown> {
  const child = await spawnTs('test/crash/processor-child.ts', [dir, 'drain'])
  expect(await nextLine(child)).toBe('ready')
  const told: unknown = JSON.parse(await nextLine(child))
  expect(await child.ended).toEqual({ code: 0, errors: '' })
  return told
}

interface Event {
  readonly type: string
  readonly data: { sku: string; quantity: number; orderId: string }
}

/** The same from the inputs alone, by hand; checks the outcomes in the log on the way, in their order. */
async function recomputed(log: Log): Promise<unknown> {
  const stocks = new Map<string, number>()
  const dead: { partition: number; offset: string; reason: string }[] = []
  let read = 0
  for (let partition = 0; partition < shop.partitions; partition++) {
    const events = await eventsOf(log, partition)
    read += events.length
    const wanted: string[] = []
    for (const [offset, { type, data }] of events.entries()) {
      const available = stocks.get(data.sku) ?? 0
      if (type === 'StockReceived') stocks.set(data.sku, available + data.quantity)
      if (type !== 'OrderRequested') continue
      if (data.quantity === 13) dead.push({ partition, offset: String(offset), reason: 'the handler of OrderRequested failed: unlucky' })
      else if (data.quantity > available) wanted.push(`${data.orderId} OrderRejected`)
      else {
        stocks.set(data.sku, available - data.quantity)
        wanted.push(`${data.orderId} OrderValidated`)
      }
    }
    const outcomes = events
      .filter(({ type }) => type === 'OrderValidated' || type === 'OrderRejected')
      .map(({ type, data }) => `${data.orderId} ${type}`)
    expect(outcomes).toEqual(wanted)
  }
  expect([...stocks.values()].filter((available) => available < 0)).toEqual([])
  const counts = { read, applied: read - dead.length, dead: dead.length, skipped: 0 }
  const states = [...stocks]
    .map(([sku, available]) => ({ sku, state: `{"available":${available}}` }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.sku), Buffer.from(b.sku)))
  const ends = (await log.ends([shop.topic])).get(shop.topic) ?? []
  const byPlace = dead.sort((a, b) => a.partition - b.partition || (a.offset < b.offset ? -1 : 1))
  return { states, dead: byPlace, stored: [counts], counts, position: ends.map(String) }
}

async function eventsOf(log: Log, partition: number): Promise<Event[]> {
  const events: Event[] = []
  for (let at = 0n; ; ) {
    const chunk = await log.read(shop.topic, partition, at, { want: { types: true } })
    if (!chunk) return events
    const texts = Buffer.from(chunk.values).toString('utf8').split('\x1e')
    for (const [i, text] of texts.entries())
      events.push({ type: chunk.types[chunk.typeIndexes?.[i] ?? 0] ?? '', data: JSON.parse(text) as Event['data'] })
    at = chunk.next
  }
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T
}

/** Mulberry32: the same numbers for the same seed. */
function numbers(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
