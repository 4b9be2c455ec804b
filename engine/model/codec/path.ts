import { EvertError } from '../../../errors.ts'

/** A value that does not fit, on its way up: each level adds its part of the path. */
export class BadValue extends Error {
  override readonly name = 'BadValue'
  readonly wanted: string
  readonly value: unknown
  path = ''

  constructor(wanted: string, value: unknown) {
    super(wanted)
    this.wanted = wanted
    this.value = value
  }

  reason(): string {
    return reasonOf(this.path, shown(this.value), this.wanted)
  }
}

/** `items[2].qty is 1.7, wanted BIGINT (a whole number …)`. */
export function reasonOf(path: string, value: string, wanted: string): string {
  return `${path === '' ? 'the value' : path.replace(/^\./, '')} is ${value}, wanted ${wanted}`
}

/** A value in an error message: short, and never the whole of a large one. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return shortened(JSON.stringify(value))
  if (typeof value === 'bigint') return shortened(`${value}n`)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : `Date ${value.toISOString()}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return shortened(String(value))
}

/** At most 60 characters of a text. */
export function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}

/** Adds one level to a `BadValue` that passes by; anything else passes as it is. */
export function below(part: string, thrown: unknown): unknown {
  if (thrown instanceof BadValue) thrown.path = part + thrown.path
  return thrown
}

/** The error of an event that is refused. */
export function eventInvalid(reason: string): EvertError {
  return new EvertError('event-invalid', `The event does not fit its schema: ${reason}`, { details: { reason } })
}
