/**
 * The state of one check. Scanners are functions `(scan, at) => next`: they look at the value that begins at `at` and
 * return where it ends, or `FAILED` after noting why. One object, reused, so that a good event costs no memory.
 */
export interface Scan {
  bytes: Uint8Array
  end: number
  /** Some byte is not ASCII: the whole must be checked as UTF-8. */
  isWide: boolean
  /** Good, but not as it stands: canonical text must be written. */
  isLoose: boolean
  /** What the last string or number was made of. */
  hasEscape: boolean
  wholeDigits: number
  fractionDigits: number
  hasExponent: boolean
  /** Why it failed: where the value begins, what was wanted, and the path that is put together on the way out. */
  badAt: number
  wanted: string
  path: string
  /** The text of a syntax error, which has no wanted type. */
  syntax: string
}

export type Scanner = (scan: Scan, at: number) => number

/** What a scanner returns when the value is not good. */
export const FAILED = -1

/** A state to check with; each codec has its own. */
export function newScan(): Scan {
  return {
    bytes: new Uint8Array(0),
    end: 0,
    isWide: false,
    isLoose: false,
    hasEscape: false,
    wholeDigits: 0,
    fractionDigits: 0,
    hasExponent: false,
    badAt: 0,
    wanted: '',
    path: '',
    syntax: '',
  }
}

/** Not JSON. */
export function syntaxError(scan: Scan, at: number, message: string): number {
  scan.badAt = at
  scan.syntax = message
  scan.wanted = ''
  scan.path = ''
  return FAILED
}

/** JSON, but not of the wanted type. */
export function mismatch(scan: Scan, at: number, wanted: string): number {
  scan.badAt = at
  scan.syntax = ''
  scan.wanted = wanted
  scan.path = ''
  return FAILED
}

/** The first byte at or after `at` that is no white space; beyond the end it is `end`. */
export function skipSpace(scan: Scan, at: number): number {
  const { bytes, end } = scan
  while (at < end) {
    const byte = bytes[at] as number
    if (byte > 32 || (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9)) return at
    at++
  }
  return at
}

/** The bytes as text; only for text that is not on the fast path. */
export function textOf(scan: Scan, from: number, to: number): string {
  return Buffer.from(scan.bytes.buffer, scan.bytes.byteOffset + from, to - from).toString('utf8')
}
