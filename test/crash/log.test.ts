import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Log } from '../../connectors/log/log.ts'
import { eventsOf, everything, type SeenEvent } from '../conformance/log-events.ts'
import { type Child, nextLine, spawnTs } from '../support/child.ts'
import { crashCount, crashTopic } from './log-batches.ts'

const rounds = Number(process.env.EVERT_CRASH_ROUNDS ?? 8)
const seed = Number(process.env.EVERT_CRASH_SEED ?? Date.now() % 1_000_000)
const writers = [
  ['a', 'b', 'c'],
  ['d', 'e'],
]

it(`kill -9 of writers, ${rounds} rounds (EVERT_CRASH_SEED=${seed}): nothing acknowledged is lost, nothing doubled, each key in order`, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'evert-crash-log-'))
  const random = randomOf(seed)
  // Kept by this process, which is never killed: what each producer was told is written.
  const acknowledged = new Map(writers.flat().map((producer) => [producer, 0]))
  const found = nothing()
  let watcher: Log | undefined
  const running = new Set<Child>()
  try {
    for (let round = 0; round < rounds; round++) {
      const children = await Promise.all(writers.map((producers) => startWriter(dir, producers, acknowledged)))
      for (const child of children) running.add(child)
      // One is killed while the other goes on, so that the survivor meets the lock and the half-done work of the dead.
      const victims = random() < 0.5 ? children : children.toReversed()
      for (const child of victims) {
        await record(child, acknowledged, 1 + Math.floor(random() * 60))
        await killAndDrain(child, acknowledged)
        running.delete(child)
      }
      // Sometimes a fresh process looks, sometimes one that had the log open all along.
      if (round % 3 === 0) {
        await watcher?.close()
        watcher = await openEmbeddedLog(dir)
      }
      await check(watcher as Log, acknowledged, found)
    }
    // All of it once more, in the end: what was sound stayed sound.
    await check(watcher as Log, acknowledged, nothing())
  } finally {
    await Promise.all([...running].map((child) => child.kill()))
    await watcher?.close()
    await rm(dir, { recursive: true, force: true })
  }
})

/** Each producer goes on with the sequence that nobody acknowledged: if it was written all the same, it is a retry. */
function startWriter(dir: string, producers: readonly string[], acknowledged: ReadonlyMap<string, number>): Promise<Child> {
  return spawnTs('test/crash/log-writer-child.ts', [
    dir,
    ...producers.map((producer) => `${producer}:${(acknowledged.get(producer) ?? 0) + 1}`),
  ])
}

async function record(child: Child, acknowledged: Map<string, number>, lines: number): Promise<void> {
  for (let i = 0; i < lines; i++) note(await nextLine(child), acknowledged)
}

/** What it still printed before the signal reached it was acknowledged too. */
async function killAndDrain(child: Child, acknowledged: Map<string, number>): Promise<void> {
  const killed = child.kill()
  for await (const line of child.lines) note(line, acknowledged)
  await killed
}

function note(line: string, acknowledged: Map<string, number>): void {
  const [producer = '', sequence = ''] = line.split(' ')
  // The kill may cut the last line short; a whole one names the next sequence.
  if (Number(sequence) === (acknowledged.get(producer) ?? Number.NaN) + 1) acknowledged.set(producer, Number(sequence))
}

/** What was found so far, so that a round reads what is new. */
interface Found {
  readonly offsets: bigint[]
  readonly next: Map<string, { sequence: number; index: number }>
}

const nothing = (): Found => ({ offsets: [0n, 0n], next: new Map() })

async function check(log: Log, acknowledged: ReadonlyMap<string, number>, found: Found): Promise<void> {
  const { partitions } = await log.topic(crashTopic)
  for (let partition = 0; partition < partitions; partition++) {
    for (;;) {
      const chunk = await log.read(crashTopic, partition, found.offsets[partition] as bigint, { want: everything })
      if (!chunk) break
      for (const event of eventsOf(chunk)) take(event, partition, found)
    }
  }
  for (const [producer, last] of acknowledged) {
    const { sequence, index } = found.next.get(producer) ?? { sequence: 1, index: 0 }
    expect(index, `the last batch of ${producer} is whole`).toBe(0)
    expect(sequence - 1, `${producer} was told that ${last} is written`).toBeGreaterThanOrEqual(last)
    expect(sequence - 1, `${producer} has one append under way at most`).toBeLessThanOrEqual(last + 1)
  }
}

function take({ value, offset }: SeenEvent, partition: number, found: Found): void {
  const { producer, sequence, index } = JSON.parse(value as string) as { producer: string; sequence: number; index: number }
  const next = found.next.get(producer) ?? { sequence: 1, index: 0 }
  if (offset !== found.offsets[partition] || sequence !== next.sequence || index !== next.index) {
    expect({ offset, producer, sequence, index }).toEqual({ offset: found.offsets[partition], producer, ...next })
  }
  found.offsets[partition] = offset + 1n
  found.next.set(producer, index + 1 === crashCount(sequence) ? { sequence: sequence + 1, index: 0 } : { sequence, index: index + 1 })
}

/** Mulberry32: the same kills for the same seed, as far as the machine allows. */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
