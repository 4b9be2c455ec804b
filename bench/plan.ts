import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { startEngine } from '../engine/serve/engine.ts'
import type { Service } from '../engine/serve/service.ts'
import type { Benchmark } from './support/benchmark.ts'
import { inDir } from './support/catch-up.ts'
import { appendValidated, fillLog } from './support/fill.ts'
import { byAccount, paymentsProject } from './support/payments.ts'
import { type Line, median, msLine } from './support/print.ts'

/** Of every kind of cost: little state and much, what is decoded, what is sorted, what is joined. */
const views: Readonly<Record<string, string>> = {
  by_account: byAccount,
  by_day: 'SELECT day, count(DISTINCT account) AS accounts, max(amount) AS most FROM payments GROUP BY day',
  references: "SELECT reference, amount FROM payments WHERE reference LIKE '%7'",
  largest:
    'SELECT account, amount, reference FROM payments QUALIFY row_number() OVER (PARTITION BY account ORDER BY amount DESC, _offset, _partition) <= 3',
  running: 'SELECT account, day, sum(amount) OVER (PARTITION BY account ORDER BY _offset) AS balance FROM payments',
  pairs: 'SELECT p.account, p.amount, c.payments FROM payments AS p JOIN by_account AS c ON p.account = c.account WHERE p.amount > 9900',
}

const wanted = 2

/** What `evert plan` says of a view that is new, and what building it took then, beside an engine that stands at the end. */
export const plan: Benchmark = {
  name: 'plan',
  title: 'what evert plan says that building a view takes, to what it took',
  run: async ({ dir, events, seed }) => {
    const root = join(dir, 'project')
    const base = { beside: 'SELECT count(*) AS n FROM payments' }
    const project = inDir(await paymentsProject(root, base), join(dir, 'data'))
    await fillLog(project.config.dataDir, (log) => appendValidated(log, project, events, seed))
    const engine = await startEngine(project, { logger: pino({ level: 'silent' }) })
    const lines: Line[] = []
    const took: number[] = []
    try {
      await caughtUp(engine.service)
      const declared: Record<string, string> = { ...base }
      for (const [name, select] of Object.entries(views)) {
        declared[name] = select
        await paymentsProject(root, declared)
        const begin = performance.now()
        const { changes } = await engine.service.plan()
        took.push(performance.now() - begin)
        const estimate = changes.find((change) => change.name === name)?.estimate
        const { seconds } = await engine.service.replay(name)
        lines.push(ratioOf(name, estimate?.seconds ?? Number.NaN, seconds))
      }
    } finally {
      await engine.stop()
    }
    return [...lines, msLine('evert plan itself', median(took), 5_000, took)]
  },
}

function ratioOf(view: string, said: number, took: number): Line {
  const ratio = said / took
  return {
    what: `${view}: said ${said.toFixed(1)} s, took ${took.toFixed(1)} s`,
    measured: `${ratio.toFixed(2)} ×`,
    wanted: `${1 / wanted} to ${wanted} ×`,
    holds: ratio >= 1 / wanted && ratio <= wanted,
  }
}

async function caughtUp(service: Service): Promise<void> {
  for (;;) {
    const { lagEvents, replays } = await service.status()
    if (lagEvents === 0 && replays.length === 0) return
    await pause(50)
  }
}
