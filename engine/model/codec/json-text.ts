import { limits } from '../../../limits.ts'
import { BadValue, below } from './path.ts'
import { quoted } from './quoted.ts'

const wanted = 'JSON (null, booleans, finite numbers, whole Unicode strings, lists and plain objects)'

/**
 * JSON text of any value that JSON can carry without loss; `JSON.stringify` would drop or convert the others silently.
 * `depth`: how many lists and objects are around it.
 */
export function jsonText(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value)
  if (typeof value === 'string') return text(value)
  if (depth >= limits.jsonDepthMax) throw new BadValue(`at most ${limits.jsonDepthMax} levels of nesting`, value)
  if (Array.isArray(value)) return `[${value.map((item, index) => part(`[${index}]`, item, depth)).join(',')}]`
  if (typeof value !== 'object' || !isPlain(value)) throw new BadValue(wanted, value)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return `{${entries.map(([key, item]) => `${text(key)}:${part(`[${JSON.stringify(key)}]`, item, depth)}`).join(',')}}`
}

function part(name: string, value: unknown, depth: number): string {
  try {
    return jsonText(value, depth + 1)
  } catch (thrown) {
    throw below(name, thrown)
  }
}

function text(value: string): string {
  const string = quoted(value)
  if (string === undefined) throw new BadValue(wanted, value)
  return string
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
