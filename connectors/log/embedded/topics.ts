import { randomUUID } from 'node:crypto'
import { EvertError } from '../../../errors.ts'
import type { Topic } from '../log.ts'
import type { Environment } from './environment.ts'
import { topicKey } from './keys.ts'

/** A topic as it is stored: its number is what entries' keys begin with. */
export interface StoredTopic extends Topic {
  readonly number: number
}

const FIRST = topicKey('')
const LAST = Buffer.from('topic;')

/** The log's topics. Topics are never deleted, so what was once read stays true and is kept. */
export class Topics {
  readonly #environment: Environment
  readonly #known = new Map<string, StoredTopic>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Throws `topic-unknown`. Does not reset the read transaction of a known topic. */
  get(name: string): StoredTopic {
    const known = this.#known.get(name) ?? this.#read(name)
    if (known) return known
    throw new EvertError('topic-unknown', `The log has no topic "${name}". Create it, or check its name.`, { details: { topic: name } })
  }

  all(): StoredTopic[] {
    const { root, records } = this.#environment
    root.resetReadTxn()
    const topics: StoredTopic[] = []
    for (const { value } of records.getRange({ start: FIRST, end: LAST })) topics.push(JSON.parse(value.toString()) as StoredTopic)
    return topics.sort((a, b) => a.number - b.number)
  }

  /** Idempotent, also between processes. Throws `topic-mismatch`. */
  create(name: string, partitions: number | undefined, versions: boolean | undefined): StoredTopic {
    const topic = this.#known.get(name) ?? this.#createDurably(name, partitions ?? 1, versions ?? false)
    this.#known.set(name, topic)
    if (partitions !== undefined && partitions !== topic.partitions) throw mismatch(name, 'partitions', topic.partitions, partitions)
    if (versions !== undefined && versions !== topic.versions) throw mismatch(name, 'versions', topic.versions, versions)
    return topic
  }

  #createDurably(name: string, partitions: number, versions: boolean): StoredTopic {
    const { root, records } = this.#environment
    return root.transactionSync(() => {
      const stored = this.#read(name)
      if (stored) return stored
      const number = 1 + records.getKeysCount({ start: FIRST, end: LAST })
      const topic: StoredTopic = { number, name, id: randomUUID(), partitions, versions }
      records.putSync(topicKey(name), Buffer.from(JSON.stringify(topic)))
      return topic
    })
  }

  #read(name: string): StoredTopic | undefined {
    this.#environment.root.resetReadTxn()
    const bytes = this.#environment.records.getBinary(topicKey(name))
    if (!bytes) return undefined
    const topic = JSON.parse(bytes.toString()) as StoredTopic
    this.#known.set(name, topic)
    return topic
  }
}

function mismatch(name: string, what: 'partitions' | 'versions', actual: unknown, wanted: unknown): EvertError {
  return new EvertError(
    'topic-mismatch',
    `Create topic "${name}": it is there with ${what} ${actual}, wanted ${wanted}. Declare it as it is, or use another name.`,
    {
      details: { topic: name, [what]: actual, wanted },
    },
  )
}
