import { fingerprintOf } from '../fingerprint.ts'
import { payloadOf } from '../schema/payload.ts'
import { sqlTypeText } from '../schema/sql-type.ts'
import type { InputOf, OutputOf, SchemaInput } from '../schema/standard-schema.ts'
import type { BadEventPolicy, EventType, Field, Origin, StreamModel } from '../types.ts'
import { branded } from './brand.ts'
import { keyProblem } from './key.ts'
import { callerOrigin, checkName, declarationInvalid, readSchema } from './origin.ts'
import { retentionOf } from './retention.ts'

declare const payloads: unique symbol

/** A stream that knows its payloads: what handlers see per event type, and what `append` takes. */
export interface Stream<Events = Record<string, Record<string, unknown>>, Inputs = Events> extends StreamModel {
  /** Only for the type checker; never there. */
  readonly [payloads]?: { readonly events: Events; readonly inputs: Inputs }
}

/** The payloads that handlers see, by event type: `EventsOf<typeof shop>['OrderRequested']`. */
export type EventsOf<S> = S extends { readonly [payloads]?: { readonly events: infer Events } } ? Events : never

/** The payloads that `append` takes, by event type. */
export type InputsOf<S> = S extends { readonly [payloads]?: { readonly inputs: infer Inputs } } ? Inputs : never

/** Fields that every event type has. */
export type CommonField<Events> = Extract<{ [Type in keyof Events]: keyof Events[Type] }[keyof Events] & keyof Events[keyof Events], string>

export interface TopicOptions {
  /** Partitions of the topic when it is created; events of one key are in one partition. Default 1. */
  readonly partitions?: number
  /** Name of the topic, where it is not the declaration's. */
  readonly topic?: string
  /** Keep every event in DuckDB, for SQL over the stream. Default false: kept when a view needs it. */
  readonly history?: boolean
  /** What becomes of an event that does not fit: default `dead-letter`. */
  readonly onBad?: BadEventPolicy
  /** Count events per key, so that `append` can expect a version. Default false. */
  readonly versions?: boolean
}

export interface StreamOptions<Events> extends TopicOptions {
  /** Field that keys the events, in every event type. */
  readonly key?: CommonField<Events>
  /**
   * SQL sees the events whose time `by` is no more than `period` before the greatest one of all events so far: `'90 days'`. A
   * required date or timestamp of every event type. The log, folds and processors keep every event.
   */
  readonly retention?: { readonly by: CommonField<Events>; readonly period: string }
}

type Outputs<Schemas> = { [Type in keyof Schemas]: OutputOf<Schemas[Type]> }
type Inputs<Schemas> = { [Type in keyof Schemas]: InputOf<Schemas[Type]> }

/**
 * Declares a stream: a topic, its event types and their schemas. Pure: nothing is created before the project runs.
 * Throws `declaration-invalid` with the place and the remedy.
 *
 * @example
 * export const shop = stream('shop', {
 *   key: 'sku',
 *   events: {
 *     StockReceived: z.object({ sku: z.string(), quantity: z.int() }),
 *     OrderRequested: z.object({ sku: z.string(), orderId: z.string(), quantity: z.int() }),
 *   },
 * })
 */
export function stream<const Schemas extends Readonly<Record<string, SchemaInput>>>(
  name: string,
  options: StreamOptions<Outputs<Schemas>> & { readonly events: Schemas },
): Stream<Outputs<Schemas>, Inputs<Schemas>>
/** A stream of one event type, which has the stream's name. */
export function stream<const Name extends string, Schema extends SchemaInput>(
  name: Name,
  options: StreamOptions<Record<Name, OutputOf<Schema>>> & { readonly event: Schema },
): Stream<Record<Name, OutputOf<Schema>>, Record<Name, InputOf<Schema>>>
/** Both forms. */
export function stream(name: string, options: AnyOptions): Stream {
  const origin = callerOrigin()
  checkName(origin, 'stream', name)
  const what = `stream '${name}'`
  if ((options.events === undefined) === (options.event === undefined))
    throw declarationInvalid(origin, `${what}: declare either events: { Type: schema } or event: schema`)
  const types = readTypes(origin, what, options.events ?? { [name]: options.event as SchemaInput })
  if (options.key !== undefined) checkKey(origin, what, options.key, types)
  return branded({
    kind: 'stream',
    name,
    ...topicOf(origin, what, name, options),
    key: options.key,
    ...(options.retention === undefined ? {} : { retention: retentionOf(origin, what, options.retention, types) }),
    types,
    ...derived(origin, what, types),
    origin,
  })
}

