import { limits } from '../../../limits.ts'
import { shortened } from '../codec/path.ts'
import { wantedOf } from '../codec/wanted.ts'
import type { Shape, ShapeField } from '../schema/shape.ts'
import { FAILED, mismatch, type Scan, type Scanner, skipSpace, syntaxError } from './scan.ts'
import { isNull, scanAny } from './scan-any.ts'
import { booleanScanner, decimalScanner, floatScanner, integerScanner, stringScanner, textScanner } from './scan-scalar.ts'
import { scanString, stringOf } from './scan-string.ts'

/** A shape's scanner, made of closures once per schema. `depth`: how many lists and objects are around it. */
export function scanner(shape: Shape, depth: number): Scanner {
  switch (shape.kind) {
    case 'boolean':
      return booleanScanner(shape)
    case 'integer':
      return integerScanner(shape)
    case 'float':
      return floatScanner(shape)
    case 'decimal':
      return decimalScanner(shape)
    case 'string':
      return stringScanner(shape)
    case 'text':
      return textScanner(shape)
    case 'json':
      return (scan, at) => scanAny(scan, at, depth, true)
    case 'list':
      return listScanner(shape, depth + 1)
    case 'map':
      return mapScanner(shape, depth + 1)
    case 'struct':
      return structScanner(shape.fields, depth + 1)
  }
}

function nullable(inner: Scanner, isNullable: boolean): Scanner {
  return isNullable ? (scan, at) => (isNull(scan, at) ? at + 4 : inner(scan, at)) : inner
}

/** Adds one level to the path of a failure. */
function failedIn(scan: Scan, part: string): number {
  scan.path = part + scan.path
  return FAILED
}

function listScanner(shape: Extract<Shape, { kind: 'list' }>, depth: number): Scanner {
  const wanted = wantedOf(shape)
  const item = nullable(scanner(shape.of, depth), shape.absent !== undefined)
  return (scan, start) => {
    if (start >= scan.end || scan.bytes[start] !== 91) return mismatch(scan, start, wanted)
    if (depth > limits.jsonDepthMax) return syntaxError(scan, start, `more than ${limits.jsonDepthMax} levels of nesting`)
    let at = skipSpace(scan, start + 1)
    if (at < scan.end && scan.bytes[at] === 93) return at + 1
    for (let index = 0; ; index++) {
      const next = item(scan, at)
      if (next === FAILED) return failedIn(scan, `[${index}]`)
      at = skipSpace(scan, next)
      const byte = at < scan.end ? scan.bytes[at] : 0
      if (byte === 93) return at + 1
      if (byte !== 44) return syntaxError(scan, at, "neither ',' nor ']' in a list")
      at = skipSpace(scan, at + 1)
    }
  }
}

/** The place of the value after a key, or `FAILED`. */
function afterColon(scan: Scan, at: number): number {
  const colon = skipSpace(scan, at)
  return colon < scan.end && scan.bytes[colon] === 58
    ? skipSpace(scan, colon + 1)
    : syntaxError(scan, colon, "no ':' after an object’s key")
}

function mapScanner(shape: Extract<Shape, { kind: 'map' }>, depth: number): Scanner {
  const wanted = wantedOf(shape)
  const item = nullable(scanner(shape.of, depth), shape.absent !== undefined)
  return (scan, start) => {
    if (start >= scan.end || scan.bytes[start] !== 123) return mismatch(scan, start, wanted)
    if (depth > limits.jsonDepthMax) return syntaxError(scan, start, `more than ${limits.jsonDepthMax} levels of nesting`)
    let at = skipSpace(scan, start + 1)
    if (at < scan.end && scan.bytes[at] === 125) return at + 1
    const keys = new Set<string>()
    for (;;) {
      if (at >= scan.end || scan.bytes[at] !== 34) return syntaxError(scan, at, 'an object’s key is not a string')
      const keyEnd = scanString(scan, at)
      if (keyEnd === FAILED) return FAILED
      const key = stringOf(scan, at, keyEnd)
      if (keys.has(key)) return mismatch(scan, start, `${wanted}: ${shortened(JSON.stringify(key))} comes twice`)
      keys.add(key)
      const value = afterColon(scan, keyEnd)
      const next = value === FAILED ? FAILED : item(scan, value)
      if (next === FAILED) return failedIn(scan, `[${shortened(JSON.stringify(key))}]`)
      at = skipSpace(scan, next)
      const byte = at < scan.end ? scan.bytes[at] : 0
      if (byte === 125) return at + 1
      if (byte !== 44) return syntaxError(scan, at, "neither ',' nor '}' in an object")
      at = skipSpace(scan, at + 1)
    }
  }
}

