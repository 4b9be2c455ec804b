/**
 * What a schema asks of values beyond their types, as text: bounds, patterns, allowed values, refinements by their source.
 * It is part of what a stream's fingerprint names, so that events that were good under other checks are checked again.
 */
export function checksOf(schema: unknown): string {
  const found: string[] = []
  collect(schema, [], found, new Set())
  return found.join('\n')
}

/** Keys of a definition that lead to inner schemas, and those that hold what is asked of the value itself. */
const inner = ['innerType', 'element', 'keyType', 'valueType', 'catchall', 'in', 'out'] as const
const asked = ['checks', 'entries', 'values', 'format', 'pattern', 'local', 'offset', 'precision'] as const

function collect(schema: unknown, path: readonly string[], found: string[], seen: Set<unknown>): void {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return
  seen.add(schema)
  const def = (schema as { _zod?: { def?: Record<string, unknown> } })._zod?.def
  if (def === undefined) {
    // Another library's schema shows nothing of itself but its members.
    found.push(`${path.join('.')} ${text(schema)}`)
    return
  }
  for (const key of asked) if (def[key] !== undefined && !isEmpty(def[key])) found.push(`${path.join('.')} ${key} ${text(def[key])}`)
  for (const key of inner) collect(def[key], [...path, key], found, seen)
  const shape = def.shape as Record<string, unknown> | undefined
  for (const name of Object.keys(shape ?? {}).sort()) collect(shape?.[name], [...path, name], found, seen)
  for (const [index, option] of ((def.options as unknown[] | undefined) ?? []).entries())
    collect(option, [...path, String(index)], found, seen)
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Messages do not decide about a value; functions count by their source. */
const silent = new Set([
  'error',
  'message',
  'abort',
  'path',
  'params',
  'onattach',
  '~standard',
  'version',
  'parent',
  'bag',
  'traits',
  'deferred',
  'constr',
])

function text(value: unknown): string {
  const seen = new Set<unknown>()
  const plain = (item: unknown): unknown => {
    if (typeof item === 'function') return String(item)
    if (typeof item === 'bigint') return `${item}n`
    if (item instanceof RegExp || item instanceof Date) return String(item)
    if (typeof item !== 'object' || item === null) return item
    if (seen.has(item)) return 'seen'
    seen.add(item)
    const check = (item as { _zod?: { def?: unknown } })._zod?.def
    if (check !== undefined) return plain(check)
    if (Array.isArray(item)) return item.map(plain)
    if (item instanceof Set) return [...item].map(plain)
    const entries = Object.entries(item).filter(([key]) => !silent.has(key))
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, plain(part)]))
  }
  return JSON.stringify(plain(value))
}
