import { canonicalDecimal } from '../codec/decimal.ts'
import { isNarrowed, keepsBounds, keepsString, matches } from '../codec/encode.ts'
import { BAD, REWRITE, type TextVerdict, textChecks } from '../codec/text.ts'
import { wantedOf } from '../codec/wanted.ts'
import { integerRanges, type Shape } from '../schema/shape.ts'
import { FAILED, mismatch, type Scanner, textOf } from './scan.ts'
import { scanBoolean } from './scan-any.ts'
import { scanNumber, shortInteger } from './scan-number.ts'
import { scanString, stringOf } from './scan-string.ts'

type Kind<Name extends Shape['kind']> = Extract<Shape, { kind: Name }>

/** Only `true` and `false`: DuckDB would take 1 and "yes" as well. */
export function booleanScanner(shape: Kind<'boolean'>): Scanner {
  const wanted = wantedOf(shape)
  return (scan, at) => {
    const next = scanBoolean(scan, at)
    return next === FAILED ? mismatch(scan, at, wanted) : next
  }
}

/** Up to this many digits every whole number is exact as a double. */
const exactDigitsMax = 15

/** Digits, and no fraction or exponent at all; 64 bits and more may come as a string. */
export function integerScanner(shape: Kind<'integer'>): Scanner {
  const wanted = wantedOf(shape)
  const min = Number(shape.min)
  const max = Number(shape.max)
  // Canonical are digits; for 128 bits a string, since DuckDB reads longer numbers as doubles.
  const isQuoted = shape.name === 'HUGEINT'
  const takesText = integerRanges[shape.name][1] >= integerRanges.BIGINT[1]
  const isInRange = (text: string): boolean => {
    const value = BigInt(text)
    return value >= shape.min && value <= shape.max
  }
  return (scan, at) => {
    const isText = takesText && scan.bytes[at] === 34 && at < scan.end
    const from = isText ? at + 1 : at
    const to = scanNumber(scan, from)
    if (to === FAILED || scan.fractionDigits > 0 || scan.hasExponent) return mismatch(scan, at, wanted)
    if (isText && (to >= scan.end || scan.bytes[to] !== 34)) return mismatch(scan, at, wanted)
    if (scan.wholeDigits <= exactDigitsMax) {
      const value = shortInteger(scan, from)
      if (value < min || value > max) return mismatch(scan, at, wanted)
      if (Object.is(value, -0)) scan.isLoose = true
    } else {
      if (scan.wholeDigits > 40 || !isInRange(textOf(scan, from, to))) return mismatch(scan, at, wanted)
      if (isQuoted && !isText) scan.isLoose = true
    }
    if (!isText) return to
    if (!isQuoted) scan.isLoose = true
    return to + 1
  }
}

/** A finite number. */
export function floatScanner(shape: Kind<'float'>): Scanner {
  const wanted = wantedOf(shape)
  const { bounds } = shape
  const isSingle = shape.name === 'FLOAT'
  return (scan, at) => {
    const next = scanNumber(scan, at)
    if (next === FAILED) return mismatch(scan, at, wanted)
    const isWhole = scan.fractionDigits === 0 && !scan.hasExponent
    // DuckDB reads the integer -0 as 0, JavaScript as -0.
    if (isWhole && scan.wholeDigits === 1 && next === at + 2 && scan.bytes[at + 1] === 48) scan.isLoose = true
    if (!isSingle && bounds.length === 0 && !scan.hasExponent && scan.wholeDigits < 300) return next
    const value = isWhole && scan.wholeDigits <= exactDigitsMax ? shortInteger(scan, at) : Number(textOf(scan, at, next))
    const isInRange = Number.isFinite(isSingle ? Math.fround(value) : value)
    return isInRange && keepsBounds(bounds, value) ? next : mismatch(scan, at, wanted)
  }
}

/** A number or a string, by its text: no digit is ever rounded away. */
export function decimalScanner(shape: Kind<'decimal'>): Scanner {
  const { width, scale } = shape
  const wanted = wantedOf(shape)
  return (scan, at) => {
    const isText = at < scan.end && scan.bytes[at] === 34
    const from = isText ? at + 1 : at
    const to = scanNumber(scan, from)
    if (to === FAILED || (isText && (to >= scan.end || scan.bytes[to] !== 34))) return mismatch(scan, at, wanted)
    // As a number it goes through a double, times the power of ten of the scale: exact as long as that is below 2^53.
    const digits = scan.bytes[scan.bytes[from] === 45 ? from + 1 : from] === 48 ? 0 : scan.wholeDigits
    const isFast =
      !scan.hasExponent && scan.fractionDigits <= scale && digits <= width - scale && (isText || digits + scale <= exactDigitsMax)
    if (!isFast) {
      if (to - from > 10_000 || canonicalDecimal(textOf(scan, from, to), width, scale) === undefined) return mismatch(scan, at, wanted)
      scan.isLoose = true
    }
    return isText ? to + 1 : to
  }
}

/** Only a string: DuckDB would take an object's text as well. */
export function stringScanner(shape: Kind<'string'>): Scanner {
  const wanted = wantedOf(shape)
  const values = shape.values === undefined ? undefined : new Set(shape.values)
  const narrowed = isNarrowed(shape)
  return (scan, at) => {
    if (at >= scan.end || scan.bytes[at] !== 34) return mismatch(scan, at, wanted)
    const next = scanString(scan, at)
    if (next === FAILED || !narrowed) return next
    return keepsString(shape, stringOf(scan, at, next), values) ? next : mismatch(scan, at, wanted)
  }
}

/** A string in the grammar of its type. */
export function textScanner(shape: Kind<'text'>): Scanner {
  const wanted = wantedOf(shape)
  const check = textChecks[shape.name]
  return (scan, at) => {
    if (at >= scan.end || scan.bytes[at] !== 34) return mismatch(scan, at, wanted)
    const next = scanString(scan, at)
    if (next === FAILED) return FAILED
    const verdict = scan.hasEscape ? escapedVerdict(check, stringOf(scan, at, next)) : check(scan.bytes, at + 1, next - 1)
    if (verdict === BAD) return mismatch(scan, at, wanted)
    if (verdict === REWRITE) scan.isLoose = true
    if (shape.zone === 'utc' && scan.bytes[next - 2] !== 90) return mismatch(scan, at, wanted)
    return shape.pattern === undefined || matches(shape.pattern, stringOf(scan, at, next)) ? next : mismatch(scan, at, wanted)
  }
}

function escapedVerdict(check: (bytes: Uint8Array, from: number, to: number) => TextVerdict, text: string): TextVerdict {
  const bytes = Buffer.from(text)
  return check(bytes, 0, bytes.length)
}
