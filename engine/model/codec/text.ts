import type { TextName } from '../schema/shape.ts'

/**
 * The grammars of values that JSON carries as strings. One function checks bytes, for events that come in and for those
 * that go out; what it calls good, DuckDB casts exactly.
 */

/** Not of the type. */
export const BAD = 0
/** Of the type, and canonical. */
export const GOOD = 1
/** Of the type, but `canonicalText` must write it anew. */
export const REWRITE = 2

export type TextVerdict = typeof BAD | typeof GOOD | typeof REWRITE
export type TextCheck = (bytes: Uint8Array, from: number, to: number) => TextVerdict

/** The grammar of each type. */
export const textChecks: Readonly<Record<TextName, TextCheck>> = {
  DATE: (bytes, from, to) => (to - from === 10 && isDate(bytes, from) ? GOOD : BAD),
  TIME: (bytes, from, to) => (timeEnd(bytes, from, to) === to ? GOOD : BAD),
  TIMESTAMP: (bytes, from, to) => timestamp(bytes, from, to, false),
  'TIMESTAMP WITH TIME ZONE': (bytes, from, to) => timestamp(bytes, from, to, true),
  UUID: uuid,
  BLOB: blob,
}

/** The canonical text of one that was found good or to be rewritten. */
export function canonicalText(name: TextName, text: string): string {
  if (name === 'UUID') return text.toLowerCase()
  if (name !== 'TIMESTAMP' && name !== 'TIMESTAMP WITH TIME ZONE') return text
  const parts = /^(.{10}).(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d)?:?(\d\d)?$/.exec(text)
  if (parts === null) return text
  const [, date, minutes, seconds = ':00', fraction = '', zone = '', zoneMinutes = '00'] = parts
  return `${date}T${minutes}${seconds}${fraction}${zone === '' || zone === 'Z' ? zone : `${zone}:${zoneMinutes}`}`
}

function digit(bytes: Uint8Array, at: number): number {
  const value = (bytes[at] as number) - 48
  return value >= 0 && value <= 9 ? value : Number.NaN
}

/** NaN when either byte is not a digit, and NaN fits no range. */
function twoDigits(bytes: Uint8Array, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1)
}

const monthDays = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isDate(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 4] !== 45 || bytes[at + 7] !== 45) return false
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (monthDays[month] as number)
}

/** `HH:MM`, `HH:MM:SS` or with 1 to 6 digits of a fraction: where it ends, or -1. 24:00 and leap seconds are none: DuckDB shifts or drops them. */
function timeEnd(bytes: Uint8Array, at: number, to: number): number {
  if (to - at < 5 || bytes[at + 2] !== 58 || !(twoDigits(bytes, at) <= 23) || !(twoDigits(bytes, at + 3) <= 59)) return -1
  if (to - at < 8 || bytes[at + 5] !== 58) return at + 5
  if (!(twoDigits(bytes, at + 6) <= 59)) return -1
  if (at + 8 >= to || bytes[at + 8] !== 46) return at + 8
  let end = at + 9
  while (end < to && digit(bytes, end) >= 0) end++
  return end === at + 9 || end > at + 15 ? -1 : end
}

function timestamp(bytes: Uint8Array, from: number, to: number, isZoned: boolean): TextVerdict {
  if (to - from < 16 || !isDate(bytes, from)) return BAD
  const separator = bytes[from + 10]
  if (separator !== 84 && separator !== 32) return BAD
  const end = timeEnd(bytes, from + 11, to)
  if (end < 0) return BAD
  const form = separator === 84 && end - from > 16 ? GOOD : REWRITE
  if (!isZoned) return end === to ? form : BAD
  if (end === to - 1 && bytes[end] === 90) return form
  const zone = offset(bytes, end, to)
  if (zone === BAD || !isWithinYears(bytes, from, to)) return BAD
  return zone === GOOD ? form : REWRITE
}

/** `+02:00` is canonical; `+0200` and `+02` are rewritten. */
function offset(bytes: Uint8Array, at: number, to: number): TextVerdict {
  if ((bytes[at] !== 43 && bytes[at] !== 45) || !(twoDigits(bytes, at + 1) <= 23)) return BAD
  if (to - at === 3) return REWRITE
  if (to - at === 5) return twoDigits(bytes, at + 3) <= 59 ? REWRITE : BAD
  return to - at === 6 && bytes[at + 3] === 58 && twoDigits(bytes, at + 4) <= 59 ? GOOD : BAD
}

/** An offset can carry the first and the last year's ends out of the years 0001 to 9999. */
function isWithinYears(bytes: Uint8Array, from: number, to: number): boolean {
  const century = twoDigits(bytes, from)
  if (century !== 0 && century !== 99) return true
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] as number)
  const time = Date.parse(canonicalText('TIMESTAMP WITH TIME ZONE', text))
  return time >= -62_135_596_800_000 && time < 253_402_300_800_000
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70)
}

function uuid(bytes: Uint8Array, from: number, to: number): TextVerdict {
  if (to - from !== 36) return BAD
  let verdict: TextVerdict = GOOD
  for (let index = 0; index < 36; index++) {
    const byte = bytes[from + index] as number
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (byte !== 45) return BAD
    } else if (!isHex(byte)) return BAD
    else if (byte >= 65 && byte <= 70) verdict = REWRITE
  }
  return verdict
}

function blob(bytes: Uint8Array, from: number, to: number): TextVerdict {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    if (byte >= 128) return BAD
    if (byte !== 92) continue
    if (at + 3 >= to || bytes[at + 1] !== 120 || !isHex(bytes[at + 2] as number) || !isHex(bytes[at + 3] as number)) return BAD
    at += 3
  }
  return GOOD
}

/** Bytes as DuckDB's escape text. */
export function blobText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const isPlain = byte >= 32 && byte <= 126 && byte !== 92 && byte !== 39 && byte !== 34
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** The bytes of an escape text. */
export function blobBytes(text: string): Uint8Array {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') {
      bytes.push(Number.parseInt(text.slice(at + 2, at + 4), 16))
      at += 3
    } else bytes.push(text.charCodeAt(at))
  }
  return Uint8Array.from(bytes)
}
