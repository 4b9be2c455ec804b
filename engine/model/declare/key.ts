import { sqlTypeText } from '../schema/sql-type.ts'
import type { Field } from '../types.ts'

/** Keys are compared and written as text: only what has one text per value. */
const keyless = new Set(['FLOAT', 'DOUBLE', 'BLOB', 'JSON'])

/** Why a field cannot be the key of events with these fields (`is missing`, `is DOUBLE`), or undefined. */
export function keyProblem(fields: readonly Field[], key: string): string | undefined {
  const field = fields.find((each) => each.name === key)
  if (field === undefined) return 'is missing'
  if (!field.required) return 'is not required'
  const isScalar = field.type.kind === 'decimal' || (field.type.kind === 'scalar' && !keyless.has(field.type.name))
  return isScalar ? undefined : `is ${sqlTypeText(field.type)}, which cannot be a key,`
}
