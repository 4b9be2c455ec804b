import { z } from 'zod'
import { stream } from '../../../engine/model/declare/stream.ts'
import { table } from '../../../engine/model/declare/table.ts'
import { sql } from '../../../engine/model/schema/sql.ts'
import type { StreamModel, TableModel } from '../../../engine/model/types.ts'
import type { Chooser } from './chooser.ts'

/** A column that a random schema may have: one name, one type, in whichever event types have it. */
interface Pooled {
  readonly schema: () => z.ZodType
  /** Values as JavaScript gives them to `append`; as text they are what DuckDB casts. */
  readonly values: readonly unknown[]
}

/** Keys that many share and keys that few have. */
const skewed = ['a', 'a', 'a', 'b', 'b', 'c', 'd', 'x']
const minutes = ['00:00', '00:02', '00:07', '00:09:59.999999', '00:10', '00:31', '00:33', '01:00', '05:00', '23:59:59']

const pool: Readonly<Record<string, Pooled>> = {
  i: { schema: () => sql.integer(), values: [0, 1, 2, 3, 1, 2, -7, 2_000_000_000, -2_000_000_000] },
  b: { schema: () => z.int(), values: [0, 1, 5, -5, 1_000_000_007, 1_000_000] },
  sm: { schema: () => sql.smallint(), values: [0, 1, 7, -32_768, 32_767] },
  d: { schema: () => sql.decimal(9, 2), values: ['0.00', '1.25', '-1.25', '9999999.99', '0.10'] },
  w: { schema: () => sql.decimal(18, 4), values: ['0.0000', '12345.1234', '-0.0001', '99999.9999'] },
  // Summed only straight over a stream (see the grammar): as far as JavaScript and a kept sum can go.
  huge: { schema: () => z.int(), values: [0, 1, 9_007_199_254_740_991, -9_007_199_254_740_991] },
  vast: { schema: () => sql.decimal(18, 4), values: ['0.0001', '12345678901.1234', '99999999999.9999'] },
  t: {
    schema: () => z.string(),
    values: ['a', 'b', 'c', 'a', 'b', '', "o'brien", 'é', '\u001e', '\u0000x', '7', '__delta_0', 'FATAL Error'],
  },
  u: { schema: () => z.string(), values: ['x', 'y', 'X', 'null', 'a', 'b'] },
  day: { schema: () => sql.date(), values: ['2024-01-31', '2024-02-29', '1999-12-31'] },
  flag: { schema: () => z.boolean(), values: [true, false] },
  ts: { schema: () => sql.timestamp(), values: minutes.map((time) => `2024-01-01T${time.length < 6 ? `${time}:00` : time}`) },
  tz: { schema: () => sql.timestamptz(), values: ['2024-03-31T01:30:00Z', '2024-03-31T03:30:00+02:00', '1970-01-01T00:00:00.000001Z'] },
  // Steps of a quarter: their sums are exact in any order.
  f: { schema: () => z.number(), values: [0, 0.25, -0.5, 1024.75] },
  l: { schema: () => z.array(z.string()), values: [[], ['p'], ['p', 'q', 'p'], ['a']] },
}

type Presence = 'required' | 'optional'

/** What a world is made from: plain data, so that a failing case can be written down. */
export interface WorldSpec {
  /** Event types of the stream `shop`, with the columns that each has of the pool beside `k`. */
  readonly types: Readonly<Record<string, Readonly<Record<string, Presence>>>>
  readonly keyed: boolean
  readonly partitions: number
  /** Columns of the stream `visits`, which has one event type, and may lack `k`. */
  readonly visits: Readonly<Record<string, Presence>>
  /** By stream: what SQL sees of it. */
  readonly retention?: Readonly<Record<string, { readonly by: string; readonly period: string }>>
}

export interface World {
  readonly streams: readonly StreamModel[]
  readonly tables: readonly TableModel[]
}

function randomColumns(chooser: Chooser): Record<string, Presence> {
  const columns: Record<string, Presence> = {}
  for (const name of Object.keys(pool)) {
    const how = chooser.below(4)
    if (how === 1) columns[name] = 'required'
    if (how > 1) columns[name] = 'optional'
  }
  return columns
}

