import type { Amount } from '../store.ts'

/** Sends a statement on some connection of the instance. */
type Send = (sql: string) => Promise<unknown>

/**
 * How many threads DuckDB works with. To share out a few thousand rows costs more than it brings: while only batches of that
 * size are worked on, each connection's statements run on the thread that sends them (Nexmark in batches of 10,000: 9 % faster on
 * two cores, with 17 % less CPU). As soon as somebody asks a question or a batch is large, all threads work again.
 */
export interface Threads {
  /** What the writer's transactions work on from now on. */
  expect(rows: Amount): void
  /** Called between the writer's transactions. */
  settle(): Promise<void>
  /** All threads for as long as a question is answered or a checkpoint is made; call what it returns when it is. */
  take(send: Send): Promise<() => void>
}

/** `all`: what the instance was opened with. */
export function createThreads(all: number, send: Send): Threads {
  let rows: Amount = 'many'
  let takers = 0
  let now = all
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other, and to what is wanted when its turn comes. */
  const adjust = (on: Send): Promise<void> => {
    const adjusting = last.then(async () => {
      const wanted = takers > 0 || rows === 'many' ? all : 1
      if (wanted === now) return
      await on(`SET threads = ${wanted}`)
      now = wanted
    })
    last = adjusting.catch(() => undefined) // whoever called sees the error
    return adjusting
  }
  return {
    expect: (next) => {
      rows = next
    },
    settle: () => adjust(send),
    take: async (on) => {
      takers++
      let isTaken = true
      const release = () => {
        if (isTaken) takers--
        isTaken = false
      }
      try {
        await adjust(on)
      } catch (error) {
        release()
        throw error
      }
      return release
    },
  }
}
