import { readU64, writeU64 } from './entry-format.ts'
import type { Environment } from './environment.ts'
import { partitionKey } from './keys.ts'

/** Where a partition ends, as the last commit left it. */
export interface PartitionState {
  /** Next offset. */
  readonly end: number
  /** Microseconds; times of a partition never descend. */
  readonly time: number
}

const EMPTY: PartitionState = { end: 0, time: 0 }
const BYTES = 16

/** The state of a partition in the current transaction; an empty partition has none stored. */
export function readState(environment: Environment, topic: number, partition: number): PartitionState {
  const bytes = environment.ends.getBinaryFast(partitionKey(topic, partition))
  return bytes ? { end: readU64(bytes, 0), time: readU64(bytes, 8) } : EMPTY
}

/** Only within a write transaction. */
export function writeState(environment: Environment, topic: number, partition: number, state: PartitionState): void {
  const bytes = Buffer.allocUnsafe(BYTES)
  writeU64(bytes, state.end, 0)
  writeU64(bytes, state.time, 8)
  environment.ends.putSync(partitionKey(topic, partition), bytes)
}
