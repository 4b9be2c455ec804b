import type { z } from 'zod'
import { SchemaRefusal } from './refusal.ts'
import { type Absent, type Bound, type IntegerName, integer, type Shape, type ShapeField, string } from './shape.ts'
import { sqlShapeOf } from './sql.ts'

/** A schema's shape. `checked`: it holds checks that the codec does not do, so that every value must also pass `safeParse`. */
export interface ZodShape {
  readonly shape: Shape
  readonly absent: Absent | undefined
  readonly checked: boolean
}

/** What this file reads of a zod schema's definition; zod's own types differ from schema to schema. */
interface Def {
  readonly type: string
  readonly check?: string
  readonly format?: string
  readonly coerce?: boolean
  readonly local?: boolean
  readonly offset?: boolean
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDef } }[]
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly keyType?: z.ZodType
  readonly valueType?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly catchall?: z.ZodType
  readonly entries?: Readonly<Record<string, string | number>>
  readonly values?: readonly unknown[]
  readonly options?: readonly z.ZodType[]
  readonly getter?: () => z.ZodType
}

interface CheckDef {
  readonly check: string
  readonly format?: string
  readonly value?: number | bigint | Date
  readonly inclusive?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly length?: number
  readonly local?: boolean
  readonly offset?: boolean
  readonly precision?: number | null
  readonly pattern?: RegExp
}

const remedies: Readonly<Record<string, string>> = {
  pipe: 'Events are stored as they are declared: drop the transform, pipe or preprocess, and convert before append or in the fold',
  transform: 'Events are stored as they are declared: drop the transform and convert before append or in the fold',
  default: 'Use .optional() and put the default where the value is read',
  prefault: 'Use .optional() and put the default where the value is read',
  catch: 'A bad value is a bad event: drop .catch(), or use .optional()',
  tuple: 'Use z.object() with a name for each place, or sql.json()',
  union: 'Declare an event type for each variant, or use sql.json()',
  set: 'Use z.array()',
  map: 'Use z.record(z.string(), …)',
}

/** The shape of a zod 4 schema. Throws `SchemaRefusal` with the remedy for what has no columns. */
export function zodShape(schema: z.ZodType): ZodShape {
  const given = sqlShapeOf(schema)
  const def = schema._zod.def as unknown as Def
  if (given !== undefined)
    return { shape: given, absent: given.kind === 'json' ? 'null' : undefined, checked: (def.checks?.length ?? 0) > 0 }
  if (def.coerce === true)
    throw new SchemaRefusal('z.coerce', 'Events are stored as they are declared: drop z.coerce and convert before append')
  const inner = shapeByType(schema, def)
  return applyChecks(inner, def)
}

function shapeByType(schema: z.ZodType, def: Def): ZodShape {
  switch (def.type) {
    case 'string':
      return plain(string)
    case 'boolean':
      return plain({ kind: 'boolean' })
    case 'number':
      return plain({ kind: 'float', name: 'DOUBLE', bounds: [] })
    case 'bigint':
      return plain(integer('BIGINT', 'bigint'))
    case 'date':
      return plain({ kind: 'text', name: 'TIMESTAMP WITH TIME ZONE', js: 'date' })
    case 'any':
    case 'unknown':
      return { ...plain({ kind: 'json' }), absent: 'null' }
    case 'enum':
      return literals(Object.values(def.entries ?? {}))
    case 'literal':
      return literals(def.values ?? [])
    case 'optional':
      return { ...zodShape(def.innerType as z.ZodType), absent: isNullish(def) ? 'null' : 'undefined' }
    case 'nullable':
      return { ...zodShape(def.innerType as z.ZodType), absent: 'null' }
    case 'nonoptional':
      return { ...zodShape(def.innerType as z.ZodType), absent: undefined, checked: true }
    case 'readonly':
      return zodShape(def.innerType as z.ZodType)
    case 'array':
      return list('list', def.element as z.ZodType)
    case 'record':
      return record(def)
    case 'object':
      return object(def)
    case 'union':
      return union(schema, def)
    case 'lazy':
      return lazy(def)
    default:
      throw new SchemaRefusal(
        `z.${def.type}`,
        remedies[def.type] ?? 'Use a type of the list in the documentation of streams, or sql.json()',
      )
  }
}