/** Two streams over the pool's columns, the first of one to three event types, and two tables. */
export function randomWorld(chooser: Chooser): WorldSpec {
  const names = ['Made', 'Paid', 'Gone'].slice(0, 1 + chooser.below(3))
  const types = Object.fromEntries(names.map((name) => [name, randomColumns(chooser)]))
  const spec = { types, keyed: chooser.chance(2), partitions: 1 + chooser.below(3), visits: randomColumns(chooser) }
  const shop = randomRetention(chooser, Object.values(types))
  const visits = randomRetention(chooser, [spec.visits])
  return shop || visits ? { ...spec, retention: { ...(shop ? { shop } : {}), ...(visits ? { visits } : {}) } } : spec
}

/** Of one stream in two that may have one, over a column that all its types require. */
function randomRetention(chooser: Chooser, types: readonly Readonly<Record<string, Presence>>[]) {
  const by = ['ts', 'tz', 'day'].find((name) => types.every((columns) => columns[name] === 'required'))
  if (by === undefined || !chooser.chance(2)) return undefined
  return { by, period: chooser.pick({ ts: ['5 minutes', '1 hour', '6 hours'], tz: ['1 hour'], day: ['29 days', '1 day'] }[by] ?? []) }
}

export function worldOf(spec: WorldSpec): World {
  const events = Object.fromEntries(
    Object.entries(spec.types).map(([name, columns]) => [name, z.object({ k: z.string(), ...fieldsOf(columns) })]),
  )
  const within = (name: string) => (spec.retention?.[name] ? { retention: spec.retention[name] } : {})
  const made = { events, partitions: spec.partitions, ...(spec.keyed ? { key: 'k' } : {}), ...within('shop') }
  const shop = stream('shop', made as unknown as { events: typeof events })
  const visited = { event: z.object({ k: z.string().nullable().optional(), ...fieldsOf(spec.visits) }), ...within('visits') }
  const visits = stream('visits', visited as unknown as { event: z.ZodObject })
  const dim = table('dim', {
    key: 'k',
    row: z.object({ k: z.string(), label: z.string().optional(), size: sql.integer().nullable().optional() }),
  })
  const kinds = table('kinds', {
    key: 'code',
    row: z.object({ code: z.int(), k: z.string().optional(), rank: sql.integer().optional(), price: sql.decimal(9, 2).optional() }),
  })
  return { streams: [shop as unknown as StreamModel, visits as unknown as StreamModel], tables: [dim, kinds] }
}

function fieldsOf(columns: Readonly<Record<string, Presence>>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, presence]) => {
      const { schema } = pool[name] as Pooled
      return [name, presence === 'required' ? schema() : schema().nullable().optional()]
    }),
  )
}

/** A good payload of an event type. */
export function payloadOf(source: StreamModel, type: string, chooser: Chooser): Record<string, unknown> {
  const fields = source.types.find((candidate) => candidate.name === type)?.fields ?? []
  const data: Record<string, unknown> = {}
  for (const field of fields) {
    if (!field.required && chooser.chance(4)) continue
    data[field.name] = chooser.pick(field.name === 'k' ? skewed : (pool[field.name]?.values ?? []))
  }
  return data
}

/** A good row of a table, keyed by one of few keys. */
export function rowOf(source: TableModel, chooser: Chooser): Record<string, unknown> {
  if (source.name === 'dim')
    return {
      k: chooser.pick(['a', 'b', 'c', 'x']),
      label: chooser.pick(['one', 'two', 'a', undefined]),
      size: chooser.pick([1, 2, 5, null]),
    }
  return {
    code: chooser.pick([0, 1, 2, 3, 7]),
    k: chooser.pick(['a', 'a', 'b', 'x', undefined]),
    rank: chooser.pick([1, 1, 2, 4, undefined]),
    price: chooser.pick(['0.25', '10.00', undefined]),
  }
}

/** A payload's values as text that DuckDB casts to the declared types. */
export function plainValues(data: Readonly<Record<string, unknown>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      value === null || value === undefined ? null : Array.isArray(value) ? `[${value.join(', ')}]` : String(value),
    ]),
  )
}