/** A field as the scanner of its object sees it. */
interface Member {
  readonly name: string
  /** `"name":`, as most writers put it. */
  readonly token: Uint8Array
  readonly scan: Scanner
  readonly isRequired: boolean
  readonly wanted: string
}

function structScanner(fields: readonly ShapeField[], depth: number): Scanner {
  const members = fields.map(
    (field): Member => ({
      name: field.name,
      token: Buffer.from(`${JSON.stringify(field.name)}:`),
      scan: nullable(scanner(field.shape, depth), field.absent !== undefined),
      isRequired: field.absent === undefined,
      wanted: wantedOf(field.shape),
    }),
  )
  const indexes = new Map(members.map((member, index) => [member.name, index]))
  const count = members.length
  return (scan, start) => {
    if (start >= scan.end || scan.bytes[start] !== 123) return mismatch(scan, start, 'an object')
    if (depth > limits.jsonDepthMax) return syntaxError(scan, start, `more than ${limits.jsonDepthMax} levels of nesting`)
    let at = skipSpace(scan, start + 1)
    // As long as the fields come in their order, those before `expected` were seen and no others: no set is needed.
    let expected = 0
    let seen: Uint8Array | undefined
    if (at < scan.end && scan.bytes[at] === 125) at++
    else {
      for (;;) {
        let index = expected
        let value = expected < count ? afterToken(scan, at, (members[expected] as Member).token) : FAILED
        if (value === FAILED) {
          const keyEnd = scanKeyToken(scan, at)
          if (keyEnd === FAILED) return FAILED
          const found = indexes.get(stringOf(scan, at, keyEnd))
          index = found ?? FAILED
          value = afterColon(scan, keyEnd)
          if (value === FAILED) return FAILED
        }
        if (index === FAILED) {
          at = scanAny(scan, value, depth, false)
          if (at === FAILED) return FAILED
        } else {
          const member = members[index] as Member
          if (index !== expected && seen === undefined) seen = new Uint8Array(count).fill(1, 0, expected)
          if (seen !== undefined) {
            if (seen[index] === 1) return mismatch(scan, start, `each key once: ${shortened(JSON.stringify(member.name))} comes twice`)
            seen[index] = 1
          }
          at = member.scan(scan, value)
          if (at === FAILED) return failedIn(scan, `.${member.name}`)
          expected = index + 1
        }
        at = skipSpace(scan, at)
        const byte = at < scan.end ? scan.bytes[at] : 0
        if (byte === 44) at = skipSpace(scan, at + 1)
        else if (byte === 125) {
          at++
          break
        } else return syntaxError(scan, at, "neither ',' nor '}' in an object")
      }
    }
    if (seen === undefined && expected === count) return at
    for (let index = 0; index < count; index++) {
      const member = members[index] as Member
      const wasSeen = seen === undefined ? index < expected : seen[index] === 1
      if (member.isRequired && !wasSeen) return missing(scan, member)
    }
    return at
  }
}

/** The place of the value when exactly this key stands at `at`, or `FAILED` (nothing noted). */
function afterToken(scan: Scan, at: number, token: Uint8Array): number {
  const { bytes } = scan
  const { length } = token
  if (at + length > scan.end) return FAILED
  for (let index = 0; index < length; index++) if (bytes[at + index] !== token[index]) return FAILED
  return skipSpace(scan, at + length)
}

function scanKeyToken(scan: Scan, at: number): number {
  return at < scan.end && scan.bytes[at] === 34 ? scanString(scan, at) : syntaxError(scan, at, 'an object’s key is not a string')
}

function missing(scan: Scan, member: Member): number {
  scan.badAt = FAILED
  scan.syntax = ''
  scan.wanted = member.wanted
  scan.path = `.${member.name}`
  return FAILED
}