function plain(shape: Shape): ZodShape {
  return { shape, absent: undefined, checked: false }
}

function isNullish(def: Def): boolean {
  return ((def.innerType as z.ZodType)._zod.def as unknown as Def).type === 'nullable'
}

function list(kind: 'list' | 'map', element: z.ZodType): ZodShape {
  const inner = zodShape(element)
  return { shape: { kind, of: inner.shape, absent: inner.absent }, absent: undefined, checked: inner.checked }
}

function record(def: Def): ZodShape {
  const key = zodShape(def.keyType as z.ZodType)
  if (key.shape.kind !== 'string')
    throw new SchemaRefusal('z.record', 'The keys of a record are z.string(): other types would be text in JSON')
  const inner = list('map', def.valueType as z.ZodType)
  return { ...inner, checked: inner.checked || key.checked || key.shape !== string }
}

function object(def: Def): ZodShape {
  const catchall = (def.catchall?._zod.def as Def | undefined)?.type
  if (catchall !== undefined && catchall !== 'never') {
    throw new SchemaRefusal(
      'z.looseObject',
      'Columns are fixed: use z.object() and name the fields, or put the rest into a field of sql.json()',
    )
  }
  const fields: ShapeField[] = []
  let checked = catchall === 'never'
  for (const [name, member] of Object.entries(def.shape ?? {})) {
    try {
      const inner = zodShape(member)
      fields.push({ name, shape: inner.shape, absent: inner.absent })
      checked ||= inner.checked
    } catch (thrown) {
      throw SchemaRefusal.below(name, thrown)
    }
  }
  return { shape: { kind: 'struct', fields }, absent: undefined, checked }
}

function literals(values: readonly unknown[]): ZodShape {
  if (values.every((value) => typeof value === 'string')) return plain({ ...string, values })
  if (values.every((value) => typeof value === 'boolean')) return { ...plain({ kind: 'boolean' }), checked: true }
  if (values.every((value) => Number.isSafeInteger(value))) return { ...plain(integer('BIGINT', 'number')), checked: true }
  throw new SchemaRefusal('z.literal', 'Literals of one column are all strings, all integers or all booleans')
}

/** A union of literals is one column; `| null` and `| undefined` make it not required; nothing else has a column. */
function union(schema: z.ZodType, def: Def): ZodShape {
  const options = def.options ?? []
  const types = options.map((option) => (option._zod.def as unknown as Def).type)
  if (types.join() === 'string,number,boolean,null,array,record') return { ...plain({ kind: 'json' }), absent: 'null' }
  const rest = options.filter((_, index) => types[index] !== 'null' && types[index] !== 'undefined')
  const absent = types.includes('null') ? 'null' : types.includes('undefined') ? 'undefined' : undefined
  if (rest.length === 1) return { ...zodShape(rest[0] as z.ZodType), absent }
  const values = rest.flatMap((option) => {
    const inner = option._zod.def as unknown as Def
    if (inner.type === 'literal') return inner.values ?? []
    if (inner.type === 'enum') return Object.values(inner.entries ?? {})
    throw new SchemaRefusal(`z.union (${schema._zod.def.type})`, remedies.union as string)
  })
  return { ...literals(values), absent }
}

/** `z.json()` is a lazy schema that holds itself; any other recursion has no columns. */
const open = new Set<unknown>()

function lazy(def: Def): ZodShape {
  if (open.has(def.getter)) throw new SchemaRefusal('z.lazy', 'A schema that holds itself has no columns: use sql.json()')
  open.add(def.getter)
  try {
    return zodShape((def.getter as () => z.ZodType)())
  } finally {
    open.delete(def.getter)
  }
}

const integerFormats: Readonly<Record<string, readonly [IntegerName, 'number' | 'bigint']>> = {
  safeint: ['BIGINT', 'number'],
  int32: ['INTEGER', 'number'],
  uint32: ['UINTEGER', 'number'],
  int64: ['BIGINT', 'bigint'],
  uint64: ['UBIGINT', 'bigint'],
}

