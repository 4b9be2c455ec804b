import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Subject } from './log.ts'
import { batchOf, eventsOf, everything, readAll, type TestEvent } from './log-events.ts'

const named = (value: string): TestEvent => ({ value, type: 'Named', key: null })
const numbered = (count: number, from = 0): TestEvent[] =>
  Array.from({ length: count }, (_, i) => ({
    ...named(`event ${from + i}`),
    key: i % 3 === 0 ? `k${i}` : null,
    type: i % 5 === 0 ? 'Fifth' : 'Named',
  }))

export function readConformance({ log, fresh }: Subject): void {
  describe('read', () => {
    it('reads from any offset, in chunks of any size, up to any offset', async () => {
      const topic = await fresh()
      for (const [index, size] of [1, 1, 40, 1, 3, 1, 100, 2].entries())
        await log().append([batchOf(topic, 0, numbered(size, index * 100))])
      const all = await readAll(log(), topic, 0)
      expect(all).toHaveLength(149)
      await fc.assert(
        fc.asyncProperty(
          fc.nat(148),
          fc.nat(150),
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 500 }),
          async (from, to, maxEvents, maxBytes) => {
            const start = all[from]?.offset as bigint
            const end = all[to]?.offset ?? (all.at(-1)?.offset as bigint) + 1n
            const seen = await readAll(log(), topic, 0, start, { maxEvents, maxBytes, to: end })
            expect(seen).toEqual(all.filter(({ offset }) => offset >= start && offset < end))
          },
        ),
        { numRuns: 60 },
      )
    })

    it('hands on one large event alone, whatever the limit', async () => {
      const topic = await fresh()
      await log().append([batchOf(topic, 0, [named('a'), named('x'.repeat(5_000)), named('b')])])
      const seen = await readAll(log(), topic, 0, 0n, { maxBytes: 10 })
      expect(seen.map(({ value }) => value?.length)).toEqual([1, 5_000, 1])
    })

    it('gives no chunk at the end or beyond it, and offsets without gaps where it claims so', async () => {
      const topic = await fresh()
      expect(await log().read(topic, 0, 0n)).toBeUndefined()
      await log().append([batchOf(topic, 0, numbered(10))])
      const [end] = (await log().ends([topic])).get(topic) ?? []
      expect(await log().read(topic, 0, end as bigint)).toBeUndefined()
      expect(await log().starts(topic)).toEqual([0n])
      const offsets = (await readAll(log(), topic, 0)).map(({ offset }) => offset)
      if (log().capabilities.denseOffsets) expect(offsets).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(i)))
      expect((offsets.at(-1) as bigint) < (end as bigint)).toBe(true)
    })

    it('copies a topic with its offsets, gaps and times', async () => {
      if (!log().capabilities.denseOffsets) return
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ gap: fc.nat(5), wait: fc.nat(3) }), { minLength: 1, maxLength: 30 }),
          fc.integer({ min: 1, max: 8 }),
          fc.nat(200),
          async (steps, size, from) => {
            const topic = await fresh()
            const events: { event: TestEvent; offset: bigint; time: bigint }[] = []
            let [offset, time] = [0n, 1_000_000n]
            for (const [index, step] of steps.entries()) {
              offset += BigInt(step.gap) + (index > 0 ? 1n : 0n)
              time += BigInt(step.wait)
              events.push({ event: named(`e${index}`), offset, time })
            }
            for (let i = 0; i < events.length; i += size) {
              const part = events.slice(i, i + size)
              const more = { offsets: part.map((each) => each.offset), times: part.map((each) => each.time) }
              await log().append([
                batchOf(
                  topic,
                  0,
                  part.map(({ event }) => event),
                  more,
                ),
              ])
            }
            const seen = await readAll(log(), topic, 0, BigInt(from), { maxEvents: 7 })
            expect(seen.map(({ value, ...place }) => [value, place.offset, place.time])).toEqual(
              events.filter((each) => each.offset >= BigInt(from)).map((each) => [each.event.value, each.offset, each.time]),
            )
            for (const wanted of [0n, time, time + 1n, 1_000_001n]) {
              expect(await log().offsetAt(topic, 0, wanted)).toBe(events.find((each) => each.time >= wanted)?.offset ?? offset + 1n)
            }
          },
        ),
        { numRuns: 40 },
      )
    })

    it('refuses a copy that would go back', async () => {
      if (!log().capabilities.denseOffsets) return
      const topic = await fresh()
      await log().append([batchOf(topic, 0, numbered(3))])
      await expect(log().append([batchOf(topic, 0, [named('late')], { offsets: [2n] })])).rejects.toMatchObject({ code: 'event-refused' })
      await expect(log().append([batchOf(topic, 0, [named('late')], { times: [1n] })])).rejects.toMatchObject({ code: 'event-refused' })
      expect(await readAll(log(), topic, 0)).toHaveLength(3)
    })

    it('finds the first offset of a time; times never descend', async () => {
      const topic = await fresh()
      for (let i = 0; i < 30; i++) await log().append([batchOf(topic, 0, numbered(1 + (i % 4)))])
      const all = await readAll(log(), topic, 0)
      for (const [index, event] of all.entries()) {
        expect(event.time >= (all[index - 1]?.time ?? 0n)).toBe(true)
        expect(await log().offsetAt(topic, 0, event.time)).toBe(all.find(({ time }) => time >= event.time)?.offset)
      }
      expect(await log().offsetAt(topic, 0, 0n)).toBe(all[0]?.offset)
      const [end] = (await log().ends([topic])).get(topic) ?? []
      expect(await log().offsetAt(topic, 0, (all.at(-1)?.time as bigint) + 1n)).toBe(end)
    })

    it('builds only what is wanted, and the chunk outlives later reads', async () => {
      const topic = await fresh()
      await log().append([batchOf(topic, 0, numbered(20))])
      await log().append([batchOf(topic, 0, numbered(20, 20))])
      const full = await log().read(topic, 0, 0n, { want: everything })
      const bare = await log().read(topic, 0, 0n)
      expect(bare?.keys).toBeUndefined()
      expect(bare?.typeIndexes).toBeUndefined()
      for (let i = 0; i < 5; i++) await log().append([batchOf(topic, 0, [named('y'.repeat(100_000))])])
      await readAll(log(), topic, 0)
      expect(full && eventsOf(full).map(({ value }) => value)).toEqual(Array.from({ length: 40 }, (_, i) => `event ${i}`))
    })
  })
}
