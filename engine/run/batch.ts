import type { Chunk } from '../../connectors/log/log.ts'
import type { StreamModel, TableModel } from '../model/types.ts'

/** Next offsets per topic, one per partition. */
export type Position = ReadonlyMap<string, readonly bigint[]>

/** An event that could not be decoded, by its index in the chunk. */
export interface BadEvent {
  readonly index: number
  readonly reason: string
}

/**
 * A chunk whose values DuckDB may decode leniently: each is canonical JSON by the stream's schema, `null` for a tombstone,
 * or empty for one that is not to be decoded (bad). Values are framed by 0x1e, always.
 */
export interface CheckedChunk {
  readonly chunk: Chunk
  readonly values: Uint8Array
  readonly bad: readonly BadEvent[]
}

/** What one breath of the loop works on. */
export interface Batch {
  /** By stream or table name; those without events are absent. */
  readonly chunks: ReadonlyMap<string, readonly CheckedChunk[]>
  readonly events: number
  readonly bytes: number
  /** Position after the batch, for every topic of the group. */
  readonly to: Position
}

export type Source = StreamModel | TableModel

/** Sum of next offsets over all inputs: monotone, and the same after a rebuild (design §13). */
export function positionSum(position: Position): bigint {
  let sum = 0n
  for (const offsets of position.values()) for (const offset of offsets) sum += offset
  return sum
}

/** Has every partition of `position` come to `to`? */
export function isAt(position: Position, to: Position): boolean {
  return [...position].every(([topic, offsets]) => offsets.every((offset, partition) => offset >= (to.get(topic)?.[partition] ?? 0n)))
}

export function offsetOf(chunk: Chunk, index: number): bigint {
  return chunk.offsets?.[index] ?? chunk.first + BigInt(index)
}

export function timeOf(chunk: Chunk, index: number): bigint {
  return typeof chunk.times === 'bigint' ? chunk.times : (chunk.times[index] ?? 0n)
}

export function typeOf(chunk: Chunk, index: number): string {
  return chunk.types[chunk.typeIndexes?.[index] ?? 0] ?? ''
}
