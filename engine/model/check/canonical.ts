import { canonicalDecimal } from '../codec/decimal.ts'
import { type Json, NumberText, readJson } from '../codec/json-reader.ts'
import { canonicalText } from '../codec/text.ts'
import type { Shape, ShapeField } from '../schema/shape.ts'

/** Canonical JSON of a text that has passed the check but is not canonical. Slow, and loses nothing. */
export function canonicalJson(fields: readonly ShapeField[], text: string): string {
  return write({ kind: 'struct', fields }, readJson(text))
}

function write(shape: Shape, value: Json): string {
  if (value === null) return 'null'
  switch (shape.kind) {
    case 'integer': {
      const digits = String(BigInt(raw(value)))
      return shape.name === 'HUGEINT' ? `"${digits}"` : digits
    }
    case 'float':
      return raw(value) === '-0' ? '-0.0' : raw(value)
    case 'decimal':
      return `"${canonicalDecimal(raw(value), shape.width, shape.scale)}"`
    case 'text':
      return JSON.stringify(canonicalText(shape.name, raw(value)))
    case 'list':
      return `[${(value as readonly Json[]).map((item) => write(shape.of, item)).join(',')}]`
    case 'map':
      return `{${[...(value as ReadonlyMap<string, Json>)].map(([key, item]) => `${JSON.stringify(key)}:${write(shape.of, item)}`).join(',')}}`
    case 'struct':
      return writeStruct(shape.fields, value as ReadonlyMap<string, Json>)
    default:
      return asItWas(value)
  }
}

function writeStruct(fields: readonly ShapeField[], value: ReadonlyMap<string, Json>): string {
  const parts: string[] = []
  for (const { name, shape } of fields) {
    const item = value.get(name)
    if (item !== undefined) parts.push(`${JSON.stringify(name)}:${write(shape, item)}`)
  }
  return `{${parts.join(',')}}`
}

/** The text of a number or of a string that stands for one. */
function raw(value: Json): string {
  return value instanceof NumberText ? value.text : (value as string)
}

function asItWas(value: Json): string {
  if (value instanceof NumberText) return value.text
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${asItWas(item)}`).join(',')}}`
  return Array.isArray(value) ? `[${value.map(asItWas).join(',')}]` : JSON.stringify(value)
}
