/** The client's half of the socket: one call, its answer line by line. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { asEvertError, type ErrorCode, EvertError, errorCodes } from '../../errors.ts'
import { errorName } from './socket-place.ts'
import type { Call, Line } from './socket-protocol.ts'

/**
 * The lines of one call up to and with its `answer`. Throws what the engine threw, `interrupted` when `signal` aborts, and
 * `engine-unreachable` when the connection breaks or the stream ends before its answer. Leaving the loop early ends the call
 * in the engine too. Nothing is read ahead of the caller but what the system's buffers hold.
 */
export async function* callLines(path: string, call: Call, signal?: AbortSignal): AsyncGenerator<Line> {
  if (signal?.aborted) throw asEvertError(signal.reason, 'interrupted')
  try {
    const response = await post(path, JSON.stringify(call), signal)
    for await (const text of linesOf(response)) {
      const line = parseLine(text)
      if ('error' in line) throw errorOf(line.error)
      yield line
      if ('answer' in line) return
    }
  } catch (thrown) {
    if (signal?.aborted) throw asEvertError(signal.reason, 'interrupted')
    if (thrown instanceof EvertError) throw thrown
    throw brokenOff(path, thrown)
  }
  throw brokenOff(path)
}

function brokenOff(path: string, cause?: unknown): EvertError {
  const name = errorName(cause)
  const found = name === undefined ? 'the connection ended before the answer did' : `the connection failed with ${name}`
  return new EvertError(
    'engine-unreachable',
    `Cannot finish a call to the engine at ${path}: ${found}. See whether it still runs (evert status), then ask again.`,
    {
      cause,
      details: { socket: path },
    },
  )
}

function post(path: string, body: string, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      socketPath: path,
      path: '/',
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
      ...(signal && { signal }),
    } as const
    const request = httpRequest(options, resolve)
    request.on('error', reject)
    request.end(body)
  })
}

/** Splits into lines without copying what came before once more for every part of a long one. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let parts: Buffer[] = []
  for await (const part of response as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = part.indexOf(0x0a); end >= 0; end = part.indexOf(0x0a, start)) {
      parts.push(part.subarray(start, end))
      yield Buffer.concat(parts).toString('utf8')
      parts = []
      start = end + 1
    }
    if (start < part.length) parts.push(part.subarray(start))
  }
  // What follows the last newline is a line cut off: without its end it is not one.
}

function parseLine(text: string): Line {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null) return value as Line
  throw new SyntaxError(`a line of the engine's answer is no object: ${text.slice(0, 100)}`)
}

/** An error of the engine, as if it had been thrown here. A code of a later release is `internal`. */
function errorOf(json: {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}): EvertError {
  const code: ErrorCode = Object.hasOwn(errorCodes, json.code) ? (json.code as ErrorCode) : 'internal'
  return new EvertError(code, json.message, { details: { ...json.details } })
}
