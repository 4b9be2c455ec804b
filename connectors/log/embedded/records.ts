import type { AppendResult, GroupPosition } from '../log.ts'
import type { Environment } from './environment.ts'
import { groupKey, producerKey, versionKey } from './keys.ts'

/** The last answer that a producer got: a retry of it gets it again. */
export interface ProducerRecord {
  readonly sequence: number
  readonly answer: AppendResult & { ok: true }
}

/** What a producer was answered last, as a repetition; undefined for one that never appended. */
export function readProducer({ records }: Environment, producer: string): ProducerRecord | undefined {
  const bytes = records.getBinary(producerKey(producer))
  if (!bytes) return undefined
  const { sequence, batches, timeMicros } = JSON.parse(bytes.toString()) as {
    sequence: number
    batches: [string, string][]
    timeMicros: string
  }
  return {
    sequence,
    answer: {
      ok: true,
      duplicate: true,
      batches: batches.map(([first, next]) => ({ first: BigInt(first), next: BigInt(next) })),
      timeMicros: BigInt(timeMicros),
    },
  }
}

/** Only within a write transaction, as all that writes here. */
export function writeProducer({ records }: Environment, producer: string, { sequence, answer }: ProducerRecord): void {
  const batches = answer.batches.map(({ first, next }) => [String(first), String(next)])
  records.putSync(producerKey(producer), Buffer.from(JSON.stringify({ sequence, batches, timeMicros: String(answer.timeMicros) })))
}

/** A group's position; undefined when it never committed. */
export function readGroup({ records }: Environment, group: string): GroupPosition | undefined {
  const bytes = records.getBinary(groupKey(group))
  if (!bytes) return undefined
  const { sequence, offsets } = JSON.parse(bytes.toString()) as { sequence: number; offsets: string[] }
  return { sequence, offsets: offsets.map(BigInt) }
}

/** Only within a write transaction. */
export function writeGroup({ records }: Environment, group: string, { sequence, offsets }: GroupPosition): void {
  records.putSync(groupKey(group), Buffer.from(JSON.stringify({ sequence, offsets: offsets.map(String) })))
}

/** Number of events of a key; 0 for one that never occurred. */
export function readVersion({ versions }: Environment, topic: number, key: string): number {
  return versions.getBinary(versionKey(topic, key))?.readDoubleLE(0) ?? 0
}

/** Only within a write transaction. */
export function writeVersion({ versions }: Environment, topic: number, key: string, version: number): void {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleLE(version)
  versions.putSync(versionKey(topic, key), bytes)
}
