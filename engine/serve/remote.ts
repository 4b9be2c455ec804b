/** The engine of another process as a `Service`, through its socket. */
import { lstat } from 'node:fs/promises'
import { EvertError } from '../../errors.ts'
import type { ApplyAnswer } from './apply-answer.ts'
import type { PlanAnswer } from './plan-answer.ts'
import type {
  Ask,
  DeadLetter,
  Explanation,
  Json,
  PositionJson,
  QueryAnswer,
  ReplayAnswer,
  Service,
  StatusInfo,
  VerifyAnswer,
  ViewInfo,
} from './service.ts'
import { callLines } from './socket-client.ts'
import { errorName, readHolder, socketPath } from './socket-place.ts'
import { type Call, helloSchema, type Line, PROTOCOL } from './socket-protocol.ts'
import type { Discarded, Moved, VersionInfo } from './versions-answer.ts'

/** An engine that holds its socket and says nothing for this long hangs, or is stopped. */
const helloMsMax = 5_000

/**
 * The engine that holds `dataDir`, or undefined when none answers. Throws `engine-unreachable` when one is there that does not
 * answer in time, or speaks another release's protocol: the files are held then, and opening them would fail less clearly.
 */
export async function connectService(dataDir: string): Promise<Service | undefined> {
  const holder = await readHolder(dataDir)
  const path = holder?.socket ?? socketPath(dataDir)
  if (!(await isOurs(path))) return undefined
  const answer = await hello(path)
  if (answer === undefined) return undefined
  const parsed = helloSchema.safeParse(answer)
  if (parsed.success && parsed.data.protocol === PROTOCOL) return remoteService(path)
  const found = parsed.success ? `protocol ${parsed.data.protocol}` : 'something else'
  throw new EvertError(
    'engine-unreachable',
    `Cannot use the engine at ${path}: it speaks ${found}, wanted protocol ${PROTOCOL}. Run the same release of evert on both sides.`,
  )
}

async function hello(path: string): Promise<unknown> {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(
      new EvertError(
        'engine-unreachable',
        `Cannot use the engine at ${path}: it holds its socket and did not answer within ${helloMsMax / 1_000} s. Stop that process, then try again.`,
      ),
    )
  }, helloMsMax)
  try {
    return await answerOf(callLines(path, { call: 'hello' }, late.signal), {})
  } catch (thrown) {
    const name = thrown instanceof EvertError ? errorName(thrown.cause) : undefined
    if (name === 'ECONNREFUSED' || name === 'ENOENT') return undefined
    throw thrown
  } finally {
    clearTimeout(timer)
  }
}

/** In a temporary folder that all share, somebody else could have made a socket of that name. */
async function isOurs(path: string): Promise<boolean> {
  try {
    const found = await lstat(path)
    return found.isSocket() && (process.getuid === undefined || process.getuid() === 0 || found.uid === process.getuid())
  } catch (thrown) {
    const name = errorName(thrown)
    if (name === 'ENOENT' || name === 'ENOTDIR') return false
    throw thrown
  }
}

function remoteService(path: string): Service {
  // The engine answers what the interface says: both sides are of one protocol, so the answers are not checked again.
  const closing = new AbortController()
  const lines = (call: Call, options: Ask): AsyncGenerator<Line> =>
    callLines(path, call, options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal)
  const ask = async <T>(call: Call, options: Ask = {}): Promise<T> => (await answerOf(lines(call, options), options)) as T
  return {
    status: (options) => ask<StatusInfo>({ call: 'status' }, options),
    views: (options) => ask<readonly ViewInfo[]>({ call: 'views' }, options),
    explain: (view, options) => ask<Explanation>({ call: 'explain', view }, options),
    plan: (options) => ask<PlanAnswer>({ call: 'plan' }, options),
    apply: (what, options) => ask<ApplyAnswer>({ call: 'apply', ...what }, options),
    replay: (view, options) => ask<ReplayAnswer>({ call: 'replay', view }, options),
    versions: (view, options) => ask<readonly VersionInfo[]>({ call: 'versions', ...(view !== undefined && { view }) }, options),
    promote: (views, options) => ask<readonly Moved[]>({ call: 'promote', ...(views && { views: [...views] }) }, options),
    rollback: (views, options) => ask<readonly Moved[]>({ call: 'rollback', ...(views && { views: [...views] }) }, options),
    discard: (versions, options) => ask<readonly Discarded[]>({ call: 'discard', ...(versions && { versions: [...versions] }) }, options),
    deadLetters: (filter, options) => ask<readonly DeadLetter[]>({ call: 'deadLetters', ...filter }, options),
    verify: (views, options = {}) => itemsOf(lines({ call: 'verify', ...(views && { views: [...views] }) }, options), options),
    query: (sql, filter, options = {}) => queryAnswer(lines({ call: 'query', sql, ...filter }, options), options),
    // Ends what was asked and not read to its end, so that nothing keeps the process, or the engine, waiting.
    close: async () => closing.abort(new EvertError('interrupted', 'The connection to the engine was closed.')),
  }
}

async function answerOf(lines: AsyncGenerator<Line>, ask: Ask): Promise<unknown> {
  for await (const line of lines) {
    if ('progress' in line) ask.onProgress?.(line.progress)
    if ('answer' in line) return line.answer
  }
  throw new EvertError('internal', 'A call ended without its answer.')
}

async function* itemsOf(lines: AsyncGenerator<Line>, ask: Ask): AsyncGenerator<VerifyAnswer> {
  let parts = 0
  for await (const line of lines) {
    if ('progress' in line) ask.onProgress?.(line.progress)
    if ('item' in line) {
      parts += 1
      yield line.item as VerifyAnswer
    }
    if ('answer' in line) assertParts(parts, line.parts)
  }
}

/** Resolves with the first line that belongs to the answer; its rows are then read as the caller takes them. */
async function queryAnswer(lines: AsyncGenerator<Line>, ask: Ask): Promise<QueryAnswer> {
  for (;;) {
    const next = await lines.next()
    if (next.done === true) throw new EvertError('internal', 'A query ended without its columns.')
    if ('progress' in next.value) ask.onProgress?.(next.value.progress)
    if ('head' in next.value) {
      const head = next.value.head as { columns: QueryAnswer['columns']; position: PositionJson }
      return { columns: head.columns, position: head.position, rows: rowsOf(lines, ask) }
    }
  }
}

async function* rowsOf(lines: AsyncGenerator<Line>, ask: Ask): AsyncGenerator<readonly (readonly Json[])[]> {
  let parts = 0
  for await (const line of lines) {
    if ('progress' in line) ask.onProgress?.(line.progress)
    if ('rows' in line) {
      parts += 1
      yield line.rows as readonly (readonly Json[])[]
    }
    if ('answer' in line) assertParts(parts, line.parts)
  }
}

function assertParts(found: number, wanted: number): void {
  if (found === wanted) return
  throw new EvertError('engine-unreachable', `Cannot use an answer of the engine: ${found} of its ${wanted} parts arrived. Ask again.`)
}
