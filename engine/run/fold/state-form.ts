import type { Codec, Field, State } from '../../model/types.ts'

/**
 * A state in its two forms, which always agree: `state` is what `json`, its canonical text, decodes to. So a handler sees
 * the same whether the state was kept in memory or read back from the store, and batch boundaries change nothing.
 */
export interface Known {
  readonly state: State
  readonly json: string
  /** Frozen through and through. If not (a Date, bytes: they cannot be frozen), each handler gets a copy of its own. */
  readonly frozen: boolean
}

export interface StateForm {
  /** The state that a handler returned. Throws when it does not fit the schema. */
  of(returned: unknown): Known
  read(json: string): Known
  /** Many at once: `json` is a JSON array of canonical states. */
  readAll(jsons: readonly string[]): Known[]
  /** What a handler is given. Changing it changes nothing: it is frozen, or a copy. */
  input(known: Known): State
}

/** The form of a fold's or a processor's state. */
export function stateForm(fields: readonly Field[], codec: Codec): StateForm {
  const copy = plainCopy(fields)
  const known = (state: State, json: string): Known => ({ state, json, frozen: deepFreeze(state) })
  const read = (json: string) => known(codec.decode(json), json)
  return {
    of: (returned) => {
      const plain = copy?.(returned)
      if (plain === undefined) return read(codec.encode(refusePromise(returned)))
      const json = codec.encode(plain)
      return { state: Object.freeze(plain), json, frozen: true }
    },
    read,
    readAll: (jsons) => codec.decodeAll(`[${jsons.join(',')}]`).map((state, i) => known(state, jsons[i] ?? '')),
    input: (value) => (value.frozen ? value.state : codec.decode(value.json)),
  }
}

const plainNames = new Set([
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'DOUBLE',
  'VARCHAR',
])

/**
 * The fast way for states of numbers, strings and booleans only: a copy of the declared fields in their order is already
 * what its canonical JSON decodes to. Undefined where that is not certain; encoding and decoding then make it so.
 */
function plainCopy(fields: readonly Field[]): ((returned: unknown) => State | undefined) | undefined {
  if (!fields.every(({ type, name }) => type.kind === 'scalar' && plainNames.has(type.name) && !(name in Object.prototype)))
    return undefined
  const names = fields.map((field) => field.name)
  return (returned) => {
    if (typeof returned !== 'object' || returned === null || Object.getPrototypeOf(returned) !== Object.prototype) return undefined
    const copy: State = {}
    for (const name of names) {
      const value = (returned as State)[name]
      const kind = typeof value
      if (kind !== 'string' && kind !== 'boolean' && kind !== 'bigint' && (kind !== 'number' || Object.is(value, -0))) return undefined
      copy[name] = value
    }
    return copy
  }
}

/** An async handler is not pure. Its promise is not awaited, and its failure must not end the process. */
function refusePromise(returned: unknown): unknown {
  if (!(returned instanceof Promise)) return returned
  returned.catch(() => undefined) // reported below, as what it is
  throw new Error('the handler is async: it must return the state itself, not a promise')
}

/** Freezes a decoded value through and through; false when something in it cannot be. */
export function deepFreeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (value instanceof Date || ArrayBuffer.isView(value)) return false
  let frozen = true
  for (const item of Object.values(value)) frozen = deepFreeze(item) && frozen
  Object.freeze(value)
  return frozen
}
