import type { AppendBatch, AppendOptions, AppendResult, Log, Place } from '../../connectors/log/log.ts'
import { partitionOf } from '../../connectors/log/partition.ts'
import { EvertError } from '../../errors.ts'
import type { InputsOf, Stream } from '../model/declare/stream.ts'
import type { RowInputOf, Table } from '../model/declare/table.ts'
import type { EventType, StreamModel, TableModel } from '../model/types.ts'
import { keyReader } from './event-key.ts'

/** An event to append, of a stream that is known by name only. A table's event without data deletes the key's row. */
export interface NewEvent {
  /** May be left out where the stream has one event type. */
  readonly type?: string
  readonly data: unknown
  /** A keyed stream's key is in the data; only a tombstone and an event of a stream without a key field bring their own. */
  readonly key?: string
}

type StreamEvents<Inputs> = {
  [Type in keyof Inputs & string]: { readonly type: Type; readonly data: Inputs[Type]; readonly key?: string }
}[keyof Inputs & string]
type OnlyEvent<Inputs> = { readonly type?: keyof Inputs & string; readonly data: Inputs[keyof Inputs]; readonly key?: string }
type IsUnion<T, Whole = T> = T extends Whole ? ([Whole] extends [T] ? false : true) : never
type EventsInput<Inputs> = IsUnion<keyof Inputs> extends true ? StreamEvents<Inputs> : OnlyEvent<Inputs>

/** What `append` takes for a declared stream or table; its payloads as the schema's input. */
export type EventInput<Target> = Target extends Table
  ? { readonly data: RowInputOf<Target> | null; readonly key?: string }
  : Target extends Stream
    ? EventsInput<InputsOf<Target>>
    : NewEvent

export interface AppenderOptions extends Pick<AppendOptions, 'producer' | 'sequence' | 'signal'> {
  /** The entity's version that the caller decided on; somebody else's append to it in between makes a conflict. */
  readonly expected?: { readonly key: string; readonly version: number }
}

/** The log's answer. `places` tells where each event is, in the order in which they were given; empty after a conflict and for a sequence before the producer's last. */
export type Appended = AppendResult & { readonly places: () => readonly Place[] }

export interface Appender {
  /**
   * Appends events to a declared stream or table, all or none within a partition and across them, and resolves when they
   * are durable. All are validated before any is written. Events without a key go to one partition, another each call.
   *
   * Throws `event-invalid` with the event's index, path and value, `event-too-large`, `topic-unknown`, `topic-mismatch`,
   * `log-full` and the like. A conflict with `expected` is a result.
   *
   * @example
   * const appender = createAppender(log, [shop])
   * await appender.append(shop, [{ type: 'OrderRequested', data: { sku: 'cup', orderId: 'o1', quantity: 2 } }])
   */
  append<const Target extends StreamModel | TableModel>(
    target: Target,
    events: readonly EventInput<Target>[],
    options?: AppenderOptions,
  ): Promise<Appended>
  append(target: string, events: readonly NewEvent[], options?: AppenderOptions): Promise<Appended>
}

/** The append API over a log for a project's streams and tables, whose topics are created when they are missing. */
export function createAppender(log: Log, streams: Iterable<StreamModel | TableModel>): Appender {
  const targets = new Map<string, TargetWriter>()
  for (const stream of streams) targets.set(stream.name, new TargetWriter(log, stream))
  return {
    async append(target: StreamModel | TableModel | string, events: readonly NewEvent[], options: AppenderOptions = {}): Promise<Appended> {
      const name = typeof target === 'string' ? target : target.name
      const writer = targets.get(name)
      if (writer) return writer.append(events, options)
      throw new EvertError(
        'topic-unknown',
        `Append to '${name}': no stream or table of this name is declared. There are: ${[...targets.keys()].join(', ') || 'none'}.`,
        {
          details: { stream: name },
        },
      )
    },
  }
}

/** Events of one partition, being gathered. */
interface Gathered {
  readonly texts: string[]
  readonly keys: (string | null)[]
  readonly nulls: number[]
  readonly typeIndexes: number[]
  /** Index of each event in the call. */
  readonly indexes: number[]
}

class TargetWriter {
  readonly #log: Log
  readonly #model: StreamModel | TableModel
  readonly #types: ReadonlyMap<string, number>
  readonly #typeNames: readonly string[]
  readonly #keyOf: ((type: EventType, data: unknown, text: string) => string) | undefined
  #topic: Promise<unknown> | undefined
  #turn = 0

  constructor(log: Log, model: StreamModel | TableModel) {
    this.#log = log
    this.#model = model
    this.#types = new Map(model.types.map((type, index) => [type.name, index]))
    this.#typeNames = model.types.map((type) => type.name)
    this.#keyOf = model.key === undefined ? undefined : keyReader(model.types, model.key)
  }

