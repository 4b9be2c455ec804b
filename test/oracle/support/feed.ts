import { type Log, SEPARATOR } from '../../../connectors/log/log.ts'
import type { StreamModel, TableModel } from '../../../engine/model/types.ts'
import { createAppender } from '../../../engine/run/append.ts'
import type { Appended, Foreign } from './case.ts'
import type { Lived } from './lived.ts'
import type { Plain, PlainEvent } from './plain.ts'
import { plainValues, type World } from './schema.ts'

interface Waiting extends PlainEvent {
  readonly source: StreamModel | TableModel
}

/** Appends events to the subject and gives each to the recomputation once the subject's position has passed it. */
export class Feed {
  readonly #sources: readonly (StreamModel | TableModel)[]
  readonly #plain: Plain
  #waiting: Waiting[] = []
  /** Events that must have become dead letters, when all is applied. */
  bad = 0

  constructor(world: World, plain: Plain) {
    this.#sources = [...world.streams, ...world.tables]
    this.#plain = plain
  }

  #source(name: string): StreamModel | TableModel {
    const source = this.#sources.find((one) => one.name === name)
    if (!source) throw new Error(`The case's world has no ${name}`)
    return source
  }

  /** Good events through the append API; rows and tombstones, where it is a table. */
  async append(log: Log, to: string, events: readonly Appended[]): Promise<void> {
    const source = this.#source(to)
    const answer = await createAppender(log, this.#sources).append(to, events)
    if (!answer.ok) throw new Error('a conflict without an expectation')
    for (const [index, place] of answer.places().entries()) {
      const { type, key, data } = events[index] as Appended
      this.#waiting.push({
        source,
        type: type ?? source.name,
        key: source.key === undefined ? null : (key ?? String(data?.[source.key])),
        partition: place.partition,
        offset: place.offset,
        timeMicros: answer.timeMicros,
        values: data === null ? null : plainValues(data),
      })
    }
  }

  /** Bytes of somebody else, as one batch of the log. */
  async foreign(log: Log, to: string, partition: number, events: readonly Foreign[]): Promise<void> {
    const source = this.#source(to)
    const types = [...new Set(events.map((event) => event.type))]
    await log.createTopic(source.topic, { partitions: source.partitions, versions: source.versions })
    const answer = await log.append([
      {
        topic: source.topic,
        partition,
        count: events.length,
        values: Buffer.from(events.map((event) => event.text).join(String.fromCharCode(SEPARATOR))),
        types,
        ...(types.length > 1 ? { typeIndexes: events.map((event) => types.indexOf(event.type)) } : {}),
      },
    ])
    if (!answer.ok) throw new Error('a conflict without an expectation')
    for (const [index, event] of events.entries()) {
      if (event.data === undefined) this.bad++
      else
        this.#waiting.push({
          source,
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
  async follow(subject: Lived): Promise<void> {
    const passed = (event: Waiting) => event.offset < (subject.position.get(event.source.topic)?.[event.partition] ?? 0n)
    const now = this.#waiting.filter(passed)
    if (now.length === 0) return
    for (const source of this.#sources)
      await this.#plain.insert(
        source,
        now.filter((event) => event.source === source),
      )
    this.#waiting = this.#waiting.filter((event) => !passed(event))
  }
}
