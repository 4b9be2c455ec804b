/** One call of the socket, from its arguments to the last line of its answer. */
import type { Ask, Service } from './service.ts'
import { type Call, type Line, lineBytesMax, PROTOCOL } from './socket-protocol.ts'

/** Writes one line (an object, or its JSON) and resolves when there is room for the next. */
export type WriteLine = (line: Line | string) => Promise<void>

/** Asks the service and writes progress, parts and the answer. What the service throws is thrown on. */
export async function answerCall(service: Service, call: Call, write: WriteLine, signal: AbortSignal): Promise<void> {
  const ask: Ask = { signal, onProgress: progressWriter(write) }
  switch (call.call) {
    case 'hello':
      return write({ answer: { evert: 'engine', protocol: PROTOCOL, pid: process.pid }, parts: 0 })
    case 'status':
      return write({ answer: await service.status(ask), parts: 0 })
    case 'views':
      return write({ answer: await service.views(ask), parts: 0 })
    case 'explain':
      return write({ answer: await service.explain(call.view, ask), parts: 0 })
    case 'plan':
      return write({ answer: await service.plan(ask), parts: 0 })
    case 'apply':
      return write({ answer: await service.apply(present(call), ask), parts: 0 })
    case 'replay':
      return write({ answer: await service.replay(call.view, ask), parts: 0 })
    case 'versions':
      return write({ answer: await service.versions(call.view, ask), parts: 0 })
    case 'promote':
      return write({ answer: await service.promote(call.views, ask), parts: 0 })
    case 'rollback':
      return write({ answer: await service.rollback(call.views, ask), parts: 0 })
    case 'discard':
      return write({ answer: await service.discard(call.versions, ask), parts: 0 })
    case 'deadLetters':
      return write({ answer: await service.deadLetters(present(call), ask), parts: 0 })
    case 'verify':
      return answerVerify(service, call.views, write, ask)
    case 'query':
      return answerQuery(service, call, write, ask)
  }
}

async function answerVerify(service: Service, views: readonly string[] | undefined, write: WriteLine, ask: Ask): Promise<void> {
  let parts = 0
  for await (const item of service.verify(views, ask)) {
    await write({ item })
    parts += 1
  }
  await write({ answer: null, parts })
}

async function answerQuery(service: Service, call: Extract<Call, { call: 'query' }>, write: WriteLine, ask: Ask): Promise<void> {
  const answer = await service.query(call.sql, present(call), ask)
  await write({ head: { columns: answer.columns, position: answer.position } })
  let parts = 0
  for await (const rows of answer.rows) {
    for (const line of linesOfRows(rows)) {
      await write(line)
      parts += 1
    }
    ask.signal?.throwIfAborted()
  }
  await write({ answer: null, parts })
}

/** A batch of rows as lines of bounded length; a row larger than that is a line of its own. */
function* linesOfRows(rows: readonly (readonly unknown[])[]): Generator<string> {
  let texts: string[] = []
  let length = 0
  for (const row of rows) {
    const text = JSON.stringify(row)
    texts.push(text)
    length += text.length
    if (length < lineBytesMax) continue
    yield `{"rows":[${texts.join(',')}]}`
    texts = []
    length = 0
  }
  if (texts.length > 0) yield `{"rows":[${texts.join(',')}]}`
}

/** Progress is dropped while the one before is not yet written: a slow reader must not make it pile up. */
function progressWriter(write: WriteLine): NonNullable<Ask['onProgress']> {
  let busy = false
  return (progress) => {
    if (busy) return
    busy = true
    const free = (): void => {
      busy = false
    }
    // A failed write means that the client has gone, and the call's signal says so already.
    write({ progress }).then(free, free)
  }
}

/** The call's options without those that were not given: `exactOptionalPropertyTypes` tells a missing one from an undefined one. */
function present<T extends object>(call: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(call).filter(([key, value]) => key !== 'call' && key !== 'sql' && value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