  async append(events: readonly NewEvent[], options: AppenderOptions): Promise<Appended> {
    const { partitions, topic } = this.#model
    const free = this.#turn++ % partitions
    const gathered = new Map<number, Gathered>()
    for (let index = 0; index < events.length; index++) this.#gather(events[index] as NewEvent, index, free, gathered)
    const batches = [...gathered].map(([partition, gathering]) => this.#batch(partition, gathering))
    await this.#ensureTopic()
    const { expected, ...rest } = options
    const result = await this.#log.append(batches, { ...rest, ...(expected && { expected: { topic, ...expected } }) })
    const indexes = [...gathered].map(([partition, gathering]) => [partition, gathering.indexes] as const)
    return withPlaces(result, topic, indexes)
  }

  #gather(event: NewEvent, index: number, free: number, gathered: Map<number, Gathered>): void {
    const typeIndex = this.#typeOf(event, index)
    const type = this.#model.types[typeIndex] as EventType
    const isNull = event.data === null && this.#model.kind === 'table'
    const text = isNull ? '' : encode(type, event.data, index)
    const key = this.#key(event, type, text, isNull, index)
    const partition = key === null ? free : partitionOf(key, this.#model.partitions)
    let into = gathered.get(partition)
    if (!into) {
      into = { texts: [], keys: [], nulls: [], typeIndexes: [], indexes: [] }
      gathered.set(partition, into)
    }
    if (isNull) into.nulls.push(into.texts.length)
    into.texts.push(text)
    into.keys.push(key)
    into.typeIndexes.push(typeIndex)
    into.indexes.push(index)
  }

  #typeOf(event: NewEvent, index: number): number {
    const found = event.type === undefined && this.#typeNames.length === 1 ? 0 : this.#types.get(event.type as string)
    if (found !== undefined) return found
    const says = event.type === undefined ? 'names no type' : `has the type '${event.type}'`
    throw invalid(index, `${says}; ${this.#model.name} has ${this.#typeNames.join(', ')}`, { type: event.type ?? null })
  }

  #key(event: NewEvent, type: EventType, text: string, isNull: boolean, index: number): string | null {
    if (!this.#keyOf) return event.key ?? null
    if (isNull) {
      if (event.key !== undefined) return event.key
      throw invalid(index, `deletes a row of ${this.#model.name} and names no key`, { path: 'key' })
    }
    const key = this.#keyOf(type, event.data, text)
    if (event.key === undefined || event.key === key) return key
    throw invalid(index, `has the key '${event.key}', its field ${this.#model.key} says '${key}'. Leave the key out`, {
      path: 'key',
      value: event.key,
    })
  }

  #batch(partition: number, { texts, keys, nulls, typeIndexes }: Gathered): AppendBatch {
    const used = [...new Set(typeIndexes)]
    const types = used.map((index) => this.#typeNames[index] as string)
    return {
      topic: this.#model.topic,
      partition,
      count: texts.length,
      values: Buffer.from(texts.join('\x1e')),
      types,
      ...(used.length > 1 && { typeIndexes: typeIndexes.map((index) => used.indexOf(index)) }),
      ...(keys.some((key) => key !== null) && { keys }),
      ...(nulls.length > 0 && { nulls }),
      schema: this.#model.fingerprint,
    }
  }

  #ensureTopic(): Promise<unknown> {
    const { topic, partitions, versions } = this.#model
    this.#topic ??= this.#log.createTopic(topic, { partitions, versions }).catch((error) => {
      this.#topic = undefined
      throw error
    })
    return this.#topic
  }
}

function encode(type: EventType, data: unknown, index: number): string {
  try {
    return type.codec.encode(data)
  } catch (error) {
    if (!(error instanceof EvertError)) throw error
    throw new EvertError(error.code, `Event ${index} (${type.name}): ${error.message}`, {
      cause: error,
      details: { ...error.details, index, type: type.name },
    })
  }
}

function invalid(index: number, says: string, details: Record<string, unknown>): EvertError {
  return new EvertError('event-invalid', `Event ${index} ${says}.`, { details: { index, ...details } })
}

/** Places are made when somebody asks: most callers of large batches do not. A function and no getter, whose hidden classes V8 keeps alive. */
function withPlaces(result: AppendResult, topic: string, partitions: readonly (readonly [number, readonly number[]])[]): Appended {
  return { ...result, places: () => placesOf(result, topic, partitions) }
}

function placesOf(result: AppendResult, topic: string, partitions: readonly (readonly [number, readonly number[]])[]): readonly Place[] {
  if (!result.ok) return []
  const places: Place[] = []
  for (const [order, [partition, indexes]] of partitions.entries()) {
    const first = result.batches[order]?.first
    if (first === undefined) continue
    for (const [place, index] of indexes.entries()) places[index] = { topic, partition, offset: first + BigInt(place) }
  }
  return places
}
