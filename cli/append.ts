import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Log } from '../connectors/log/log.ts'
import type { Project, StreamModel, TableModel } from '../engine/model/types.ts'
import { type Appender, createAppender, type NewEvent } from '../engine/run/append.ts'
import { openLog } from '../engine/serve/open-log.ts'
import { asEvertError, EvertError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { CommandSpec, Context } from './command.ts'
import { type InputLine, lineBatches } from './input/lines.ts'
import { parseLine } from './input/parse-line.ts'
import { loadProject } from './project/load.ts'
import { formatMany, formatRate, formatSeconds } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'

/** Lines of one append: all of them or none, one wait for the disk. With `--producer` its number is the sequence, so it must not depend on time. */
const batchLines = 1_000

/** `evert append`: NDJSON into the log itself, whether an engine runs or not. */
export const append: CommandSpec = {
  usage: 'append <stream> [file]',
  summary: 'appends events to a stream, or rows to a table, from NDJSON',
  description:
    'Reads FILE, or standard input when it is - or left out. A line is {"type":"…","data":{…}}, or the bare payload when the stream has one type or --type names it; ' +
    'of a table {"key":"…","data":{…}} or the bare row, and data null deletes. ' +
    'Bytes (BLOB) are DuckDB’s escape text, "\\\\xFF" in JSON for one byte that is not plain ASCII; base64 would be taken as its letters. ' +
    `Lines are validated and appended by the ${batchLines}, all or none; when one is bad, the message names it and how many lines before it are in the log.`,
  example: 'evert append shop events/shop.ndjson\necho \'{"sku":"lamp","quantity":3}\' | evert append shop --type StockReceived',
  options: (command: Command) => {
    command.option('--type <type>', 'every line is a payload of this type')
    command.option('--producer <id>', 'makes a repeated run of the same file harmless: what is in the log already is passed over')
  },
  async run(context, [stream, file], options) {
    const project = await loadProject(context.root())
    const target = targetOf(project, stream as string)
    const type = typeof options.type === 'string' ? typeIn(target, options.type) : undefined
    const producer = typeof options.producer === 'string' ? options.producer : undefined
    const log = await openLog(project)
    try {
      await appendAll(context, log, { target, type, producer, file: typeof file === 'string' ? file : '-' })
    } finally {
      await log.close()
    }
    return undefined
  },
}

interface Job {
  readonly target: StreamModel | TableModel
  readonly type: string | undefined
  readonly producer: string | undefined
  readonly file: string
}

/** Counts of lines: appended by this run, and found there from an earlier one. */
interface Counts {
  appended: number
  duplicates: number
}

async function appendAll({ terminal, signal }: Context, log: Log, job: Job): Promise<void> {
  const counts: Counts = { appended: 0, duplicates: 0 }
  const started = performance.now()
  const progress = progressDisplay(terminal)
  const bytesTotal = await sizeOf(job.file)
  let bytes = 0
  const show = (): void => {
    const seconds = (performance.now() - started) / 1_000
    // The file's bytes tell how far it is, and so about how many lines there will be.
    const lines = counts.appended + counts.duplicates
    const total = bytesTotal === undefined || bytes === 0 ? undefined : Math.max(lines, Math.round((lines * bytesTotal) / bytes))
    progress.show({
      phase: 'append',
      done: lines,
      ...(total !== undefined && { total }),
      unit: 'events',
      perSecond: lines / Math.max(seconds, 1e-3),
    })
  }
  try {
    await appendBatches(createAppender(log, [job.target]), job, counts, signal, (count) => (bytes += count), show)
  } catch (thrown) {
    throw signal.aborted ? stopped(counts, job) : thrown
  } finally {
    progress.clear()
  }
  const seconds = (performance.now() - started) / 1_000
  if (terminal.json) return terminal.printJson({ stream: job.target.name, ...counts, seconds })
  const passedOver = counts.duplicates === 0 ? '' : `, ${formatMany(counts.duplicates, 'event')} were there already`
  await terminal.print(
    `${formatMany(counts.appended, 'event')} appended to ${job.target.name} in ${formatSeconds(seconds)} (${formatRate(counts.appended / Math.max(seconds, 1e-3))})${passedOver}\n`,
  )
}

async function appendBatches(
  appender: Appender,
  job: Job,
  counts: Counts,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
  onBatch: () => void,
): Promise<void> {
  const input = lineBatches(job.file, {
    countMax: batchLines,
    bytesMax: limits.entryBytesMax,
    signal,
    onBytes,
    eager: job.producer === undefined,
  })
  let sequence = 0
  for await (const lines of input) {
    sequence += 1
    const events = await eventsOf(appender, job, lines, counts)
    signal.throwIfAborted()
    await appendLines(appender, job, lines, events, sequence, counts)
    onBatch()
  }
}

async function appendLines(
  appender: Appender,
  job: Job,
  lines: readonly InputLine[],
  events: readonly NewEvent[],
  sequence: number,
  counts: Counts,
): Promise<void> {
  const options = job.producer === undefined ? {} : { producer: job.producer, sequence }
  try {
    const result = await appender.append(job.target.name, events, options)
    if (!result.ok) throw new EvertError('event-refused', 'a conflict without an expectation')
    if (!result.duplicate) {
      counts.appended += events.length
      return
    }
    const known = Number(result.batches.reduce((sum, batch) => sum + batch.next - batch.first, 0n))
    if (known > 0 && known !== events.length) throw changedFile(job, lines, known)
    counts.duplicates += events.length
  } catch (thrown) {
    const { index } = asEvertError(thrown).details
    throw atLine(thrown, (typeof index === 'number' ? lines[index] : lines[0]) as InputLine, job, counts)
  }
}

/** The lines as events. Throws what is wrong with the first bad one, whoever finds it: the parser here or the appender. */
async function eventsOf(appender: Appender, job: Job, lines: readonly InputLine[], counts: Counts): Promise<readonly NewEvent[]> {
  const events: NewEvent[] = []
  for (const line of lines) {
    try {
      events.push(parseLine(line.bytes, job.target, job.type))
    } catch (thrown) {
      await assertGood(appender, job, lines, events, counts)
      throw atLine(thrown, line, job, counts)
    }
  }
  return events
}

/** An event that no stream takes: with it among them events are validated, in their order, and none is written. */
const refusedByAll: NewEvent = { type: '', data: null }

/** Throws what the appender finds wrong with events; writes nothing. */
async function assertGood(
  appender: Appender,
  job: Job,
  lines: readonly InputLine[],
  events: readonly NewEvent[],
  counts: Counts,
): Promise<void> {
  try {
    await appender.append(job.target.name, [...events, refusedByAll])
  } catch (thrown) {
    const { index } = asEvertError(thrown).details
    if (typeof index !== 'number') throw thrown
    if (index < events.length) throw atLine(thrown, lines[index] as InputLine, job, counts)
  }
}

/** The same error, saying which line and what is in the log. */
function atLine(thrown: unknown, line: InputLine, job: Job, counts: Counts): EvertError {
  const error = asEvertError(thrown)
  const says = error.message.replace(/^Event \d+( \([^)]*\))?:? /, '')
  return new EvertError(
    error.code,
    `Cannot append line ${line.number} of ${inputName(job)}: ${says.replace(/[.]?$/, '.')} ${durable(counts, job)}`,
    {
      cause: error.cause,
      details: { ...error.details, line: line.number, ...counts },
    },
  )
}