/** Formats that are one regular expression and nothing more in zod. */
const patternFormats = new Set([
  'regex',
  'email',
  'nanoid',
  'cuid',
  'cuid2',
  'ulid',
  'xid',
  'ksuid',
  'ipv4',
  'e164',
  'starts_with',
  'ends_with',
  'lowercase',
  'uppercase',
])

function applyChecks(inner: ZodShape, def: Def): ZodShape {
  const own = def.check === undefined || def.type === 'custom' ? [] : [def as unknown as CheckDef]
  // Formats first: `z.number().min(0).int()` is an integer with a bound.
  const checks = [...own, ...(def.checks ?? []).map((check) => check._zod.def)].sort((a, b) => Number(isFormat(b)) - Number(isFormat(a)))
  let { shape, checked } = inner
  for (const check of checks) {
    const next = isFormat(check) ? format(shape, check) : bound(shape, check)
    if (next === undefined) checked = true
    else shape = next
  }
  return { shape, absent: inner.absent, checked }
}

function isFormat(check: CheckDef): boolean {
  return check.format !== undefined
}

/** The shape narrowed by a format, or undefined when zod must check it. */
function format(shape: Shape, check: CheckDef): Shape | undefined {
  const name = check.format as string
  const whole = integerFormats[name]
  if (whole !== undefined) return integer(...whole)
  if (name === 'float32') return { kind: 'float', name: 'FLOAT', bounds: [] }
  if (name === 'float64') return shape
  if (shape.kind !== 'string') return undefined
  const isBare = shape.lengthMin === 0 && shape.lengthMax === Infinity && shape.patterns.length === 0
  if (isBare && typeof check.precision !== 'number') {
    if (name === 'date') return { kind: 'text', name: 'DATE', js: 'string' }
    if (name === 'time') return { kind: 'text', name: 'TIME', js: 'string' }
    if (name === 'datetime' && check.local === true) return { kind: 'text', name: 'TIMESTAMP', js: 'string' }
    if (name === 'datetime')
      return { kind: 'text', name: 'TIMESTAMP WITH TIME ZONE', js: 'string', ...(check.offset === true ? {} : { zone: 'utc' }) }
    if (name === 'uuid' && check.pattern !== undefined) return { kind: 'text', name: 'UUID', js: 'string', pattern: check.pattern }
    if (name === 'guid') return { kind: 'text', name: 'UUID', js: 'string' }
  }
  if (check.pattern !== undefined && patternFormats.has(name)) return { ...shape, patterns: [...shape.patterns, check.pattern] }
  return undefined
}

function bound(shape: Shape, check: CheckDef): Shape | undefined {
  if (check.check === 'overwrite') throw new SchemaRefusal('.trim(), .toLowerCase() …', remedies.transform as string)
  if (shape.kind === 'float' && (check.check === 'greater_than' || check.check === 'less_than')) {
    const side: Bound = {
      side: check.check === 'greater_than' ? 'min' : 'max',
      value: check.value as number,
      inclusive: check.inclusive === true,
    }
    return { ...shape, bounds: [...shape.bounds, side] }
  }
  if (shape.kind === 'integer' && (check.check === 'greater_than' || check.check === 'less_than')) return integerBound(shape, check)
  if (shape.kind === 'string' && check.check === 'min_length') return { ...shape, lengthMin: Math.max(shape.lengthMin, check.minimum ?? 0) }
  if (shape.kind === 'string' && check.check === 'length_equals')
    return { ...shape, lengthMin: check.length as number, lengthMax: check.length as number }
  if (shape.kind === 'string' && check.check === 'max_length')
    return { ...shape, lengthMax: Math.min(shape.lengthMax, check.maximum ?? Infinity) }
  return undefined
}

function integerBound(shape: Extract<Shape, { kind: 'integer' }>, check: CheckDef): Shape | undefined {
  const value = check.value as number | bigint
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined
  const whole = BigInt(value)
  if (check.check === 'greater_than') {
    const min = check.inclusive === true ? whole : whole + 1n
    return { ...shape, min: min > shape.min ? min : shape.min }
  }
  const max = check.inclusive === true ? whole : whole - 1n
  return { ...shape, max: max < shape.max ? max : shape.max }
}
