import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EvertError } from '../../../errors.ts'
import { SchemaRefusal } from '../schema/refusal.ts'
import type { Origin } from '../types.ts'

const own = dirname(fileURLToPath(import.meta.url))

/** Where the declaration stands that is being read: the first caller outside of this folder. Only for messages. */
export function callerOrigin(): Origin {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 12
  const lines = (new Error('origin').stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = before
  for (const line of lines) {
    const found = /\(?((?:file:\/\/)?\/?[^()]*?):(\d+):\d+\)?$/.exec(line.replace(/^\s+at (?:async )?/, '').replace(/^.* \(/, '('))
    if (found === null) continue
    const file = found[1]?.startsWith('file:') ? fileURLToPath(found[1]) : (found[1] as string)
    if (!file.startsWith(own) || file.endsWith('.test.ts')) return { file, line: Number(found[2]) }
  }
  return { file: 'unknown' }
}

/** `declaration-invalid` with its place in front: `pipelines/shop.ts:12: stream 'shop': …`. */
export function declarationInvalid(origin: Origin, message: string, cause?: unknown): EvertError {
  const place = origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`
  return new EvertError('declaration-invalid', `${place}: ${message}`, {
    cause,
    details: { file: origin.file, ...(origin.line === undefined ? {} : { line: origin.line }) },
  })
}

/** Runs what reads a schema; its refusal becomes the declaration's error. */
export function readSchema<Result>(origin: Origin, what: string, read: () => Result): Result {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof SchemaRefusal) throw declarationInvalid(origin, `${what}: ${thrown.message}`, thrown)
    throw thrown
  }
}

/** Throws unless the name can stand in SQL, in topics and in files alike. */
export function checkName(origin: Origin, what: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,99}$/.test(name)) return
  const shown = typeof name === 'string' ? `'${name}'` : String(name)
  throw declarationInvalid(origin, `${what} ${shown}: a name is a letter, then letters, digits and _, at most 100 in all. Rename it`)
}
