import assert from 'node:assert'
import { EvertError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import { type AppendBatch, SEPARATOR } from '../log.ts'
import { valueStarts } from './cut.ts'
import type { StoredTopic } from './topics.ts'

/**
 * Checks a batch when it is handed in, before it waits with others, so that one caller's mistake is that caller's alone.
 * Programmer errors are assertions; throws `event-too-large` for a value or a key over its limit.
 */
export function admit(batch: AppendBatch, topic: StoredTopic): void {
  const { count, lengths, keys, typeIndexes, offsets, times, causes } = batch
  assert(
    Number.isInteger(batch.partition) && batch.partition >= 0 && batch.partition < topic.partitions,
    `topic ${topic.name} has no partition ${batch.partition}`,
  )
  assert(Number.isInteger(count) && count >= 0, `count is ${count}`)
  for (const [name, list] of Object.entries({ lengths, keys, typeIndexes, offsets, times, causes })) {
    assert(list === undefined || list.length === count, `${name} has ${list?.length} elements, count is ${count}`)
  }
  assert(batch.types.length <= 1 || count === 0 || typeIndexes, 'a batch with several types tells each event’s')
  if (count > 0) assertFraming(batch)
  assertAscending(offsets, true, 'offsets')
  assertAscending(times, false, 'times')
  if (batch.values.length > limits.eventBytesMax) assertValueSizes(batch)
  if (keys) assertKeySizes(keys, topic)
}

function assertFraming({ values, lengths, count, nulls }: AppendBatch): void {
  if (lengths) {
    const bytes = lengths.reduce((sum, length) => sum + length, 0)
    assert.equal(bytes, values.length, 'lengths add up to the bytes of the values')
  } else {
    assert(values.length >= count - 1, `${count} values need ${count - 1} separators, there are ${values.length} bytes`)
    if (count === 1) assert(!values.includes(SEPARATOR), 'one value without lengths holds no separator')
  }
  let last = -1
  for (const index of nulls ?? []) {
    assert(index > last && index < count, 'nulls are ascending indexes of events')
    last = index
  }
}

function assertAscending(values: readonly bigint[] | undefined, strictly: boolean, name: string): void {
  for (let i = 1; values && i < values.length; i++) {
    const [a, b] = [values[i - 1] as bigint, values[i] as bigint]
    assert(strictly ? a < b : a <= b, `${name} ascend`)
  }
}

function assertValueSizes(batch: AppendBatch): void {
  const starts = valueStarts(batch)
  for (let i = 0; i < batch.count; i++) {
    const bytes = (starts[i + 1] as number) - (starts[i] as number) - (batch.lengths ? 0 : 1)
    if (bytes > limits.eventBytesMax) throw tooLarge('value', i, bytes, limits.eventBytesMax, batch.topic)
  }
}

function assertKeySizes(keys: readonly (string | null)[], topic: StoredTopic): void {
  for (const [index, key] of keys.entries()) {
    // A character is at most three bytes, so most keys need no counting.
    if (key === null || key.length * 3 <= limits.keyBytesMax) continue
    const bytes = Buffer.byteLength(key)
    if (bytes > limits.keyBytesMax) throw tooLarge('key', index, bytes, limits.keyBytesMax, topic.name)
  }
}

function tooLarge(what: string, index: number, bytes: number, bytesMax: number, topic: string): EvertError {
  return new EvertError(
    'event-too-large',
    `Append to ${topic}: the ${what} of event ${index} has ${bytes} bytes, at most ${bytesMax} are allowed.`,
    {
      details: { topic, index, bytes, bytesMax },
    },
  )
}
