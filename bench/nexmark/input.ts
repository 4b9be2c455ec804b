import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../connectors/log/embedded/embedded-log.ts'
import type { Project } from '../../engine/model/types.ts'
import { createEvents, type EventOptions } from './event.ts'
import { appendRange } from './fill.ts'
import { nexmarkStream } from './project.ts'
import { writeParquet } from './recompute.ts'
import { typeNames, typeOf } from './shape.ts'

export interface InputOptions extends EventOptions {
  /** Events that wait in the log. */
  readonly events: number
  /** Events that come later, in the mode latency: the check must know them. */
  readonly later: number
  readonly foreign: boolean
  /** The lines are kept beside the columns: DuckDB's own recomputation is timed over them. */
  readonly lines: boolean
}

/** The events of a run: a log that no engine has seen, and the same events for DuckDB alone. */
export interface Input {
  /** Folder of the log. */
  readonly log: string
  /** Those that wait in the log and those that come later. */
  readonly events: number
  readonly parquet: readonly string[]
  readonly lines: readonly string[]
  /** What they were made by. */
  readonly made: InputOptions
}

const sliceEvents = 1_000_000

/** Makes the events, or takes those that a run with the same options has kept in `dir`. */
export async function makeInput(
  dir: string,
  project: Project,
  options: InputOptions,
  onProgress: (done: number, total: number) => void,
): Promise<Input> {
  const stream = nexmarkStream(project)
  const folder = join(dir, `events-${hashOf([options, stream.fingerprint])}`)
  const total = options.events + options.later
  const slices = Array.from({ length: Math.ceil(total / sliceEvents) }, (_, index) => join(folder, `${index}`))
  const input: Input = {
    log: join(folder, 'log'),
    events: total,
    parquet: slices.map((slice) => `${slice}.parquet`),
    lines: options.lines ? slices.map((slice) => `${slice}.ndjson`) : [],
    made: options,
  }
  const whole = join(folder, 'whole')
  if (existsSync(whole)) return input
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const event = createEvents(options)
  sample(project, event)
  const log = await openEmbeddedLog(input.log)
  try {
    await log.createTopic(stream.topic, { partitions: stream.partitions, versions: stream.versions })
    for (const [index, slice] of slices.entries()) {
      const from = index * sliceEvents
      const to = Math.min(total, from + sliceEvents)
      const logged = Math.min(to, Math.max(from, options.events))
      await appendRange(log, stream, event, from, logged, options.foreign, (done) => onProgress(done, total))
      await writeFile(`${slice}.ndjson`, linesOf(event, from, to))
      await writeParquet(stream, `${slice}.ndjson`, `${slice}.parquet`)
      if (!options.lines) await rm(`${slice}.ndjson`)
      onProgress(to, total)
    }
  } finally {
    await log.close()
  }
  await writeFile(whole, '')
  return input
}

/** The values are marked as validated, so what is written must be what the stream's codec would write. */
function sample(project: Project, event: (n: number) => string): void {
  const { types } = nexmarkStream(project)
  for (let n = 0; n < 1_000; n++) {
    const text = event(n)
    const encoded = types[typeOf(n)]?.codec.encode(JSON.parse(text))
    if (encoded !== text) throw new Error(`Event ${n} is ${text}, and append would write ${encoded}`)
  }
}

/** With the number of each event, from which its place in the log follows. */
function* linesOf(event: (n: number) => string, from: number, to: number): Generator<string> {
  const blockEvents = 2_000
  for (let begin = from; begin < to; begin += blockEvents) {
    let block = ''
    for (let n = begin; n < Math.min(to, begin + blockEvents); n++)
      block += `{"type":"${typeNames[typeOf(n)]}","n":${n},${event(n).slice(1)}\n`
    yield block
  }
}

function hashOf(of: unknown): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 12)
}
