import { type Log, SEPARATOR } from '../../../connectors/log/log.ts'
import type { StreamModel, TableModel } from '../../../engine/model/types.ts'
import { type Appender, createAppender } from '../../../engine/run/append.ts'
import type { Chooser } from './chooser.ts'
import type { Plain, PlainEvent } from './plain.ts'
import { payloadOf, plainValues, type World } from './schema.ts'
import type { Subject } from './subject.ts'

interface Waiting extends PlainEvent {
  readonly source: StreamModel | TableModel
}

/** Appends events to the subject and gives each to the recomputation once the subject's position has passed it. */
export class Feed {
  readonly #world: World
  readonly #plain: Plain
  #waiting: Waiting[] = []
  bad = 0

  constructor(world: World, plain: Plain) {
    this.#world = world
    this.#plain = plain
  }

  #appender(log: Log): Appender {
    return createAppender(log, [...this.#world.streams, ...this.#world.tables])
  }

  /** Good events through the append API. */
  async append(log: Log, chooser: Chooser, count: number): Promise<void> {
    const shop = this.#world.streams[0] as StreamModel
    const events = Array.from({ length: count }, () => {
      const type = chooser.pick(shop.types).name
      return { type, data: payloadOf(shop, type, chooser) }
    })
    const answer = await this.#appender(log).append(shop.name, events)
    if (!answer.ok) throw new Error('a conflict without an expectation')
    for (const [index, place] of answer.places().entries()) {
      const { type, data } = events[index] as (typeof events)[number]
      this.#waiting.push({
        source: shop,
        type,
        key: shop.key === undefined ? null : String(data.k),
        partition: place.partition,
        offset: place.offset,
        timeMicros: answer.timeMicros,
        values: plainValues(data),
      })
    }
  }

  /** Rows and tombstones of the table. */
  async upsert(log: Log, chooser: Chooser, count: number): Promise<void> {
    const dim = this.#world.tables[0] as TableModel
    const events = Array.from({ length: count }, () => {
      const k = chooser.pick(['a', 'b', 'c', 'x'])
      return chooser.chance(4)
        ? { data: null, key: k }
        : { data: { k, label: chooser.pick(['one', 'two', undefined]), size: chooser.pick([1, 2, null]) } }
    })
    const answer = await this.#appender(log).append(dim.name, events)
    if (!answer.ok) throw new Error('a conflict without an expectation')
    for (const [index, place] of answer.places().entries()) {
      const event = events[index] as (typeof events)[number]
      this.#waiting.push({
        source: dim,
        type: dim.name,
        key: event.key ?? event.data?.k ?? null,
        partition: place.partition,
        offset: place.offset,
        timeMicros: answer.timeMicros,
        values: event.data === null ? null : plainValues(event.data),
      })
    }
  }

  /** Bytes of somebody else: good ones written otherwise, with fields of other types in them, and bad ones among them. */
  async foreign(log: Log, chooser: Chooser, count: number): Promise<void> {
    const shop = this.#world.streams[0] as StreamModel
    const partition = chooser.below(shop.partitions)
    const made = Array.from({ length: count }, () => foreignEvent(shop, chooser))
    const types = [...new Set(made.map((event) => event.type))]
    await log.createTopic(shop.topic, { partitions: shop.partitions, versions: shop.versions })
    const answer = await log.append([
      {
        topic: shop.topic,
        partition,
        count,
        values: Buffer.from(made.map((event) => event.text).join(String.fromCharCode(SEPARATOR))),
        types,
        ...(types.length > 1 ? { typeIndexes: made.map((event) => types.indexOf(event.type)) } : {}),
      },
    ])
    if (!answer.ok) throw new Error('a conflict without an expectation')
    for (const [index, event] of made.entries()) {
      if (event.data === undefined) this.bad++
      else
        this.#waiting.push({
          source: shop,
          type: event.type,
          key: null,
          partition,
          offset: (answer.batches[0]?.first ?? 0n) + BigInt(index),
          timeMicros: answer.timeMicros,
          values: plainValues(event.data),
        })
    }
  }

  /** Brings the recomputation to the subject's position. */
  async follow(subject: Subject): Promise<void> {
    const passed = (event: Waiting) => event.offset < (subject.position.get(event.source.topic)?.[event.partition] ?? 0n)
    for (const source of [...this.#world.streams, ...this.#world.tables])
      await this.#plain.insert(
        source,
        this.#waiting.filter((event) => event.source === source && passed(event)),
      )
    this.#waiting = this.#waiting.filter((event) => !passed(event))
  }
}

const nonsense = [
  '',
  'null',
  '[]',
  '{"k":1}',
  '{"k":"a"',
  'not json',
  '{"k":"a"},{"k":"b"}',
  '{"k":null}',
  '{}',
  '{"k":"a","i":1.5,"b":true,"d":12345678.123,"sm":99999,"flag":"yes","day":"2024-13-01","t":[],"u":{},"ts":"x","tz":"y","f":"z","l":"p","w":"x"}',
]

function foreignEvent(shop: StreamModel, chooser: Chooser): { type: string; text: string; data?: Record<string, unknown> } {
  const type = chooser.pick(shop.types)
  if (chooser.chance(8)) return { type: 'Undeclared', text: '{"k":"a"}' }
  if (chooser.chance(4)) {
    const text = chooser.pick(nonsense)
    // An event type that has none of the fields of the last one takes it as it is.
    const isGood = type.codec.check(Buffer.from(text), 0, Buffer.byteLength(text)).ok
    return isGood ? { type: type.name, text: '{' } : { type: type.name, text }
  }
  const data = payloadOf(shop, type.name, chooser)
  const own = new Set(type.fields.map((field) => field.name))
  const others = Object.fromEntries(
    shop.columns.filter((field) => !own.has(field.name)).map((field) => [field.name, chooser.pick([1, 'leak', true, null])]),
  )
  const text = JSON.stringify(
    chooser.chance(2) ? { ...others, ...data, K: 'leak', _offset: 7 } : data,
    undefined,
    chooser.pick(['', ' ', '\n']),
  )
  return { type: type.name, text, data }
}
