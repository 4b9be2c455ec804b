import type { Field, ScalarName, SqlType } from '../types.ts'

/**
 * What a schema says of one value: its SQL type, and beside it the JavaScript type and the bounds that `SqlType` does
 * not carry. Codecs are compiled from shapes; columns are their SQL side.
 */
export type Shape =
  | { readonly kind: 'boolean' }
  /** `min` and `max` are inclusive and never wider than the SQL type. */
  | { readonly kind: 'integer'; readonly name: IntegerName; readonly js: 'number' | 'bigint'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'float'; readonly name: 'FLOAT' | 'DOUBLE'; readonly bounds: readonly Bound[] }
  | { readonly kind: 'decimal'; readonly width: number; readonly scale: number }
  | {
      readonly kind: 'string'
      readonly values: readonly string[] | undefined
      /** In UTF-16 code units, as JavaScript counts. */
      readonly lengthMin: number
      readonly lengthMax: number
      readonly patterns: readonly RegExp[]
    }
  /** A value that JSON carries as a string of its own grammar (`codec/text-*.ts`). */
  | {
      readonly kind: 'text'
      readonly name: TextName
      readonly js: 'string' | 'date' | 'bytes'
      /** `utc`: only `Z` is taken for a zone. */
      readonly zone?: 'utc'
      readonly pattern?: RegExp
    }
  | { readonly kind: 'json' }
  | { readonly kind: 'list'; readonly of: Shape; readonly absent: Absent | undefined }
  | { readonly kind: 'map'; readonly of: Shape; readonly absent: Absent | undefined }
  | { readonly kind: 'struct'; readonly fields: readonly ShapeField[] }

export type IntegerName = 'TINYINT' | 'SMALLINT' | 'INTEGER' | 'BIGINT' | 'HUGEINT' | 'UTINYINT' | 'USMALLINT' | 'UINTEGER' | 'UBIGINT'

export type TextName = 'DATE' | 'TIME' | 'TIMESTAMP' | 'TIMESTAMP WITH TIME ZONE' | 'UUID' | 'BLOB'

export interface Bound {
  readonly side: 'min' | 'max'
  readonly value: number
  readonly inclusive: boolean
}

/** What JavaScript sees for SQL's NULL: `.optional()` gives undefined, `.nullable()` and `.nullish()` give null. */
export type Absent = 'undefined' | 'null'

export interface ShapeField {
  readonly name: string
  readonly shape: Shape
  /** Undefined: required. */
  readonly absent: Absent | undefined
}

/** What each integer type holds, both ends included. */
export const integerRanges: Readonly<Record<IntegerName, readonly [bigint, bigint]>> = {
  TINYINT: [-(2n ** 7n), 2n ** 7n - 1n],
  SMALLINT: [-(2n ** 15n), 2n ** 15n - 1n],
  INTEGER: [-(2n ** 31n), 2n ** 31n - 1n],
  BIGINT: [-(2n ** 63n), 2n ** 63n - 1n],
  HUGEINT: [-(2n ** 127n), 2n ** 127n - 1n],
  UTINYINT: [0n, 2n ** 8n - 1n],
  USMALLINT: [0n, 2n ** 16n - 1n],
  UINTEGER: [0n, 2n ** 32n - 1n],
  UBIGINT: [0n, 2n ** 64n - 1n],
}

/** An integer of its full range, but as a JavaScript number never beyond 2^53. */
export function integer(name: IntegerName, js: 'number' | 'bigint'): Shape {
  const [low, high] = integerRanges[name]
  const safe = BigInt(Number.MAX_SAFE_INTEGER)
  const isWide = js === 'number' && high > safe
  return { kind: 'integer', name, js, min: isWide && low < 0n ? -safe : low, max: isWide ? safe : high }
}

/** Any string. */
export const string: Extract<Shape, { kind: 'string' }> = {
  kind: 'string',
  values: undefined,
  lengthMin: 0,
  lengthMax: Infinity,
  patterns: [],
}

/** The SQL side of a shape. */
export function sqlTypeOf(shape: Shape): SqlType {
  switch (shape.kind) {
    case 'boolean':
      return scalar('BOOLEAN')
    case 'string':
      return scalar('VARCHAR')
    case 'json':
      return scalar('JSON')
    case 'integer':
    case 'float':
    case 'text':
      return scalar(shape.name)
    case 'decimal':
      return { kind: 'decimal', width: shape.width, scale: shape.scale }
    case 'struct':
      return { kind: 'struct', fields: fieldsOf(shape.fields) }
    default:
      return { kind: shape.kind, of: sqlTypeOf(shape.of), nullable: shape.absent !== undefined }
  }
}

/** The columns of a struct's fields. */
export function fieldsOf(fields: readonly ShapeField[]): Field[] {
  return fields.map((field) => ({ name: field.name, type: sqlTypeOf(field.shape), required: field.absent === undefined }))
}

/** The shape of a bare SQL type, with the widest JavaScript types: 64-bit integers as bigint, times and decimals as text. */
export function shapeOf(type: SqlType): Shape {
  switch (type.kind) {
    case 'decimal':
      return type
    case 'struct':
      return { kind: 'struct', fields: type.fields.map(shapeFieldOf) }
    case 'scalar':
      return scalarShape(type.name)
    default:
      return { kind: type.kind, of: shapeOf(type.of), absent: type.nullable ? 'null' : undefined }
  }
}

/** A column as `shapeOf` sees its type; NULL is null. */
export function shapeFieldOf(field: Field): ShapeField {
  return { name: field.name, shape: shapeOf(field.type), absent: field.required ? undefined : 'null' }
}

function scalarShape(name: ScalarName): Shape {
  switch (name) {
    case 'BOOLEAN':
      return { kind: 'boolean' }
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'float', name, bounds: [] }
    case 'VARCHAR':
      return string
    case 'JSON':
      return { kind: 'json' }
    case 'BIGINT':
    case 'UBIGINT':
    case 'HUGEINT':
      return integer(name, 'bigint')
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'UTINYINT':
    case 'USMALLINT':
    case 'UINTEGER':
      return integer(name, 'number')
    default:
      return { kind: 'text', name, js: name === 'BLOB' ? 'bytes' : 'string' }
  }
}

function scalar(name: ScalarName): SqlType {
  return { kind: 'scalar', name }
}
