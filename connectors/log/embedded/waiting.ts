import { watch } from 'node:fs'
import { limits } from '../../../limits.ts'

interface Waiter {
  /** Whether what it waits for is there. May throw; the waiter then ends with that error. */
  readonly ready: () => boolean
  readonly end: (outcome: boolean | Error) => void
}

const unwatched = { close: () => undefined }

/**
 * Those who wait for more events. A commit of this process tells them at once; one of another process shows as a write
 * to the log's file, and should the file system not tell, a poll finds it. Nothing runs while nobody waits.
 */
export class Waiting {
  readonly #dir: string
  readonly #waiters = new Set<Waiter>()
  #watcher: { close(): void } | undefined
  #poll: NodeJS.Timeout | undefined
  #scheduled = false

  constructor(dir: string) {
    this.#dir = dir
  }

  /** True when `ready`; false after `timeoutMs`, when aborted, or when `close` is called. */
  wait(ready: () => boolean, timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      const abort = () => waiter.end(false)
      const timer = timeoutMs === undefined ? undefined : setTimeout(abort, timeoutMs)
      const waiter: Waiter = {
        ready,
        end: (outcome) => {
          this.#waiters.delete(waiter)
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
          if (this.#waiters.size === 0) this.#stopPolling()
          if (outcome instanceof Error) reject(outcome)
          else resolve(outcome)
        },
      }
      signal?.addEventListener('abort', abort)
      this.#waiters.add(waiter)
      this.#start()
      // A commit may have come between the caller's look and the watch.
      this.#check()
    })
  }

  /** To be called after each commit of this process. Looks once for a burst of commits. */
  notify(): void {
    if (this.#waiters.size === 0 || this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#check()
    })
  }

  close(): void {
    for (const waiter of [...this.#waiters]) waiter.end(false)
    this.#watcher?.close()
    this.#stopPolling()
  }

  #start(): void {
    this.#poll ??= setInterval(() => this.#check(), limits.waitPollMsMax)
    this.#watcher ??= this.#watch()
  }

  /** Watching is only the faster way: where the system has no more watches, or takes one back, the poll keeps the promise. */
  #watch(): { close(): void } {
    try {
      const watcher = watch(this.#dir, { persistent: false }, () => this.notify())
      return watcher.on('error', () => watcher.close())
    } catch {
      return unwatched
    }
  }

  #stopPolling(): void {
    clearInterval(this.#poll)
    this.#poll = undefined
  }

  #check(): void {
    for (const waiter of [...this.#waiters]) {
      try {
        if (waiter.ready()) waiter.end(true)
      } catch (error) {
        waiter.end(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }
}
