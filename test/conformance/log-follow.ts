import { describe, expect, it } from 'vitest'
import { nextLine } from '../support/child.ts'
import type { Subject } from './log.ts'
import { batchOf, readAll, type TestEvent } from './log-events.ts'

const named = (value: string): TestEvent => ({ value: JSON.stringify(value), type: 'Named', key: null })

/** The contract is 20 ms; a machine that other work keeps busy gets some slack for a few, and none for the middle. */
const SEEN_MS_MAX = 20

export function followConformance({ opened, log, fresh }: Subject): void {
  describe('wait', () => {
    it('returns at once when there is more, and when more comes', async () => {
      const topic = await fresh({ partitions: 2 })
      const waiting = log().wait(new Map([[topic, [0n, 0n]]]))
      await log().append([batchOf(topic, 1, [named('a')])])
      expect(await waiting).toBe(true)
      expect(await log().wait(new Map([[topic, [0n, 0n]]]))).toBe(true)
    })

    it('returns false after its time, or when aborted', async () => {
      const topic = await fresh()
      expect(await log().wait(new Map([[topic, [0n]]]), { timeoutMs: 5 })).toBe(false)
      const abort = new AbortController()
      const waiting = log().wait(new Map([[topic, [0n]]]), { signal: abort.signal })
      abort.abort()
      expect(await waiting).toBe(false)
      expect(await log().wait(new Map([[topic, [0n]]]), { signal: abort.signal })).toBe(false)
    })

    it('nobody reads an event before its append is acknowledged or after it is missing', async () => {
      const topic = await fresh()
      let acknowledged = 0n
      const appending = (async () => {
        for (let i = 0; i < 100; i++) {
          const result = await log().append([batchOf(topic, 0, [named(`${i}`)])])
          if (result.ok) acknowledged = result.batches[0]?.next ?? acknowledged
        }
      })()
      let offset = 0n
      while (offset < 100n) {
        const known = acknowledged
        await log().wait(new Map([[topic, [offset]]]))
        const [end] = (await log().ends([topic])).get(topic) ?? []
        expect((end as bigint) >= known).toBe(true)
        offset = (await log().read(topic, 0, offset))?.next ?? offset
      }
      await appending
    })
  })

  describe('several processes', () => {
    it('append at once: each event once, each writer in order, as acknowledged', async () => {
      const { otherProcess } = opened()
      if (!otherProcess) return
      const topic = await fresh()
      const [writers, count] = [3, 150]
      const children = await Promise.all(Array.from({ length: writers }, (_, i) => otherProcess('append', topic, `w${i}`, String(count))))
      for (const child of children) expect(await nextLine(child)).toBe('ready')
      for (const child of children) child.send('go')
      const own = Array.from({ length: count }, (_, i) => i)
      const acknowledged = new Map<string, string>()
      await Promise.all([
        ...children.map(async (child) => {
          for (let i = 0; i < count; i++) {
            const { name, offset } = JSON.parse(await nextLine(child)) as { name: string; offset: string }
            acknowledged.set(name, offset)
          }
          expect((await child.ended).code).toBe(0)
        }),
        ...own.map(async (i) => {
          const result = await log().append([batchOf(topic, 0, [named(`own-${i}`)])])
          if (result.ok) acknowledged.set(`own-${i}`, String(result.batches[0]?.first))
        }),
      ])
      const seen = await readAll(log(), topic, 0)
      expect(seen).toHaveLength((writers + 1) * count)
      const places = new Map(seen.map(({ value, offset }) => [JSON.parse(value as string) as string, String(offset)]))
      expect(places).toEqual(new Map([...acknowledged].sort((a, b) => Number(a[1]) - Number(b[1]))))
      for (const writer of ['own', 'w0', 'w1', 'w2']) {
        const numbers = [...places.keys()].filter((name) => name.startsWith(`${writer}-`)).map((name) => Number(name.split('-')[1]))
        expect(numbers).toEqual(own)
      }
    })

    it(`a reader in another process sees an event within ${SEEN_MS_MAX} ms`, async () => {
      const { otherProcess } = opened()
      if (!otherProcess) return
      const topic = await fresh()
      const count = 40
      const child = await otherProcess('follow', topic, String(count))
      expect(await nextLine(child)).toBe('ready')
      const delays: number[] = []
      for (let i = 0; i < count; i++) {
        await log().append([batchOf(topic, 0, [named(`${i}`)])])
        const appendedAt = performance.timeOrigin + performance.now()
        const { value, at } = JSON.parse(await nextLine(child)) as { value: string; at: number }
        expect(value).toBe(`${i}`)
        delays.push(at - appendedAt)
      }
      await child.ended
      delays.sort((a, b) => a - b)
      expect(delays[Math.floor(count * 0.9)], `delays in ms: ${delays.map((ms) => ms.toFixed(1)).join(' ')}`).toBeLessThan(SEEN_MS_MAX)
    })
  })
}
