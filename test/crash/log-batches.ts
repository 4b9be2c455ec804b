/** What the crash tests append: from a batch's producer and sequence follows all that is in it. */

import type { AppendBatch } from '../../connectors/log/log.ts'
import { partitionOf } from '../../connectors/log/partition.ts'

export const crashTopic = 'crash'

export function crashCount(sequence: number): number {
  // A few large ones, so that entries cross pages and commits take a while.
  return sequence % 50 === 49 ? 2_000 : 1 + ((sequence * 7_919) % 20)
}

export function crashBatch(producer: string, sequence: number, partitions: number): AppendBatch {
  const count = crashCount(sequence)
  const values = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ producer, sequence, index, filling: 'f'.repeat(sequence % 90) }),
  )
  return {
    topic: crashTopic,
    partition: partitionOf(producer, partitions),
    count,
    values: Buffer.from(values.join('\x1e')),
    types: ['Written'],
    keys: new Array<string>(count).fill(producer),
    schema: 'crash',
  }
}
