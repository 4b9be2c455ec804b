import type { Absent, Shape, ShapeField } from '../schema/shape.ts'
import { canonicalDecimal } from './decimal.ts'
import { type Json, NumberText, readJson } from './json-reader.ts'
import { blobBytes } from './text.ts'

/** From what `JSON.parse` gave to what the schema's output is. Lists and objects are converted in place. */
type Convert = (value: unknown) => unknown

type Fields = Record<string, unknown>

/**
 * A struct's decoder from canonical JSON, or from JSON that `check` has passed. Where every value is already what
 * `JSON.parse` makes of it, there is nothing but `JSON.parse`.
 */
export function decoder(fields: readonly ShapeField[]): (text: string) => unknown {
  const isWide = fields.some((field) => holdsBigint(field.shape))
  const convert = structConverter(fields, isWide)
  return (text) => {
    // `JSON.parse` makes doubles of all numbers: with 16 digits and more, that may be another number.
    const value = isWide && /\d{16}/.test(text) ? losslessValue(readJson(text)) : (JSON.parse(text) as unknown)
    if (convert === undefined) return value
    return Array.isArray(value) ? convertAll(value, convert) : convert(value)
  }
}

function convertAll(values: unknown[], convert: Convert): unknown[] {
  for (let index = 0; index < values.length; index++) values[index] = convert(values[index])
  return values
}

function holdsBigint(shape: Shape): boolean {
  if (shape.kind === 'struct') return shape.fields.some((field) => holdsBigint(field.shape))
  if (shape.kind === 'list' || shape.kind === 'map') return holdsBigint(shape.of)
  return shape.kind === 'integer' && shape.js === 'bigint'
}

/** As `JSON.parse`, but a whole number that a double cannot hold is a bigint. */
function losslessValue(value: Json): unknown {
  if (value instanceof NumberText) {
    const number = Number(value.text)
    return Number.isSafeInteger(number) || !/^-?\d+$/.test(value.text) ? number : BigInt(value.text)
  }
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, losslessValue(item)]))
  return Array.isArray(value) ? value.map(losslessValue) : value
}

/** Undefined: nothing to convert. `isWide`: long whole numbers come as bigints wherever they stand. */
function converter(shape: Shape, isWide: boolean): Convert | undefined {
  switch (shape.kind) {
    case 'integer':
      return shape.js === 'bigint' ? (value) => BigInt(value as number | string | bigint) : undefined
    case 'float':
      if (shape.name === 'FLOAT') return (value) => Math.fround(Number(value))
      return isWide ? Number : undefined
    case 'decimal':
      return (value) => canonicalDecimal(String(value), shape.width, shape.scale)
    case 'text':
      return textConverter(shape.js)
    case 'json':
      return isWide ? withoutBigints : undefined
    case 'list':
      return listConverter(shape.of, shape.absent, isWide)
    case 'map':
      return mapConverter(shape.of, shape.absent, isWide)
    case 'struct':
      return structConverter(shape.fields, isWide)
    default:
      return undefined
  }
}

function textConverter(js: 'string' | 'date' | 'bytes'): Convert | undefined {
  if (js === 'date') return (value) => new Date(value as string)
  if (js === 'bytes') return (value) => blobBytes(value as string)
  return undefined
}

/** A JSON value's numbers are doubles, as they are to everyone who uses `JSON.parse`. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return convertAll(value, withoutBigints)
  if (typeof value !== 'object' || value === null) return value
  for (const [key, item] of Object.entries(value)) {
    const converted = withoutBigints(item)
    if (converted !== item) Object.defineProperty(value, key, { value: converted, writable: true, enumerable: true, configurable: true })
  }
  return value
}

function nullable(convert: Convert | undefined, absent: Absent | undefined): Convert | undefined {
  if (absent === undefined) return convert
  const none = absent === 'null' ? null : undefined
  if (convert === undefined) return absent === 'null' ? undefined : (value) => (value === null ? none : value)
  return (value) => (value === null ? none : convert(value))
}

function listConverter(of: Shape, absent: Absent | undefined, isWide: boolean): Convert | undefined {
  const convert = nullable(converter(of, isWide), absent)
  return convert === undefined ? undefined : (value) => convertAll(value as unknown[], convert)
}

function mapConverter(of: Shape, absent: Absent | undefined, isWide: boolean): Convert | undefined {
  const convert = nullable(converter(of, isWide), absent)
  if (convert === undefined) return undefined
  // Entries, since `record['__proto__'] = …` would not set a property.
  return (value) => Object.fromEntries(Object.entries(value as Fields).map(([key, item]) => [key, convert(item)]))
}

function structConverter(fields: readonly ShapeField[], isWide: boolean): Convert | undefined {
  const steps = fields.map((field) => fieldConverter(field, isWide)).filter((step) => step !== undefined)
  if (steps.length === 0) return undefined
  return (value) => {
    for (const step of steps) step(value as Fields)
    return value
  }
}

function fieldConverter(field: ShapeField, isWide: boolean): ((value: Fields) => void) | undefined {
  const { name, absent } = field
  const convert = converter(field.shape, isWide)
  if (absent === undefined) {
    return convert === undefined
      ? undefined
      : (value) => {
          value[name] = convert(value[name])
        }
  }
  // A field that is missing must not be taken for what every object inherits.
  const isInherited = name in Object.prototype
  return (value) => {
    const item = isInherited && !Object.hasOwn(value, name) ? undefined : value[name]
    if (item === null || item === undefined) {
      if (absent === 'null') value[name] = null
      else if (item === null) delete value[name]
    } else if (convert !== undefined) value[name] = convert(item)
  }
}
