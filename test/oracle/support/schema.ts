import { z } from 'zod'
import { type Stream, stream } from '../../../engine/model/declare/stream.ts'
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

const pool: Readonly<Record<string, Pooled>> = {
  i: { schema: () => sql.integer(), values: [0, 1, 2, 3, -7, 2_000_000_000, -2_000_000_000] },
  b: { schema: () => z.int(), values: [0, 1, 5, -5, 9_007_199_254_740_991, 1_000_000] },
  sm: { schema: () => sql.smallint(), values: [0, 1, 7, -32_768, 32_767] },
  d: { schema: () => sql.decimal(9, 2), values: ['0.00', '1.25', '-1.25', '9999999.99', '0.10'] },
  w: { schema: () => sql.decimal(18, 4), values: ['0.0000', '12345678901.1234', '-0.0001', '99999999999.9999'] },
  t: { schema: () => z.string(), values: ['a', 'b', 'c', '', "o'brien", 'é', '\u001e', '\u0000x', '7', '__delta_0', 'FATAL Error'] },
  u: { schema: () => z.string(), values: ['x', 'y', 'X', 'null'] },
  day: { schema: () => sql.date(), values: ['2024-01-31', '2024-02-29', '1999-12-31'] },
  flag: { schema: () => z.boolean(), values: [true, false] },
  ts: { schema: () => sql.timestamp(), values: ['2024-01-01T00:00:00', '2024-01-31T23:59:59.999999'] },
  tz: { schema: () => sql.timestamptz(), values: ['2024-03-31T01:30:00Z', '2024-03-31T03:30:00+02:00', '1970-01-01T00:00:00.000001Z'] },
  f: { schema: () => z.number(), values: [0, 0.25, -0.5, 1024.75] },
  l: { schema: () => z.array(z.string()), values: [[], ['p'], ['p', 'q', 'p']] },
}

export interface World {
  readonly streams: readonly StreamModel[]
  readonly tables: readonly TableModel[]
}

/** One stream of one to three event types over the pool's columns, each required or optional, and one table. */
export function worldOf(chooser: Chooser): World {
  const types = 1 + chooser.below(3)
  const events: Record<string, z.ZodObject> = {}
  for (let n = 0; n < types; n++) {
    const fields: Record<string, z.ZodType> = { k: z.string() }
    for (const [name, { schema }] of Object.entries(pool)) {
      const how = chooser.below(4)
      if (how === 1) fields[name] = schema()
      if (how > 1) fields[name] = schema().nullable().optional()
    }
    events[['Made', 'Paid', 'Gone'][n] as string] = z.object(fields)
  }
  const keyed = chooser.chance(2)
  const shop = stream('shop', { events, partitions: 1 + chooser.below(3), ...(keyed ? { key: 'k' } : {}) } as {
    events: typeof events
  }) as unknown as Stream
  const dim = table('dim', {
    key: 'k',
    row: z.object({ k: z.string(), label: z.string().optional(), size: sql.integer().nullable().optional() }),
  })
  return { streams: [shop], tables: [dim] }
}

/** A good payload of an event type. */
export function payloadOf(stream: StreamModel, type: string, chooser: Chooser): Record<string, unknown> {
  const fields = stream.types.find((candidate) => candidate.name === type)?.fields ?? []
  const data: Record<string, unknown> = {}
  for (const field of fields) {
    if (field.name === 'k') data.k = chooser.pick(['a', 'b', 'c', 'd'])
    else if (field.required || !chooser.chance(3)) data[field.name] = chooser.pick(pool[field.name]?.values ?? [])
  }
  return data
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
