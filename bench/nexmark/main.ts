import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Project } from '../../engine/model/types.ts'
import { conditions } from '../support/conditions.ts'
import { say } from '../support/print.ts'
import { killChildren } from './child.ts'
import { baselineOf, coldOf, columnsOf, isRight, rateOf } from './columns.ts'
import type { Bids } from './ids.ts'
import { type Input, makeInput } from './input.ts'
import { oneQuery, type Result } from './one-query.ts'
import { type Options, readOptions, usage } from './options.ts'
import { meanLines, type Peer, readPeers } from './peers.ts'
import { Progress } from './progress.ts'
import { nexmarkProject, queryNames } from './project.ts'
import { smallSizes } from './small-batches.ts'
import { printHeads, printResult } from './table.ts'

/** A file system in memory, where there is one: a disk would be measured otherwise. */
const memoryFolder = '/dev/shm'
/** The recomputation is timed over lines up to here: more would not fit beside the log in memory. */
const linesEventsMax = 5_000_000

/** The queries of an auction house as views, each in a process of its own. Resolves with the exit code. */
export async function nexmark(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return told(usage, 0)
  let options: Options
  let peers: Peer[]
  const project = await nexmarkProject()
  const known = queryNames(project)
  try {
    options = readOptions(args)
    peers = readPeers(options.peers)
    const unknown = options.queries.filter((query) => !known.includes(query))
    if (unknown.length > 0) throw new Error(`There is no query ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  } catch (error) {
    return told(`${(error as Error).message}\n\n${usage}`, 2)
  }
  const place = existsSync(memoryFolder) ? memoryFolder : tmpdir()
  const dir = await mkdtemp(join(place, 'evert-bench-nexmark-'))
  const clean = () => {
    killChildren()
    rmSync(dir, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      clean()
      process.exit(130)
    })
  try {
    if (!options.json) introduce(options, place)
    return await run(project, options.queries.length > 0 ? options.queries : known, options, peers, dir)
  } finally {
    clean()
  }
}

async function run(project: Project, queries: readonly string[], options: Options, peers: readonly Peer[], dir: string): Promise<number> {
  const progress = new Progress()
  const input = await inputOf(project, options, options.mode === 'hot' ? 'hot' : 'usual', dir, progress)
  const cold = options.mode === 'hot' ? await inputOf(project, options, 'cold', dir, progress) : undefined
  const columns = columnsOf(options.mode, peers)
  const results: Result[] = []
  let failed = 0
  if (!options.json) printHeads(columns)
  for (const query of queries) {
    try {
      const ran = (of: Input) => oneQuery(query, options, of, dir, (events) => progress.say(query, events, of.events))
      const result: Result = { ...(await ran(input)), ...(cold && { cold: await ran(cold) }) }
      results.push(result)
      progress.clear()
      const rates = { perSecond: rateOf(result), baselinePerSecond: baselineOf(result) ?? null, coldPerSecond: coldOf(result) ?? null }
      if (options.json) say(JSON.stringify({ ...result, ...rates }))
      else printResult(result, columns)
      if (!isRight(result)) failed++
    } catch (error) {
      failed++
      progress.clear()
      if (options.json) say(JSON.stringify({ query, error: (error as Error).message }))
      else say(`  ${query.padEnd(6)}  FAILED: ${(error as Error).message}`)
    }
  }
  if (!options.json) for (const text of meanLines(results, peers)) say(`  ${text}`)
  return failed > 0 ? 1 : 0
}

async function inputOf(project: Project, options: Options, bids: Bids, dir: string, progress: Progress): Promise<Input> {
  const { events, mode, seed, rate, permuted, foreign, keep } = options
  const later = mode === 'latency' ? smallSizes(seed, options.batches).reduce((sum, size) => sum + size, 0) : 0
  if (keep !== undefined) await mkdir(keep, { recursive: true })
  const lines = mode === 'backlog' && events <= linesEventsMax
  const wanted = { events, later, seed, rate, permuted, foreign, bids, lines }
  const input = await makeInput(keep ?? dir, project, wanted, (done, total) => progress.say('making events', done, total))
  progress.clear()
  return input
}

function introduce({ mode, events, batch, permuted, foreign, seed, rate, threads, memory }: Options, place: string): void {
  say(conditions())
  const settings = [
    `nexmark, ${mode}: ${events.toLocaleString('en')} events, seed ${seed}, ${rate.toLocaleString('en')} a second of event time`,
    `batches of at most ${batch?.toLocaleString('en') ?? 'as many events as the project is configured with'}`,
    foreign ? 'foreign bytes: each event has the full check' : 'marked as validated by append',
    ...(permuted ? ['ids without locality'] : []),
    ...(threads === undefined ? [] : [`${threads} DuckDB threads`]),
    ...(memory === undefined ? [] : [`${memory} for DuckDB`]),
  ]
  say(`${settings.join('; ')}\nlog and state in ${place}${place === memoryFolder ? ', a file system in memory' : ''}\n`)
}

function told(text: string, code: number): number {
  if (code === 0) say(text)
  else process.stderr.write(`${text}\n`)
  return code
}
