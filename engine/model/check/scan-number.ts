import { FAILED, type Scan } from './scan.ts'

/**
 * A number by JSON's grammar: returns the place after it and notes how many digits it has, or `FAILED` (nothing noted:
 * the caller knows what it wanted). Leading zeros are none, so `wholeDigits` of 0.5 is 1.
 */
export function scanNumber(scan: Scan, at: number): number {
  const { bytes, end } = scan
  let place = at < end && bytes[at] === 45 ? at + 1 : at
  const from = place
  while (place < end && isDigit(bytes[place] as number)) place++
  scan.wholeDigits = place - from
  if (place === from || (bytes[from] === 48 && place > from + 1)) return FAILED
  scan.fractionDigits = 0
  scan.hasExponent = false
  if (place >= end) return place
  if (bytes[place] === 46) {
    const point = place++
    while (place < end && isDigit(bytes[place] as number)) place++
    scan.fractionDigits = place - point - 1
    if (scan.fractionDigits === 0) return FAILED
  }
  if (place < end && (bytes[place] === 101 || bytes[place] === 69)) return scanExponent(scan, place + 1)
  return place
}

function scanExponent(scan: Scan, at: number): number {
  const { bytes, end } = scan
  scan.hasExponent = true
  let place = at < end && (bytes[at] === 43 || bytes[at] === 45) ? at + 1 : at
  const from = place
  while (place < end && isDigit(bytes[place] as number)) place++
  return place === from ? FAILED : place
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

/** The whole number of at most 15 digits that stands there. */
export function shortInteger(scan: Scan, at: number): number {
  const { bytes } = scan
  const isNegative = bytes[at] === 45
  const from = isNegative ? at + 1 : at
  let value = 0
  for (let place = from; place < from + scan.wholeDigits; place++) value = value * 10 + ((bytes[place] as number) - 48)
  return isNegative ? -value : value
}
