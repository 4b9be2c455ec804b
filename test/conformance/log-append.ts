import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppendResult } from '../../connectors/log/log.ts'
import { limits } from '../../limits.ts'
import type { Subject } from './log.ts'
import { anyEvent, batchOf, readAll, type TestEvent } from './log-events.ts'

const named = (value: string, key: string | null = null): TestEvent => ({ value, type: 'Named', key })

export function appendConformance({ opened, log, fresh }: Subject): void {
  describe('append', () => {
    it('what is read is what was appended, in order, whatever the batches', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyEvent, { maxLength: 9 }), { maxLength: 12 }),
          fc.boolean(),
          fc.option(fc.constantFrom('mark-1', 'mark-2')),
          async (batches, atOnce, schema) => {
            const topic = await fresh()
            const appends = batches.map((events) => () => log().append([batchOf(topic, 0, events, schema === null ? {} : { schema })]))
            const results: AppendResult[] = []
            if (atOnce) results.push(...(await Promise.all(appends.map((append) => append()))))
            else for (const append of appends) results.push(await append())
            const seen = await readAll(log(), topic, 0)
            expect(seen.map(({ value, type, key }) => ({ value, type, key }))).toEqual(batches.flat())
            expect(seen.every((event) => event.schema === (schema ?? undefined))).toBe(true)
            const firsts = results.flatMap((result) => (result.ok ? result.batches.map(({ first }) => first) : []))
            for (const [index, events] of batches.entries())
              if (events.length > 0) expect(seen.find(({ offset }) => offset === firsts[index])?.value).toBe(events[0]?.value)
          },
        ),
        { numRuns: 40 },
      )
    })

    it('cuts a large batch, and joins nothing that it should not', async () => {
      const topic = await fresh()
      const many = Array.from({ length: limits.entryEventsMax + 10 }, (_, i) => named(`e${i}`, `k${i % 7}`))
      const large = Array.from({ length: 3 }, (_, i) => named(`${i}`.repeat((limits.entryBytesMax >> 1) + 1)))
      await Promise.all([
        log().append([batchOf(topic, 0, many, { schema: 'a' })]),
        log().append([batchOf(topic, 0, large, { schema: 'b' })]),
        log().append([batchOf(topic, 0, [named('last')])]),
      ])
      const seen = await readAll(log(), topic, 0)
      expect(seen.map(({ value }) => value)).toEqual([...many, ...large, named('last')].map(({ value }) => value))
      expect(new Set(seen.slice(0, many.length).map(({ schema }) => schema))).toEqual(new Set(['a']))
      expect(seen.at(-1)?.schema).toBeUndefined()
    })

    it('writes all batches of a call', async () => {
      const [a, b] = [await fresh({ partitions: 2 }), await fresh()]
      const result = await log().append([
        batchOf(a, 0, [named('1')]),
        batchOf(a, 1, [named('2'), named('3')]),
        batchOf(b, 0, [named('4')]),
        batchOf(a, 0, [named('5')]),
      ])
      expect(result).toMatchObject({ ok: true, duplicate: false })
      expect((await readAll(log(), a, 0)).map(({ value }) => value)).toEqual(['1', '5'])
      expect((await readAll(log(), a, 1)).map(({ value }) => value)).toEqual(['2', '3'])
      expect((await readAll(log(), b, 0)).map(({ value }) => value)).toEqual(['4'])
      const ends = await log().ends([a, b])
      expect([ends.get(a), ends.get(b)].map((list) => list?.length)).toEqual([2, 1])
    })

    it('refuses what is too large, by its place, and writes nothing of the call', async () => {
      const topic = await fresh()
      const huge = named('x'.repeat(limits.eventBytesMax + 1))
      await expect(log().append([batchOf(topic, 0, [named('small')]), batchOf(topic, 0, [named('a'), huge])])).rejects.toMatchObject({
        code: 'event-too-large',
        details: { index: 1 },
      })
      await expect(log().append([batchOf(topic, 0, [named('a', 'k'.repeat(limits.keyBytesMax + 1))])])).rejects.toMatchObject({
        code: 'event-too-large',
      })
      expect(await readAll(log(), topic, 0)).toEqual([])
    })

    it('a producer that tries again gets the first answer, also after a restart', async () => {
      const topic = await fresh()
      const send = (sequence: number, value: string, to = log()) =>
        to.append([batchOf(topic, 0, [named(value)])], { producer: `p-${topic}`, sequence })
      const first = await send(1, 'one')
      const [second, again] = await Promise.all([send(2, 'two'), send(2, 'two')])
      expect(first).toMatchObject({ ok: true, duplicate: false })
      expect(second).toMatchObject({ ok: true, duplicate: false })
      expect(again).toEqual({ ...second, duplicate: true })
      expect(await send(2, 'two', await opened().reopen())).toEqual({ ...second, duplicate: true })
      expect(await send(1, 'one')).toMatchObject({ ok: true, duplicate: true })
      expect(await send(7, 'seven')).toMatchObject({ ok: true, duplicate: false })
      expect((await readAll(log(), topic, 0)).map(({ value }) => value)).toEqual(['one', 'two', 'seven'])
    })

    it('an expected version that does not hold is a conflict, and nothing is written', async () => {
      if (!log().capabilities.conditionalAppend)
        return void (await expect(log().version(await fresh(), 'a')).rejects.toMatchObject({ code: 'capability-missing' }))
      const topic = await fresh({ versions: true })
      const write = (value: string, version: number, key = 'cup') =>
        log().append([batchOf(topic, 0, [named(value, key)])], { expected: { topic, key, version } })
      expect(await write('first', 0)).toMatchObject({ ok: true })
      // All at once, so that they share a commit: exactly one of the three wins, and the neighbours are not touched.
      const results = await Promise.all([
        write('a', 1),
        write('b', 1),
        write('other', 0, 'plate'),
        write('c', 1),
        log().append([batchOf(topic, 0, [named('free', 'cup')])]),
      ])
      expect(results.map(({ ok }) => ok)).toEqual([true, false, true, false, true])
      expect(results[1]).toEqual({ ok: false, conflict: { key: 'cup', expected: 1, actual: 2 } })
      expect((await readAll(log(), topic, 0)).map(({ value }) => value)).toEqual(['first', 'a', 'other', 'free'])
      expect(await log().version(topic, 'cup')).toBe(3)
      expect(await (await opened().reopen()).version(topic, 'plate')).toBe(1)
      await expect(log().version(await fresh(), 'cup')).rejects.toMatchObject({ code: 'capability-missing' })
    })

    it("commits a group's position with the events, or neither", async () => {
      if (!log().capabilities.transactions) return
      const topic = await fresh({ versions: true })
      const group = `group-${topic}`
      expect(await log().committed(group)).toBeUndefined()
      const position = { sequence: 1, offsets: [3n, 9_007_199_254_740_000n] }
      await log().append([batchOf(topic, 0, [named('out', 'k')])], { commit: { group, position } })
      expect(await log().committed(group)).toEqual(position)
      const lost = await log().append([batchOf(topic, 0, [named('out', 'k')])], {
        expected: { topic, key: 'k', version: 0 },
        commit: { group, position: { sequence: 2, offsets: [] } },
      })
      expect(lost.ok).toBe(false)
      expect(await (await opened().reopen()).committed(group)).toEqual(position)
    })

    it('keeps causes and transactions, and hands them on when asked', async () => {
      if (!log().capabilities.transactions) return
      const topic = await fresh()
      const transaction = { processor: 'p', sequence: 4, from: [0n, 5n], to: [2n, 5n] }
      const causes = [0, 1].map((number) => ({ partition: 0, offset: 1n, number }))
      await log().append([batchOf(topic, 0, [named('in')])])
      await log().append([batchOf(topic, 0, [named('a'), named('b')], { causes, transaction })])
      const plain = await log().read(topic, 0, 0n)
      expect(plain).toMatchObject({ count: 3 })
      const first = await log().read(topic, 0, 0n, { want: { causes: true } })
      expect(first).toMatchObject({ count: 1, next: 1n })
      expect(await log().read(topic, 0, 1n, { want: { causes: true } })).toMatchObject({ count: 2, causes, transaction })
      expect(await log().read(topic, 0, 2n, { want: { causes: true } })).toMatchObject({ count: 1, causes: [causes[1]], transaction })
    })
  })
}
