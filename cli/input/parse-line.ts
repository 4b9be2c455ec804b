/** One line of input as an event of a stream or table. */
import { isUtf8 } from 'node:buffer'
import type { EventType, StreamModel, TableModel } from '../../engine/model/types.ts'
import type { NewEvent } from '../../engine/run/append.ts'
import { EvertError } from '../../errors.ts'
import { membersOf, type Span, textOf } from './envelope.ts'

/** A line taken apart: nothing of the payload has been read yet. */
interface Parts {
  readonly type?: string
  readonly key?: string
  readonly data: Span
}

const envelopeMembers = ['type', 'key', 'data']

/**
 * The event in a line: an envelope, `{"type":…,"data":…}` (of a table `{"key":…,"data":…}`, null deletes), or the bare
 * payload where the type is known, from `type` or because there is one only. A line whose members are all fields of that one
 * type is a payload. Nothing is lost on the way: the payload's bytes are checked by the schema as they stand.
 * Throws `event-invalid` saying what is wrong with this line.
 */
export function parseLine(line: Uint8Array, target: StreamModel | TableModel, type: string | undefined): NewEvent {
  if (!isUtf8(line)) throw invalid('is not UTF-8')
  const parts = partsOf(line, target, type)
  const found = eventType(target, parts.type ?? type)
  if (target.kind === 'table' && textOf(line, parts.data.start, parts.data.end) === 'null')
    return { data: null, ...(parts.key !== undefined && { key: parts.key }) }
  const verdict = found.codec.check(line, parts.data.start, parts.data.end)
  if (!verdict.ok) throw invalid(`does not fit ${found.name}: ${verdict.reason}`)
  const data = found.codec.decode(verdict.canonical ?? textOf(line, parts.data.start, parts.data.end))
  return { type: found.name, data, ...(parts.key !== undefined && { key: parts.key }) }
}

function partsOf(line: Uint8Array, target: StreamModel | TableModel, type: string | undefined): Parts {
  const text = textOf(line, 0, line.length)
  try {
    JSON.parse(text)
  } catch (thrown) {
    throw invalid(`is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
  const members = membersOf(line)
  if (members === undefined) throw invalid('is not a JSON object')
  const whole = { data: { start: 0, end: line.length } }
  if (type !== undefined || !isEnvelope(members, target)) return whole
  return envelopeParts(line, members)
}

function isEnvelope(members: readonly (readonly [string, Span])[], target: StreamModel | TableModel): boolean {
  const [only, ...more] = target.types
  if (only === undefined || more.length > 0) return true
  const fields = new Set(only.fields.map((field) => field.name))
  if (members.every(([name]) => fields.has(name))) return false
  return members.some(([name]) => name === 'data') && members.every(([name]) => envelopeMembers.includes(name))
}

function envelopeParts(line: Uint8Array, members: readonly (readonly [string, Span])[]): Parts {
  const parts: { type?: string; key?: string; data?: Span } = {}
  for (const [name, span] of members) {
    if (!envelopeMembers.includes(name))
      throw invalid(`has a member ${JSON.stringify(name)}, wanted {"type":…,"data":{…}}; or name the type with --type`)
    if (name in parts) throw invalid(`has the member ${JSON.stringify(name)} twice`)
    if (name === 'data') parts.data = span
    else parts[name as 'type' | 'key'] = nameOf(textOf(line, span.start, span.end), name)
  }
  if (parts.data === undefined) throw invalid('has no member "data", wanted {"type":…,"data":{…}}; or name the type with --type')
  return { ...parts, data: parts.data }
}

/** A type or key: a string, or a whole number's digits as they stand. */
function nameOf(json: string, member: string): string {
  if (json.startsWith('"')) return JSON.parse(json) as string
  if (member === 'key' && /^-?\d+$/.test(json)) return json
  throw invalid(`has ${json.slice(0, 40)} as its ${member}, wanted a string`)
}

function eventType(target: StreamModel | TableModel, type: string | undefined): EventType {
  const [only, ...more] = target.types
  if (type === undefined && only !== undefined && more.length === 0) return only
  const found = target.types.find((one) => one.name === type)
  if (found !== undefined) return found
  const known = target.types.map((one) => one.name).join(', ')
  throw invalid(
    type === undefined ? `names no type, wanted one of ${known}` : `has the type ${JSON.stringify(type)}, wanted one of ${known}`,
  )
}

function invalid(message: string): EvertError {
  return new EvertError('event-invalid', message)
}
