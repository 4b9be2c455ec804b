/** What `explain`, `views` and the log of `run` say of a view's cost, with a real engine behind them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Explanation, ViewInfo } from '../../engine/serve/service.ts'
import { limits } from '../../limits.ts'
import { type RunningEngine, startRun } from './support/engine.ts'
import { jsonLines, shopProject, type TestProject } from './support/project.ts'

let project: TestProject
let engine: RunningEngine

beforeAll(async () => {
  project = await shopProject()
  await view('numbered', 'SELECT sku, ntile(4) OVER (ORDER BY sku, quantity) AS n FROM shop.StockReceived')
  await view('running', 'SELECT sku, lead(quantity) OVER (PARTITION BY sku ORDER BY quantity) AS following FROM shop.StockReceived')
  await view('largest', 'SELECT sku, max(quantity) AS most FROM (SELECT sku, quantity FROM shop.StockReceived) GROUP BY sku')
  await view('medians', 'SELECT sku, median(quantity) AS middle FROM shop.StockReceived GROUP BY sku')
  engine = await startRun(project)
})
afterAll(async () => {
  engine.kill('SIGTERM')
  await engine.ended
  await project.remove()
})

function view(name: string, select: string): Promise<void> {
  return writeFile(join(project.root, 'sql', 'views', `${name}.sql`), `CREATE MATERIALIZED VIEW ${name} AS\n${select}\n`)
}

test('run says of new views what they cost, with the rewrite', async () => {
  const told = jsonLines(engine.log()) as { level: string; view?: string; msg: string }[]
  const about = (name: string) => told.filter((line) => line.view === name).map((line) => `${line.level}: ${line.msg}`)
  expect(about('numbered')).toEqual([
    expect.stringMatching(/^warn: numbered is computed anew in each batch, over rows that grow with the events.*Rewrite: PARTITION BY/),
    expect.stringMatching(/^info: numbered keeps a state without bound: the rows of shop\.StockReceived.*its own rows.*A retention/),
  ])
  expect(about('medians')).toEqual([expect.stringMatching(/^info: medians keeps a state without bound: the rows of/)])
  expect(about('largest')).toEqual([])
  expect(about('stock_received')).toEqual([])
})

test('without a measured batch explain tells all but the times, and --analyze says why', async () => {
  const { out } = await project.evert(['explain', 'numbered', '--analyze'])
  expect(out).toMatch(/warning +numbered is computed anew/)
  expect(out).toMatch(/\n {2}numbered {2}window over all rows {2}\[full; 0 rows, 0 B\]\n/)
  expect(out).toMatch(/shared +kept once, with medians, running\n/)
  expect(out).toMatch(/cheaper +PARTITION BY a column/)
  expect(out).toMatch(/└─ stream shop\.StockReceived {2}the events of the batch\n/)
  expect(out).not.toContain('measured ')
  expect(out).toContain('no batch was measured')
})

test('after a large batch each step has its time and rows, after small ones the whole string has', async () => {
  const deliveries = Array.from({ length: limits.literalEventsMax + 1 }, (_, i) => delivery(`sku ${i % 5}`, i))
  expect(await append(deliveries)).toMatchObject({ code: 0 })
  const large = await explained('largest', deliveries.length)
  const { mean, batches } = large.plan.measured ?? {}
  expect(mean).toMatchObject({ batches: 1, events: deliveries.length, rows: 5 })
  expect(batches?.[0]?.steps.length).toBeGreaterThan(0)
  expect(large.plan).toMatchObject({ strategy: 'linear', growth: 'keys', rows: 5, estimate: { of: 'touched', touched: 5, among: 5 } })
  expect(large.decoding).toMatchObject([{ steps: [{ step: 'decode shop.StockReceived', rows: deliveries.length }] }])
  expect((await project.evert(['explain', 'largest', '--analyze'])).out).toMatch(
    /measured +\d[\d.]* ms and 5 rows written a batch of 129 events \(mean of 1\)\n.*steps of the last batch\n/,
  )
  expect(await append([delivery('sku 1', 1)])).toMatchObject({ code: 0 })
  const small = await explained('largest', deliveries.length + 1)
  expect(small.plan.measured?.together).toMatchObject({ batches: 1, events: 1 })
  expect(small.plan.measured?.batches.at(-1)?.steps).toEqual([])
  expect((await project.evert(['explain', 'largest'])).out).toContain('small batches go as one string')
})

test('views tells bytes, counts what is shared once, and names what has no bound', async () => {
  const [all] = jsonLines((await project.evert(['views', '--json'])).out) as [ViewInfo[]]
  const [numbered, running] = ['numbered', 'running'].map((name) => all.find((one) => one.name === name))
  expect(numbered).toMatchObject({ growth: 'events', shared: [{ with: ['medians', 'running'] }] })
  expect(numbered?.bytes).toBeGreaterThan(numbered?.shared[0]?.bytes ?? 0)
  expect(running?.shared[0]?.bytes).toBe(numbered?.shared[0]?.bytes)
  expect(all.find((one) => one.name === 'largest')).toMatchObject({ growth: 'keys', shared: [], warnings: [] })
  const { out } = await project.evert(['views'])
  expect(out).toMatch(/numbered +sql +full +live +130 +[\d.]+ KiB\* +events \(unbounded\) +shop\.StockReceived/)
  expect(out).toMatch(/\ntotal [\d.]+ KiB\n\* [\d.]+ KiB kept once for medians, numbered, running\n$/)
})

function delivery(sku: string, quantity: number): string {
  return JSON.stringify({ sku, quantity })
}

function append(events: readonly string[]) {
  return project.evert(['append', 'shop', '--type', 'StockReceived'], { input: `${events.join('\n')}\n` })
}

/** The explanation once `events` events are in the views. */
async function explained(name: string, events: number): Promise<Explanation> {
  for (;;) {
    const [found] = jsonLines((await project.evert(['explain', name, '--json'])).out) as [Explanation]
    if (found.position.shop?.[0] === String(events)) return found
    await pause(50)
  }
}
