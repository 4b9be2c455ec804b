import { payloadOf } from '../schema/payload.ts'
import type { InputOf, OutputOf, SchemaInput } from '../schema/standard-schema.ts'
import type { TableModel } from '../types.ts'
import { branded } from './brand.ts'
import { keyProblem } from './key.ts'
import { callerOrigin, checkName, declarationInvalid, readSchema } from './origin.ts'
import { derived, type TopicOptions, topicOf } from './stream.ts'

declare const row: unique symbol

/** A table that knows its rows. */
export interface Table<Row = Record<string, unknown>, Input = Row> extends TableModel {
  /** Only for the type checker; never there. */
  readonly [row]?: { readonly row: Row; readonly input: Input }
}

/** What `append` takes for a row of the table. */
export type RowInputOf<T> = T extends { readonly [row]?: { readonly input: infer Input } } ? Input : never

export interface TableOptions<Schema> extends TopicOptions {
  /** Field of the row that keys it: the last row of a key stands, an event without a value deletes it. */
  readonly key: Extract<keyof OutputOf<Schema>, string>
  readonly row: Schema
}

/**
 * Declares a table: a keyed changelog whose last value per key stands.
 *
 * @example
 * export const airports = table('airports', { key: 'iata', row: z.object({ iata: z.string(), name: z.string() }) })
 */
export function table<const Name extends string, Schema extends SchemaInput>(
  name: Name,
  options: TableOptions<Schema>,
): Table<OutputOf<Schema>, InputOf<Schema>> {
  const origin = callerOrigin()
  checkName(origin, 'table', name)
  const what = `table '${name}'`
  const types = [{ name, ...readSchema(origin, what, () => payloadOf(options.row)) }]
  const problem = keyProblem(types[0]?.fields ?? [], options.key)
  if (problem !== undefined)
    throw declarationInvalid(origin, `${what}: its key '${options.key}' ${problem} in the row. Name a required field of the row`)
  return branded({
    kind: 'table',
    name,
    ...topicOf(origin, what, name, options),
    key: options.key,
    types,
    ...derived(origin, what, types),
    origin,
  })
}
