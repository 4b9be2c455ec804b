import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { append } from './append.ts'
import { backlog } from './backlog.ts'
import { demoViews } from './demo-views.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { nexmark } from './nexmark/main.ts'
import { plan } from './plan.ts'
import { start } from './start.ts'
import type { Benchmark, Setting } from './support/benchmark.ts'
import { conditions } from './support/conditions.ts'
import { printLines, say } from './support/print.ts'

/**
 * `npm run bench` runs all of them, `npm run bench -- NAME…` some. It runs the compiled sources, as users do.
 * EVERT_BENCH_EVENTS and EVERT_BENCH_ROUNDS make it shorter or longer. Targets are printed, never enforced.
 * `npm run bench nexmark -- [OPTIONS]` is a bench of its own, with options of its own; `--help` tells them.
 */
const all: readonly Benchmark[] = [append, backlog, demoViews, latency, start, memory, plan]

const names = process.argv.slice(2)
if (names[0] === 'nexmark') process.exit(await nexmark(names.slice(1)))
const unknown = names.filter((name) => !all.some((benchmark) => benchmark.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark ${unknown.join(', ')}. There are: ${[...all.map((benchmark) => benchmark.name), 'nexmark'].join(', ')}.\n`,
  )
  process.exit(2)
}
const size = {
  events: Number(process.env.EVERT_BENCH_EVENTS ?? 3_000_000),
  rounds: Number(process.env.EVERT_BENCH_ROUNDS ?? 3),
  seed: 20010101,
}
say(conditions())
say(`${size.events.toLocaleString('en')} events in the large loads, medians of ${size.rounds} runs, seed ${size.seed}`)
for (const benchmark of all) {
  if (names.length > 0 && !names.includes(benchmark.name)) continue
  say(`\n${benchmark.name}: ${benchmark.title}`)
  const dir = await mkdtemp(join(tmpdir(), `evert-bench-${benchmark.name}-`))
  try {
    const setting: Setting = { ...size, dir }
    printLines(await benchmark.run(setting))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