interface AnyOptions extends TopicOptions {
  readonly key?: string
  readonly retention?: { readonly by: string; readonly period: string }
  readonly events?: Readonly<Record<string, SchemaInput>>
  readonly event?: SchemaInput
}

/** The event types of a stream, their schemas read; throws `declaration-invalid`. */
export function readTypes(origin: Origin, what: string, schemas: Readonly<Record<string, SchemaInput>>): EventType[] {
  const types = Object.entries(schemas).map(([type, schema]) => {
    checkName(origin, `${what}: event type`, type)
    return { name: type, ...readSchema(origin, `${what}, event type ${type}`, () => payloadOf(schema)) }
  })
  if (types.length === 0) throw declarationInvalid(origin, `${what}: it has no event types. Declare at least one`)
  const names = new Set(types.map((type) => type.name.toLowerCase()))
  if (names.size < types.length)
    throw declarationInvalid(
      origin,
      `${what}: two event types differ only in upper and lower case. SQL does not tell them apart: rename one`,
    )
  return types
}

/** The topic's part of a stream or table. */
export function topicOf(origin: Origin, what: string, name: string, options: TopicOptions) {
  const { partitions = 1, topic = name, history = false, onBad = 'dead-letter', versions = false } = options
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1024)
    throw declarationInvalid(origin, `${what}: partitions is ${partitions}, wanted a whole number from 1 to 1024`)
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(topic) || topic === '.' || topic === '..' || topic === '_evert') {
    throw declarationInvalid(
      origin,
      `${what}: topic '${topic}', wanted 1 to 200 letters, digits, '.', '_' and '-', and not _evert, which is Evert's own`,
    )
  }
  if (!['dead-letter', 'halt', 'skip'].includes(onBad))
    throw declarationInvalid(origin, `${what}: onBad is '${onBad}', wanted 'dead-letter', 'halt' or 'skip'`)
  return { topic, partitions, history, onBad, versions }
}

/** What follows from the types: the union of their fields, and the fingerprint. */
export function derived(origin: Origin, what: string, types: readonly EventType[]): { columns: readonly Field[]; fingerprint: string } {
  return { columns: unionOf(origin, what, types), fingerprint: fingerprintOf(types) }
}

function unionOf(origin: Origin, what: string, types: readonly EventType[]): readonly Field[] {
  const columns = new Map<string, { field: Field; first: string; count: number }>()
  for (const type of types) {
    for (const field of type.fields) {
      const known = columns.get(field.name.toLowerCase())
      if (known === undefined) {
        columns.set(field.name.toLowerCase(), { field, first: type.name, count: 1 })
        continue
      }
      refuseConflict(origin, what, known.field, known.first, field, type.name)
      known.count++
      known.field = { ...known.field, required: known.field.required && field.required }
    }
  }
  return [...columns.values()].map(({ field, count }) => ({ ...field, required: field.required && count === types.length }))
}

function refuseConflict(origin: Origin, what: string, first: Field, firstType: string, second: Field, secondType: string): void {
  const types = [sqlTypeText(first.type), sqlTypeText(second.type)]
  if (first.name === second.name && types[0] === types[1]) return
  throw declarationInvalid(
    origin,
    `${what}: field '${first.name}' is ${types[0]} in ${firstType}, and '${second.name}' is ${types[1]} in ${secondType}. A field is one column of the stream: give both the same name and type, or rename one`,
  )
}

function checkKey(origin: Origin, what: string, key: string, types: readonly EventType[]): void {
  for (const type of types) {
    const problem = keyProblem(type.fields, key)
    if (problem !== undefined)
      throw declarationInvalid(
        origin,
        `${what}: its key '${key}' ${problem} in event type ${type.name}. Every event of a keyed stream has the key`,
      )
  }
}
