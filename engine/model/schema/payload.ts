import type { z } from 'zod'
import { codecOf, type Refine } from '../codec/codec.ts'
import type { Codec, Field } from '../types.ts'
import { checksOf } from './checks.ts'
import { parseSqlType } from './parse-sql-type.ts'
import { SchemaRefusal } from './refusal.ts'
import { fieldsOf, integer, type Shape, type ShapeField, shapeOf } from './shape.ts'
import type { SchemaInput, StandardResult, StandardSchema } from './standard-schema.ts'
import { zodShape } from './zod-shape.ts'

/** A payload's or a state's columns and codec. */
export interface Payload {
  readonly fields: readonly Field[]
  readonly codec: Codec
  /** What the schema asks beyond the types; see `checksOf`. */
  readonly checks: string
}

/** Throws `SchemaRefusal` for a schema that has no columns. */
export function payloadOf(input: SchemaInput): Payload {
  if ('columns' in input) return withColumns(input.schema, input.columns)
  if (input['~standard']?.vendor !== 'zod' || !('_zod' in input)) {
    throw new SchemaRefusal(
      'a schema that is not of zod 4',
      "State its columns beside it: { schema, columns: { sku: 'VARCHAR NOT NULL', qty: 'BIGINT' } }",
    )
  }
  const { shape, absent, checked } = zodShape(input as unknown as z.ZodType)
  if (shape.kind !== 'struct' || absent !== undefined) throw new SchemaRefusal('a schema that is not of an object', 'Use z.object({ … })')
  return build(shape.fields, checked ? zodRefine(input as unknown as z.ZodType) : undefined, checksOf(input))
}

function build(fields: readonly ShapeField[], refine: Refine | undefined, checks: string): Payload {
  refuseBadFields(fields, [])
  return { fields: fieldsOf(fields), codec: codecOf(fields, refine), checks }
}

function withColumns(schema: StandardSchema, columns: Readonly<Record<string, string>>): Payload {
  const fields = Object.entries(columns).map(([name, text]): ShapeField => {
    const bare = text.replace(/\s+NOT\s+NULL\s*$/i, '')
    const type = parseSqlType(bare)
    if (type === undefined)
      throw new SchemaRefusal(`the column type '${text}'`, 'Write a type as DuckDB does, as DECIMAL(18,2) or STRUCT(a BIGINT)[]', [name])
    return { name, shape: plainIntegers(shapeOf(type)), absent: bare === text ? 'undefined' : undefined }
  })
  return build(fields, standardRefine(schema), checksOf(schema))
}

/** Other libraries' numbers are JavaScript's: a BIGINT is one up to 2^53; UBIGINT and HUGEINT stay bigints. */
function plainIntegers(shape: Shape): Shape {
  if (shape.kind === 'list' || shape.kind === 'map') return { ...shape, of: plainIntegers(shape.of) }
  if (shape.kind === 'struct') return { ...shape, fields: shape.fields.map((field) => ({ ...field, shape: plainIntegers(field.shape) })) }
  return shape.kind === 'integer' && shape.name === 'BIGINT' ? integer('BIGINT', 'number') : shape
}

/** zod's own way, since its Standard Schema side tries a check that threw once more as an asynchronous one. */
function zodRefine(schema: z.ZodType): Refine {
  return guarded((value) => {
    const result = schema.safeParse(value)
    return result.success ? undefined : issueText(result.error.issues[0])
  })
}

function standardRefine(schema: StandardSchema): Refine {
  const { validate, vendor } = schema['~standard']
  return guarded((value) => {
    const result = validate(value)
    if (!(result instanceof Promise)) return result.issues === undefined ? undefined : issueText(result.issues[0])
    const reason = `the ${vendor} schema is asynchronous: only synchronous checks can decide about an event`
    result.then(undefined, () => reason)
    return reason
  })
}

/** A check of the user's that throws has not said yes. */
function guarded(refine: Refine): Refine {
  return (value) => {
    try {
      return refine(value)
    } catch (thrown) {
      return `the schema's own check threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`
    }
  }
}

type Issue = NonNullable<StandardResult['issues']>[number]

function issueText(issue: Issue | undefined): string {
  if (issue === undefined) return 'its schema refuses it'
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** DuckDB's names do not tell upper from lower case, and its structs are never empty. */
function refuseBadFields(fields: readonly ShapeField[], path: readonly string[]): void {
  if (fields.length === 0) throw new SchemaRefusal('an object without fields', 'Declare at least one field', path)
  const seen = new Map<string, string>()
  for (const { name, shape } of fields) {
    const place = [...path, name]
    const other = seen.get(name.toLowerCase())
    if (other !== undefined)
      throw new SchemaRefusal(`the name beside '${other}'`, 'SQL does not tell upper from lower case: rename one', place)
    seen.set(name.toLowerCase(), name)
    if (name === '' || name === '__proto__' || name.length > 200 || !name.isWellFormed() || /\p{Cc}/u.test(name)) {
      throw new SchemaRefusal(`the name ${JSON.stringify(name)}`, 'Use letters, digits and _', place)
    }
    if (path.length === 0 && name.startsWith('_'))
      throw new SchemaRefusal(`the reserved name '${name}'`, 'Names that begin with _ are the pseudo-columns’: rename the field', place)
    refuseBelow(shape, place)
  }
}

function refuseBelow(shape: Shape, path: readonly string[]): void {
  if (shape.kind === 'struct') refuseBadFields(shape.fields, path)
  if (shape.kind === 'list' || shape.kind === 'map') refuseBelow(shape.of, path)
}
