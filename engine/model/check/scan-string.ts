import { FAILED, type Scan, syntaxError, textOf } from './scan.ts'

const simpleEscapes = new Set([34, 92, 47, 98, 102, 110, 114, 116])

/** A string's syntax: returns the place after its closing quote and sets `hasEscape`. */
export function scanString(scan: Scan, at: number): number {
  const { bytes, end } = scan
  scan.hasEscape = false
  for (let place = at + 1; place < end; place++) {
    const byte = bytes[place] as number
    if (byte === 34) return place + 1
    if (byte === 92) {
      place = scanEscape(scan, place)
      if (place === FAILED) return FAILED
    } else if (byte < 32) return syntaxError(scan, place, 'a control character in a string that is not escaped')
    else if (byte >= 128) scan.isWide = true
  }
  return syntaxError(scan, at, 'a string without an end')
}

/** The last byte of the escape that begins at `at`. A lone half of a surrogate pair is no text: DuckDB fails on it. */
function scanEscape(scan: Scan, at: number): number {
  scan.hasEscape = true
  const byte = at + 1 < scan.end ? (scan.bytes[at + 1] as number) : 0
  if (byte !== 117) return simpleEscapes.has(byte) ? at + 1 : syntaxError(scan, at, 'an escape that JSON does not have')
  const unit = hex4(scan, at + 2)
  if (unit < 0) return syntaxError(scan, at, '\\u without four hexadecimal digits')
  if (unit < 0xd800 || unit > 0xdfff) return at + 5
  const isPair = unit < 0xdc00 && scan.bytes[at + 6] === 92 && scan.bytes[at + 7] === 117
  const low = isPair ? hex4(scan, at + 8) : FAILED
  return low >= 0xdc00 && low <= 0xdfff ? at + 11 : syntaxError(scan, at, 'one half of a surrogate pair without the other')
}

function hex4(scan: Scan, at: number): number {
  if (at + 4 > scan.end) return FAILED
  let value = 0
  for (let place = at; place < at + 4; place++) {
    const byte = scan.bytes[place] as number
    const digit =
      byte >= 48 && byte <= 57 ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : byte >= 65 && byte <= 70 ? byte - 55 : FAILED
    if (digit < 0) return FAILED
    value = value * 16 + digit
  }
  return value
}

/** The JavaScript string of a scanned token, quotes and all. */
export function stringOf(scan: Scan, from: number, to: number): string {
  return scan.hasEscape ? (JSON.parse(textOf(scan, from, to)) as string) : textOf(scan, from + 1, to - 1)
}
