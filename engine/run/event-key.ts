import type { EventType, Field } from '../model/types.ts'

const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'])

/**
 * Reads an event's key as text: the key field's canonical value, so that one entity has one key however its payload was
 * written (a decimal as a number or as text, a time in another zone). `text` is the payload's canonical JSON.
 */
export function keyReader(types: readonly EventType[], key: string): (type: EventType, data: unknown, text: string) => string {
  const direct = new Map(types.map((type) => [type, type.fields.find((field) => field.name === key)]))
  return (type, data, text) => {
    const value = (data as Record<string, unknown>)[key]
    // These are their own canonical form; parsing the payload again for them would cost as much as encoding it.
    if (isOwnText(direct.get(type), value)) return String(value)
    return String((JSON.parse(text) as Record<string, unknown>)[key])
  }
}

function isOwnText(field: Field | undefined, value: unknown): boolean {
  if (field?.type.kind !== 'scalar') return false
  if (typeof value === 'string') return field.type.name === 'VARCHAR'
  return (typeof value === 'number' || typeof value === 'bigint') && integers.has(field.type.name)
}
