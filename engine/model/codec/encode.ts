import type { Shape, ShapeField } from '../schema/shape.ts'
import { canonicalDecimal } from './decimal.ts'
import { jsonText } from './json-text.ts'
import { BadValue, below } from './path.ts'
import { quoted } from './quoted.ts'
import { BAD, blobText, canonicalText, REWRITE, textChecks } from './text.ts'
import { wantedOf } from './wanted.ts'

/** Canonical JSON of one value; throws `BadValue`. */
export type Encode = (value: unknown) => string

/** A shape's encoder, made of closures once per schema. `depth`: how many lists and objects are around it. */
export function encoder(shape: Shape, depth = 0): Encode {
  switch (shape.kind) {
    case 'struct':
      return structEncoder(shape.fields, depth + 1)
    case 'list':
      return listEncoder(shape.of, depth + 1, shape.absent !== undefined, wantedOf(shape))
    case 'map':
      return mapEncoder(shape.of, depth + 1, shape.absent !== undefined, wantedOf(shape))
    case 'json':
      return (value) => jsonText(value, depth)
    default:
      return scalarEncoder(shape)
  }
}

type Scalar = Exclude<Shape, { kind: 'struct' | 'list' | 'map' | 'json' }>

function scalarEncoder(shape: Scalar): Encode {
  const wanted = wantedOf(shape)
  switch (shape.kind) {
    case 'boolean':
      return (value) => {
        if (value === true) return 'true'
        if (value === false) return 'false'
        throw new BadValue(wanted, value)
      }
    case 'integer':
      return shape.js === 'number'
        ? integerEncoder(Number(shape.min), Number(shape.max), wanted)
        : bigintEncoder(shape.min, shape.max, shape.name === 'HUGEINT', wanted)
    case 'float':
      return floatEncoder(shape, wanted)
    case 'decimal':
      return decimalEncoder(shape.width, shape.scale, wanted)
    case 'string':
      return stringEncoder(shape, wanted)
    case 'text':
      return textEncoder(shape, wanted)
  }
}

function integerEncoder(min: number, max: number, wanted: string): Encode {
  return (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new BadValue(wanted, value)
    return String(value)
  }
}

function bigintEncoder(min: bigint, max: bigint, isQuoted: boolean, wanted: string): Encode {
  return (value) => {
    if (typeof value !== 'bigint' || value < min || value > max) throw new BadValue(wanted, value)
    return isQuoted ? `"${value}"` : String(value)
  }
}

/** Whether a finite number keeps the bounds that the schema sets. */
export function keepsBounds(bounds: Extract<Shape, { kind: 'float' }>['bounds'], value: number): boolean {
  for (const bound of bounds) {
    if (bound.side === 'min' ? value < bound.value : value > bound.value) return false
    if (!bound.inclusive && value === bound.value) return false
  }
  return true
}

function floatEncoder(shape: Extract<Shape, { kind: 'float' }>, wanted: string): Encode {
  const { bounds } = shape
  const isSingle = shape.name === 'FLOAT'
  return (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || (isSingle && !Number.isFinite(Math.fround(value))))
      throw new BadValue(wanted, value)
    if (bounds.length > 0 && !keepsBounds(bounds, value)) throw new BadValue(wanted, value)
    // JSON writes the double -0 as 0, and DuckDB reads the integer -0 as 0.
    return value === 0 && Object.is(value, -0) ? '-0.0' : String(value)
  }
}

function decimalEncoder(width: number, scale: number, wanted: string): Encode {
  return (value) => {
    const isText = typeof value === 'string' || typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
    const canonical = isText ? canonicalDecimal(String(value), width, scale) : undefined
    if (canonical === undefined) throw new BadValue(wanted, value)
    return `"${canonical}"`
  }
}

/** Whether a string keeps the values, lengths and patterns that the schema sets. */
export function keepsString(shape: Extract<Shape, { kind: 'string' }>, value: string, values: ReadonlySet<string> | undefined): boolean {
  if (value.length < shape.lengthMin || value.length > shape.lengthMax) return false
  if (values !== undefined && !values.has(value)) return false
  for (const pattern of shape.patterns) if (!matches(pattern, value)) return false
  return true
}

/** A pattern with the flag g or y starts where it ended last, unless told otherwise. */
export function matches(pattern: RegExp, value: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(value)
}

