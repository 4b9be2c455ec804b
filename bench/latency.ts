import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { openEmbeddedLog } from '../connectors/log/embedded/embedded-log.ts'
import { type Appender, createAppender } from '../engine/run/append.ts'
import { type Engine, startEngine } from '../engine/serve/engine.ts'
import type { Benchmark } from './support/benchmark.ts'
import { inDir } from './support/catch-up.ts'
import { appendValidated, fillLog } from './support/fill.ts'
import { accounts, paymentAt, paymentsProject } from './support/payments.ts'
import { type Line, median, msLine, quantile } from './support/print.ts'

/** Five linear views, the largest of 5,000 rows. */
const views = {
  by_account: 'SELECT account, count(*) AS payments, sum(amount) AS total FROM payments GROUP BY account',
  by_kind: 'SELECT kind, count(*) AS payments, min(amount) AS least, max(amount) AS most FROM payments GROUP BY kind',
  by_day: 'SELECT day, count(*) AS payments, avg(amount) AS average FROM payments GROUP BY day',
  by_size: 'SELECT CAST(floor(amount / 10) AS INTEGER) AS step, count(*) AS payments FROM payments GROUP BY step',
  by_account_group: 'SELECT left(account, 4) AS accounts, count(*) AS payments, sum(amount) AS total FROM payments GROUP BY accounts',
}

const perSecond = 100
const warmUp = 100
const historyEvents = 100_000

/**
 * From the call of `append` to the commit that readers see, in one process and on disk. The engine tells of its commits
 * through its log at level debug, so nothing polls and nothing of the engine is bypassed.
 */
export const latency: Benchmark = {
  name: 'latency',
  title: `append → visible to a reader in the same process: five linear views of ≤ ${accounts.toLocaleString('en')} rows, ${perSecond} appends/s, on disk`,
  run: async ({ dir, rounds, seed }) => {
    const declared = await paymentsProject(join(dir, 'project'), views)
    const project = inDir(declared, join(dir, 'data'))
    await fillLog(project.config.dataDir, (log) => appendValidated(log, project, historyEvents, seed))
    const commits = new Commits()
    const engine = await startEngine(project, { logger: pino({ level: 'debug' }, commits) })
    const log = await openEmbeddedLog(join(project.config.dataDir, 'log'))
    try {
      await commits.reach(historyEvents)
      const appender = createAppender(log, project.streams.values())
      let appended = historyEvents
      const next = () => paymentAt(appended++, seed)
      const runs: number[][] = []
      const durable: number[] = []
      for (let round = 0; round < rounds; round++) runs.push(await paced(appender, next, commits, durable))
      const queried = await asked(engine, appender, next, () => appended)
      const p99 = runs.map((run) => quantile(run, 0.99))
      const lines: Line[] = [
        msLine('append → commit that readers see, p50', median(runs.map(median)), 6, runs.map(median)),
        msLine('append → commit that readers see, p99', median(p99), 20, p99),
        msLine('  of which append → durable, p50', median(durable)),
        msLine('append → seen by Service.query asked in a tight loop, p50', median(queried.seen)),
        msLine('  one such query by itself, p50', median(queried.alone)),
      ]
      return lines
    } finally {
      await engine.stop()
      await log.close()
    }
  },
}

/** Events that the engine has committed, as its log tells. */
class Commits {
  #events = 0
  #waiting: { readonly events: number; readonly resolve: (at: number) => void }[] = []

  write(line: string): void {
    const { msg, events } = JSON.parse(line) as { msg?: string; events?: number }
    if (msg !== 'batch committed' || events === undefined) return
    this.#events += events
    const at = performance.now()
    for (const { events: wanted, resolve } of this.#waiting) if (wanted <= this.#events) resolve(at)
    this.#waiting = this.#waiting.filter((waiter) => waiter.events > this.#events)
  }

  /** Resolves with the time at which so many events were committed. */
  reach(events: number): Promise<number> {
    if (this.#events >= events) return Promise.resolve(performance.now())
    return new Promise((resolve) => this.#waiting.push({ events, resolve }))
  }

  get events(): number {
    return this.#events
  }
}

/** Ten seconds of appends at a steady pace, those of the warm-up not counted. */
async function paced(appender: Appender, next: () => object, commits: Commits, durable: number[]): Promise<number[]> {
  const measured: Promise<number>[] = []
  const before = commits.events
  const start = performance.now()
  const count = perSecond * 10 + warmUp
  for (let i = 0; i < count; i++) {
    await pause(Math.max(0, start + (i * 1000) / perSecond - performance.now()))
    const begin = performance.now()
    const done = appender.append('payments', [{ data: next() }]).then(() => void durable.push(performance.now() - begin))
    const seen = commits.reach(before + i + 1).then((at) => at - begin)
    measured.push(done.then(() => seen))
  }
  return (await Promise.all(measured)).slice(warmUp)
}

/** The same as a user of the service sees it who asks again and again; and what one question costs. */
async function asked(
  engine: Engine,
  appender: Appender,
  next: () => object,
  total: () => number,
): Promise<{ seen: number[]; alone: number[] }> {
  const seen: number[] = []
  const alone: number[] = []
  const count = async () => {
    const { rows } = await engine.service.query('SELECT CAST(sum(payments) AS BIGINT) FROM by_kind')
    let found = 0
    for await (const block of rows) for (const [cell] of block) found = Number(cell)
    return found
  }
  for (let i = 0; i < 100; i++) {
    await pause(1000 / perSecond)
    const question = performance.now()
    await count()
    alone.push(performance.now() - question)
    const begin = performance.now()
    await appender.append('payments', [{ data: next() }])
    while ((await count()) < total());
    seen.push(performance.now() - begin)
  }
  return { seen, alone }
}
