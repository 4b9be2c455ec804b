/**
 * A running engine's socket: everyone else reaches its views through it, since DuckDB lets one process only hold its file.
 * It is the user's own (mode 0600): who may open it may ask everything, so there is no further check.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createConnection } from 'node:net'
import { asEvertError, EvertError } from '../../errors.ts'
import type { Service } from './service.ts'
import { answerCall, type WriteLine } from './socket-answer.ts'
import { errorName, removeHolder, socketPath, writeHolder } from './socket-place.ts'
import { type Call, callBytesMax, callSchema } from './socket-protocol.ts'

/** Calls that still run when the engine stops get this long to say that they were stopped. */
const closeMsMax = 1_000

export interface ServedSocket {
  readonly path: string
  /** Stops every running call with `engine-unreachable`, then takes socket and record away. */
  close(): Promise<void>
}

/** Serves `service` on the data directory's socket. Throws `engine-running` when another engine answers there. */
export async function serveSocket(service: Service, dataDir: string): Promise<ServedSocket> {
  const path = socketPath(dataDir)
  const calls = new Map<AbortController, Promise<void>>()
  const server = createServer((request, response) => {
    const stop = new AbortController()
    calls.set(
      stop,
      handle(service, request, response, stop).finally(() => calls.delete(stop)),
    )
  })
  // A replay takes hours and says nothing for a while: no call is cut off for its length.
  server.requestTimeout = 0
  server.headersTimeout = 10_000
  await listenOrTakeOver(server, path)
  await chmod(path, 0o600)
  await writeHolder(dataDir, { pid: process.pid, startedAt: new Date().toISOString(), socket: path })
  return {
    path,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const reason = new EvertError('engine-unreachable', 'The engine is stopping: this call was not finished. Ask again when it runs.')
      for (const stop of calls.keys()) stop.abort(reason)
      await Promise.race([Promise.allSettled(calls.values()), new Promise((resolve) => setTimeout(resolve, closeMsMax).unref())])
      server.closeAllConnections()
      await closed
      await rm(path, { force: true })
      await removeHolder(dataDir, process.pid)
    },
  }
}

async function handle(service: Service, request: IncomingMessage, response: ServerResponse, stop: AbortController): Promise<void> {
  const gone = new EvertError('interrupted', 'The client of the socket has gone.')
  response.on('close', () => stop.abort(gone))
  // Writing to a client that has gone is no error of the engine's; `close` follows and ends the call.
  response.on('error', () => stop.abort(gone))
  try {
    const call = await readCall(request)
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const write: WriteLine = (line) => writeLine(response, typeof line === 'string' ? line : JSON.stringify(line), stop.signal)
    await answerCall(service, call, write, stop.signal)
  } catch (thrown) {
    const error = asEvertError(stop.signal.aborted ? stop.signal.reason : thrown)
    if (!response.destroyed) response.write(`${JSON.stringify({ error: error.toJSON() })}\n`)
  } finally {
    response.end()
  }
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > callBytesMax) {
      throw new EvertError('limit-exceeded', `Cannot take a call of more than ${callBytesMax} bytes over the socket. Shorten the SQL.`)
    }
    parts.push(part)
  }
  return parseCall(Buffer.concat(parts).toString('utf8'))
}

function parseCall(text: string): Call {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    throw new EvertError('usage', 'Cannot read a call from the socket: it is not JSON.', { cause: thrown })
  }
  const parsed = callSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const found = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'call'}: ${issue.message}`).join('; ')
  throw new EvertError('usage', `Cannot read a call from the socket: ${found}. Use the same release of evert on both sides.`)
}

/** Resolves when there is room for more, which is what holds a fast query back to a slow reader. */
function writeLine(response: ServerResponse, line: string, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.reject(asEvertError(stop.reason))
  if (response.write(`${line}\n`)) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      stop.removeEventListener('abort', onStop)
      resolve()
    }
    const onStop = (): void => {
      response.off('drain', onDrain)
      reject(asEvertError(stop.reason))
    }
    response.once('drain', onDrain)
    stop.addEventListener('abort', onStop, { once: true })
  })
}

async function listenOrTakeOver(server: Server, path: string): Promise<void> {
  try {
    await listen(server, path)
  } catch (thrown) {
    if (errorName(thrown) !== 'EADDRINUSE') throw asEvertError(thrown, 'engine-unreachable')
    if (await answers(path)) {
      throw new EvertError('engine-running', `Cannot serve ${path}: another engine answers there. Stop it first.`, {
        details: { socket: path },
      })
    }
    // What is left of a killed engine: the file without a listener.
    await rm(path, { force: true })
    await listen(server, path)
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    // Bound within this call, so the mask holds for the socket alone: it is never open to others, not even for a moment.
    const before = process.umask(0o177)
    try {
      server.listen(path)
    } finally {
      process.umask(before)
    }
  })
}

/** Whether somebody accepts connections there. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (thrown) => {
      const name = errorName(thrown)
      if (name === 'ECONNREFUSED' || name === 'ENOENT') resolve(false)
      else reject(thrown)
    })
  })
}
