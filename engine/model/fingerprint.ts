import { createHash } from 'node:crypto'
import { sqlTypeText } from './schema/sql-type.ts'
import type { EventType } from './types.ts'

/** Raise when the meaning of canonical JSON changes: batches of before are then checked again. */
const formatVersion = 1

/**
 * 16 hex digits over a topic's event types, their fields, exact types and checks: which stored bytes are good, and what they
 * mean. Neither the order of declaration nor key, policy and partitions are in it.
 */
export function fingerprintOf(types: readonly Pick<EventType, 'name' | 'fields' | 'checks'>[]): string {
  const meaning = types.map((type) => [
    type.name,
    type.checks,
    ...type.fields
      .map((field) => `${field.name} ${sqlTypeText(field.type)}${nullability(field.type)}${field.required ? ' NOT NULL' : ''}`)
      .sort(),
  ])
  meaning.sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1))
  return hashOf(JSON.stringify([formatVersion, meaning]))
}

/** 16 hex digits of SHA-256. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** What SQL's type text does not tell: which inner values may be null. */
function nullability(type: EventType['fields'][number]['type']): string {
  return JSON.stringify(type, (key, value: unknown) => (key === 'name' ? undefined : value))
}