/** Whether anything but the type is asked of a string. */
export function isNarrowed(shape: Extract<Shape, { kind: 'string' }>): boolean {
  return shape.values !== undefined || shape.lengthMin > 0 || shape.lengthMax !== Infinity || shape.patterns.length > 0
}

function stringEncoder(shape: Extract<Shape, { kind: 'string' }>, wanted: string): Encode {
  const values = shape.values === undefined ? undefined : new Set(shape.values)
  const narrowed = isNarrowed(shape)
  return (value) => {
    if (typeof value !== 'string' || (narrowed && !keepsString(shape, value, values))) throw new BadValue(wanted, value)
    const text = quoted(value)
    if (text === undefined) throw new BadValue(wanted, value)
    return text
  }
}

function textEncoder(shape: Extract<Shape, { kind: 'text' }>, wanted: string): Encode {
  const check = textChecks[shape.name]
  return (value) => {
    if (shape.js === 'bytes' && value instanceof Uint8Array) return JSON.stringify(blobText(value))
    const text =
      shape.js === 'date' && value instanceof Date && !Number.isNaN(value.getTime())
        ? value.toISOString()
        : shape.js === 'string'
          ? value
          : undefined
    if (typeof text !== 'string' || text.length > 64 || (shape.zone === 'utc' && !text.endsWith('Z'))) throw new BadValue(wanted, value)
    const bytes = Buffer.from(text)
    const verdict = check(bytes, 0, bytes.length)
    if (verdict === BAD || (shape.pattern !== undefined && !matches(shape.pattern, text))) throw new BadValue(wanted, value)
    return `"${verdict === REWRITE ? canonicalText(shape.name, text) : text}"`
  }
}

function listEncoder(of: Shape, depth: number, isNullable: boolean, wanted: string): Encode {
  const encode = encoder(of, depth)
  return (value) => {
    if (!Array.isArray(value)) throw new BadValue(wanted, value)
    let text = '['
    let index = 0
    try {
      for (; index < value.length; index++) {
        const item: unknown = value[index]
        if (index > 0) text += ','
        text += isNullable && (item === null || item === undefined) ? 'null' : encode(item)
      }
    } catch (thrown) {
      throw below(`[${index}]`, thrown)
    }
    return `${text}]`
  }
}

function mapEncoder(of: Shape, depth: number, isNullable: boolean, wanted: string): Encode {
  const encode = encoder(of, depth)
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadValue(wanted, value)
    let text = ''
    for (const [key, item] of Object.entries(value)) {
      // A key that is there with undefined is as good as absent: JSON.stringify sees it so, too.
      if (item === undefined && !isNullable) continue
      const name = quoted(key)
      if (name === undefined) throw new BadValue(wanted, key)
      try {
        text += `${text === '' ? '' : ','}${name}:${isNullable && (item === null || item === undefined) ? 'null' : encode(item)}`
      } catch (thrown) {
        throw below(`[${name}]`, thrown)
      }
    }
    return `{${text}}`
  }
}

function structEncoder(fields: readonly ShapeField[], depth: number): Encode {
  const names = fields.map((field) => field.name)
  const encoders = fields.map((field) => encoder(field.shape, depth))
  const absents = fields.map((field) => field.absent)
  const keys = names.map((name) => `${JSON.stringify(name)}:`)
  const commaKeys = keys.map((key) => `,${key}`)
  // Only these names can be inherited from Object.prototype and look like the value's own.
  const inherited = names.map((name) => name in Object.prototype)
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadValue('an object', value)
    const prototype: unknown = Object.getPrototypeOf(value)
    const isPlain = prototype === Object.prototype || prototype === null
    let text = ''
    let index = 0
    try {
      for (; index < names.length; index++) {
        const name = names[index] as string
        const isOwn = (isPlain && !inherited[index]) || Object.hasOwn(value, name)
        const item: unknown = isOwn ? (value as Record<string, unknown>)[name] : undefined
        if (item === undefined || item === null) {
          const absent = absents[index]
          if (absent === undefined) throw new BadValue(wantedOf((fields[index] as ShapeField).shape), item)
          if (absent === 'undefined' || item === undefined) continue
          text += `${text === '' ? (keys[index] as string) : (commaKeys[index] as string)}null`
          continue
        }
        text += (text === '' ? (keys[index] as string) : (commaKeys[index] as string)) + (encoders[index] as Encode)(item)
      }
    } catch (thrown) {
      throw below(`.${(fields[index] as ShapeField).name}`, thrown)
    }
    return `{${text}}`
  }
}
