import { limits } from '../../../limits.ts'
import { FAILED, type Scan, skipSpace, syntaxError, textOf } from './scan.ts'
import { scanNumber } from './scan-number.ts'
import { scanString, stringOf } from './scan-string.ts'

const TRUE = [116, 114, 117, 101]
const FALSE = [102, 97, 108, 115, 101]
const NULL = [110, 117, 108, 108]

/** Whether `null` stands there. */
export function isNull(scan: Scan, at: number): boolean {
  return isWord(scan, at, NULL)
}

/** The place after `true` or `false`, or `FAILED` (nothing noted). */
export function scanBoolean(scan: Scan, at: number): number {
  if (isWord(scan, at, TRUE)) return at + 4
  return isWord(scan, at, FALSE) ? at + 5 : FAILED
}

function isWord(scan: Scan, at: number, word: readonly number[]): boolean {
  if (at + word.length > scan.end) return false
  for (let index = 0; index < word.length; index++) if (scan.bytes[at + index] !== word[index]) return false
  return true
}

/**
 * Any JSON value, without recursion: for unknown fields, and (`isStored`) for JSON columns, where a key that comes twice
 * or a number beyond a double would mean one thing to SQL and another to JavaScript. `depth`: how many lists and objects
 * are around it.
 */
export function scanAny(scan: Scan, start: number, depth: number, isStored: boolean): number {
  // One entry per open list (undefined) or object (its keys so far; one empty set for all when nobody asks).
  const open: (Set<string> | undefined)[] = []
  const unasked = new Set<string>()
  let at = start
  for (;;) {
    at = skipSpace(scan, at)
    const byte = at < scan.end ? scan.bytes[at] : 0
    if (byte === 123 || byte === 91) {
      if (depth + open.length >= limits.jsonDepthMax) return syntaxError(scan, at, `more than ${limits.jsonDepthMax} levels of nesting`)
      const inside = skipSpace(scan, at + 1)
      const isEmpty = scan.bytes[inside] === (byte === 123 ? 125 : 93) && inside < scan.end
      if (!isEmpty) {
        open.push(byte === 91 ? undefined : isStored ? new Set() : unasked)
        at = byte === 123 ? scanKey(scan, inside, open.at(-1), isStored) : inside
        if (at === FAILED) return FAILED
        continue
      }
      at = inside + 1
    } else {
      at = scanScalar(scan, at, byte, isStored)
      if (at === FAILED) return FAILED
    }
    for (;;) {
      if (open.length === 0) return at
      at = skipSpace(scan, at)
      const keys = open.at(-1)
      const next = at < scan.end ? scan.bytes[at] : 0
      if (next === 44) {
        at = keys === undefined ? at + 1 : scanKey(scan, skipSpace(scan, at + 1), keys, isStored)
        if (at === FAILED) return FAILED
        break
      }
      if (next !== (keys === undefined ? 93 : 125))
        return syntaxError(scan, at, keys === undefined ? "neither ',' nor ']' in a list" : "neither ',' nor '}' in an object")
      open.pop()
      at++
    }
  }
}

/** A key and its colon; returns the place after it. */
function scanKey(scan: Scan, at: number, keys: Set<string> | undefined, isStored: boolean): number {
  if (at >= scan.end || scan.bytes[at] !== 34) return syntaxError(scan, at, 'an object’s key is not a string')
  const next = scanString(scan, at)
  if (next === FAILED) return FAILED
  if (isStored) {
    const key = stringOf(scan, at, next)
    if (keys?.has(key)) return syntaxError(scan, at, `the key ${JSON.stringify(key).slice(0, 60)} comes twice`)
    keys?.add(key)
  }
  const colon = skipSpace(scan, next)
  return colon < scan.end && scan.bytes[colon] === 58 ? colon + 1 : syntaxError(scan, colon, "no ':' after an object’s key")
}

function scanScalar(scan: Scan, at: number, byte: number | undefined, isStored: boolean): number {
  if (byte === 34) return scanString(scan, at)
  if (isNull(scan, at)) return at + 4
  const boolean = scanBoolean(scan, at)
  if (boolean !== FAILED) return boolean
  const next = scanNumber(scan, at)
  if (next === FAILED) return syntaxError(scan, at, 'no JSON value')
  const mayOverflow = isStored && (scan.hasExponent || scan.wholeDigits > 300)
  return mayOverflow && !Number.isFinite(Number(textOf(scan, at, next)))
    ? syntaxError(scan, at, 'a number beyond the range of a double')
    : next
}
