import { type AppendBatch, type Cause, SEPARATOR, type Transaction } from '../../../connectors/log/log.ts'
import { partitionOf } from '../../../connectors/log/partition.ts'
import { EvertError } from '../../../errors.ts'
import type { EventType, Output, ProcessorModel, StreamModel } from '../../model/types.ts'
import { controlTopic } from '../control.ts'
import { keyReader } from '../event-key.ts'
import type { Payload } from '../fold/decode-events.ts'
import type { Evolved } from './evolve-input.ts'
import type { Input } from './inputs.ts'
import { type Refusal, refusalText } from './refusal.ts'

/** A validated output, ready to be appended. */
export interface Made extends Evolved {
  readonly stream: StreamModel
  readonly key: string | null
  readonly partition: number
  readonly text: string
}

interface Gathered {
  readonly topic: string
  readonly partition: number
  readonly schema: string | undefined
  readonly texts: string[]
  readonly keys: (string | null)[]
  readonly types: string[]
  readonly causes: Cause[]
}

/** What one transaction of a processor appends: its outputs, and the inputs that it refused, each with its cause. */
export class Outbox {
  readonly #gathered = new Map<string, Gathered>()
  events = 0
  bytes = 0

  get isEmpty(): boolean {
    return this.#gathered.size === 0
  }

  add(input: Input, outputs: readonly Made[]): void {
    for (const [number, { stream, partition, text, key, type }] of outputs.entries()) {
      this.#into(stream.topic, partition, stream.fingerprint, text, key, type, causeOf(input, number))
      this.events++
    }
  }

  refuse(input: Input, refusal: Refusal): void {
    this.#into(controlTopic, 0, undefined, refusalText(refusal), null, 'control', causeOf(input, 0))
  }

  batches(transaction: Transaction): AppendBatch[] {
    return [...this.#gathered.values()].map(({ topic, partition, schema, texts, keys, types, causes }) => {
      const used = [...new Set(types)]
      return {
        topic,
        partition,
        count: texts.length,
        values: Buffer.from(texts.join(String.fromCharCode(SEPARATOR))),
        types: used,
        ...(used.length > 1 ? { typeIndexes: types.map((type) => used.indexOf(type)) } : {}),
        ...(keys.some((key) => key !== null) ? { keys } : {}),
        ...(schema === undefined ? {} : { schema }),
        causes,
        transaction,
      }
    })
  }

  #into(topic: string, partition: number, schema: string | undefined, text: string, key: string | null, type: string, cause: Cause): void {
    const id = `${topic}/${partition}`
    const into = this.#gathered.get(id) ?? { topic, partition, schema, texts: [], keys: [], types: [], causes: [] }
    this.#gathered.set(id, into)
    into.texts.push(text)
    into.keys.push(key)
    into.types.push(type)
    into.causes.push(cause)
    this.bytes += text.length
  }
}

function causeOf({ chunk, offset }: Input, number: number): Cause {
  return { partition: chunk.partition, offset, number }
}

/** Turns what a handler returned into events to append. Throws `event-invalid`: an output is checked as any append is. */
export function outputMaker(model: ProcessorModel): (returned: unknown, input: Input) => Made[] {
  const allowed = new Set(model.emits)
  const readers = new Map(model.to.map((stream) => [stream, stream.key === undefined ? undefined : keyReader(stream.types, stream.key)]))
  const make = (output: Output, input: Input): Made => {
    const { stream, type } = targetOf(model, allowed, output)
    const text = type.codec.encode(output.data)
    const key = readers.get(stream)?.(type, output.data, text) ?? null
    // Without a key any partition is right; the input's is the same however often it is asked.
    const partition = key === null ? input.chunk.partition % stream.partitions : partitionOf(key, stream.partitions)
    return { type: type.name, stream, key, partition, text, payload: (): Payload => type.codec.decode(text) }
  }
  return (returned, input) => {
    if (returned === null || returned === undefined) return []
    if (returned instanceof Promise) {
      returned.catch(() => undefined) // reported below, as what it is
      throw new Error('the handler is async: it must return its outputs themselves, not a promise')
    }
    return (Array.isArray(returned) ? returned : [returned]).map((output) => make(output as Output, input))
  }
}

function targetOf(model: ProcessorModel, allowed: ReadonlySet<string>, output: Output): { stream: StreamModel; type: EventType } {
  const named = typeof output === 'object' && output !== null ? output : undefined
  for (const stream of model.to) {
    if (named?.stream !== undefined && named.stream !== stream.name) continue
    const type = stream.types.find((each) => each.name === named?.type)
    if (type && allowed.has(`${stream.name}.${type.name}`)) return { stream, type }
  }
  const says = named === undefined ? String(output) : [named.stream, named.type].filter((part) => part !== undefined).join('.')
  throw new EvertError('event-invalid', `the output ${JSON.stringify(says)} is none that ${model.name} emits (${model.emits.join(', ')})`)
}
