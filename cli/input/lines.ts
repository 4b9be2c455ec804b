/** Lines of a file or of standard input, as bytes: what is no UTF-8 must be seen as such, and not be replaced. */
import { createReadStream } from 'node:fs'
import { EvertError } from '../../errors.ts'
import { limits } from '../../limits.ts'

export interface InputLine {
  /** From 1 on. */
  readonly number: number
  /** Without its end. */
  readonly bytes: Uint8Array
}

/** Envelope and white space around one event. */
const lineBytesMax = limits.eventBytesMax + 4_096

export interface LineOptions {
  readonly countMax: number
  readonly bytesMax: number
  readonly signal: AbortSignal
  /** Told of bytes as they are read. */
  readonly onBytes: (bytes: number) => void
  /** Do not hold lines back for a fuller batch while the input is silent. Otherwise batches depend on the content alone. */
  readonly eager?: boolean
}

/**
 * The lines that are not blank, in batches of at most `countMax` and about `bytesMax`. Throws `usage` when the file cannot
 * be read and `event-too-large` for a line beyond the limit on an event.
 */
export async function* lineBatches(file: string, options: LineOptions): AsyncGenerator<readonly InputLine[]> {
  let batch: InputLine[] = []
  let bytes = 0
  for await (const lines of linesOf(bytesOf(file, options))) {
    for (const line of lines) {
      if (isBlank(line.bytes)) continue
      batch.push(line)
      bytes += line.bytes.length
      if (batch.length < options.countMax && bytes < options.bytesMax) continue
      yield batch
      batch = []
      bytes = 0
    }
    if (options.eager !== true || batch.length === 0) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

async function* bytesOf(file: string, { signal, onBytes }: LineOptions): AsyncGenerator<Buffer> {
  const input: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 })
  // Standard input may stay silent for ever: Ctrl-C has to end the waiting.
  const end = (): void => {
    if (file === '-') process.stdin.destroy()
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    for await (const part of input) {
      signal.throwIfAborted()
      onBytes(part.length)
      yield part
    }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new EvertError('usage', `Cannot read ${file}: ${message}. Name an NDJSON file, or - for standard input.`, { cause: thrown })
  } finally {
    signal.removeEventListener('abort', end)
  }
  signal.throwIfAborted()
}

/** The lines that end in each part that is read. */
async function* linesOf(parts: AsyncIterable<Buffer>): AsyncGenerator<readonly InputLine[]> {
  let rest: Buffer[] = []
  let restBytes = 0
  let number = 0
  for await (const part of parts) {
    const lines: InputLine[] = []
    let start = 0
    for (let end = part.indexOf(0x0a); end >= 0; end = part.indexOf(0x0a, start)) {
      const own = part.subarray(start, end)
      number += 1
      lines.push({ number, bytes: withoutReturn(rest.length === 0 ? own : Buffer.concat([...rest, own])) })
      rest = []
      restBytes = 0
      start = end + 1
    }
    if (start < part.length) rest.push(part.subarray(start))
    restBytes += part.length - start
    yield lines
    if (restBytes > lineBytesMax) throw tooLong(number + 1)
  }
  if (restBytes > 0) yield [{ number: number + 1, bytes: withoutReturn(Buffer.concat(rest)) }]
}

function tooLong(line: number): EvertError {
  return new EvertError(
    'event-too-large',
    `Cannot append line ${line}: it is longer than ${limits.eventBytesMax} bytes, the limit of one event. Keep large facts in a file that the event names.`,
    {
      details: { line, wanted: limits.eventBytesMax },
    },
  )
}

function withoutReturn(line: Buffer): Uint8Array {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}
