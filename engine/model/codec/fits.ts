import type { Absent, Shape, ShapeField } from '../schema/shape.ts'
import { isNarrowed, keepsBounds, keepsString, matches } from './encode.ts'
import { GOOD, textChecks } from './text.ts'

/**
 * Whether a value is good and `JSON.stringify` writes its canonical JSON: that is three times as fast as writing it here.
 * False says nothing but "not so sure": `encoder` then writes it, or tells what is wrong.
 */
export type Fits = (value: unknown) => boolean

/** Undefined: never, for this shape. */
export function fitter(shape: Shape): Fits | undefined {
  switch (shape.kind) {
    case 'boolean':
      return (value) => typeof value === 'boolean'
    case 'integer':
      return shape.js === 'number' ? integerFits(Number(shape.min), Number(shape.max)) : undefined
    case 'float':
      return floatFits(shape)
    case 'string':
      return stringFits(shape)
    case 'text':
      return textFits(shape)
    case 'list':
      return listFits(shape)
    case 'struct':
      return structFits(shape.fields)
    default:
      return undefined
  }
}

function integerFits(min: number, max: number): Fits {
  return (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}

function floatFits(shape: Extract<Shape, { kind: 'float' }>): Fits {
  const { bounds } = shape
  const isSingle = shape.name === 'FLOAT'
  return (value) => {
    // Not the double -0, which `JSON.stringify` writes as 0.
    if (!Number.isFinite(value) || (value === 0 && Object.is(value, -0))) return false
    if (isSingle && !Number.isFinite(Math.fround(value as number))) return false
    return bounds.length === 0 || keepsBounds(bounds, value as number)
  }
}

function stringFits(shape: Extract<Shape, { kind: 'string' }>): Fits {
  const values = shape.values === undefined ? undefined : new Set(shape.values)
  if (!isNarrowed(shape)) return (value) => typeof value === 'string' && isWhole(value)
  return (value) => typeof value === 'string' && isWhole(value) && keepsString(shape, value, values)
}

/** Short strings are looked through here, which is faster than the call. */
function isWhole(value: string): boolean {
  const { length } = value
  if (length > 32) return value.isWellFormed()
  for (let index = 0; index < length; index++) if (value.charCodeAt(index) >= 0xd800) return value.isWellFormed()
  return true
}

/** Long enough for every text of a fixed grammar. */
const scratch = new Uint8Array(64)

function textFits(shape: Extract<Shape, { kind: 'text' }>): Fits | undefined {
  if (shape.js === 'bytes') return undefined
  if (shape.js === 'date')
    return (value) => value instanceof Date && Object.getPrototypeOf(value) === Date.prototype && isFourDigitYear(value)
  const check = textChecks[shape.name]
  return (value) => {
    if (typeof value !== 'string' || value.length > scratch.length) return false
    const { length } = value
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 127) return false
      scratch[index] = code
    }
    if (check(scratch, 0, length) !== GOOD) return false
    return (shape.zone !== 'utc' || value.endsWith('Z')) && (shape.pattern === undefined || matches(shape.pattern, value))
  }
}

function isFourDigitYear(date: Date): boolean {
  const time = date.getTime()
  return time >= -62_135_596_800_000 && time < 253_402_300_800_000
}

function listFits(shape: Extract<Shape, { kind: 'list' }>): Fits | undefined {
  const fits = fitter(shape.of)
  if (fits === undefined) return undefined
  const isNullable = shape.absent !== undefined
  return (value) => {
    if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return false
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      if (!(isNullable && item === null) && !fits(item)) return false
    }
    return true
  }
}

/** Only an object whose keys are the declared ones, in their order: then what is read here is all that is written. */
function structFits(fields: readonly ShapeField[]): Fits | undefined {
  const fits = fields.map((field) => fitter(field.shape)).filter((each) => each !== undefined)
  if (fits.length < fields.length) return undefined
  const members = fields.map((field, index) => ({ name: field.name, absent: field.absent, fits: fits[index] as Fits }))
  const count = members.length
  return (value) => {
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
    let index = 0
    for (const key in value) {
      let member = members[index++]
      while (member !== undefined && member.name !== key) {
        if (member.absent === undefined) return false
        member = members[index++]
      }
      if (member === undefined) return false
      const item = (value as Record<string, unknown>)[key]
      if (!member.fits(item) && !isAbsent(item, member.absent)) return false
    }
    for (; index < count; index++) if (members[index]?.absent === undefined) return false
    return true
  }
}

function isAbsent(value: unknown, absent: Absent | undefined): boolean {
  return absent !== undefined && (value === undefined || (value === null && absent === 'null'))
}