function stopped(counts: Counts, job: Job): EvertError {
  return new EvertError('interrupted', `Interrupted. ${durable(counts, job)}`, { details: { ...counts } })
}

/** What a caller must know to go on: lines are in order, so the count is also the place. */
function durable({ appended, duplicates }: Counts, { producer }: Job): string {
  const there = appended + duplicates
  if (there === 0) return 'Nothing was appended.'
  const goOn =
    producer === undefined
      ? `Go on with the lines after the first ${there} (blank ones not counted).`
      : 'Run the same command again to go on.'
  return `The ${formatMany(there, 'event')} before are in the log, nothing from there on. ${goOn}`
}

function changedFile(job: Job, lines: readonly InputLine[], known: number): EvertError {
  return new EvertError(
    'event-refused',
    `Producer ${job.producer} has appended ${known} of the lines ${lines[0]?.number} to ${lines.at(-1)?.number} before: the input was another one then. Append new lines under another --producer.`,
  )
}

function targetOf(project: Project, name: string): StreamModel | TableModel {
  const target = project.streams.get(name) ?? project.tables.get(name)
  if (target !== undefined) return target
  const known = [...project.streams.keys(), ...project.tables.keys()].join(', ')
  throw new EvertError(
    'topic-unknown',
    `Cannot append to ${name}: the project declares no such stream or table. It has: ${known || 'none'}.`,
  )
}

function typeIn(target: StreamModel | TableModel, type: string): string {
  if (target.types.some((one) => one.name === type)) return type
  throw new EvertError(
    'usage',
    `Cannot append events of type ${type} to ${target.name}: its types are ${target.types.map((one) => one.name).join(', ')}.`,
  )
}

async function sizeOf(file: string): Promise<number | undefined> {
  if (file === '-') return undefined
  const found = await stat(file).catch((thrown: Error) => {
    throw new EvertError('usage', `Cannot read ${file}: ${thrown.message}. Name an NDJSON file, or - for standard input.`, {
      cause: thrown,
    })
  })
  return found.isFile() ? found.size : undefined
}

function inputName({ file }: Job): string {
  return file === '-' ? 'standard input' : file
}
