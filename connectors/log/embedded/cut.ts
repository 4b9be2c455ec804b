import assert from 'node:assert'
import { limits } from '../../../limits.ts'
import { type AppendBatch, SEPARATOR } from '../log.ts'

/** Cuts a batch into pieces of at most one entry's events and bytes; one larger event is a piece of its own. */
export function cutBatch(batch: AppendBatch): readonly AppendBatch[] {
  if (batch.count <= limits.entryEventsMax && batch.values.length <= limits.entryBytesMax) return [batch]
  const starts = valueStarts(batch)
  assert.equal(starts.length, batch.count + 1, 'the values are framed by one separator between each two')
  const gap = batch.lengths ? 0 : 1
  const pieces: AppendBatch[] = []
  let from = 0
  while (from < batch.count) {
    const start = starts[from] as number
    let to = from + 1
    while (to < batch.count && to - from < limits.entryEventsMax && (starts[to + 1] as number) - gap - start <= limits.entryBytesMax) to++
    pieces.push(slice(batch, from, to, batch.values.subarray(start, (starts[to] as number) - gap)))
    from = to
  }
  return pieces
}

/** Byte where each value starts, and one past the last value's separator. */
export function valueStarts(batch: Pick<AppendBatch, 'count' | 'values' | 'lengths'>): readonly number[] {
  const starts = [0]
  if (batch.lengths) {
    let at = 0
    for (const length of batch.lengths) {
      at += length
      starts.push(at)
    }
    return starts
  }
  const values = Buffer.from(batch.values.buffer, batch.values.byteOffset, batch.values.byteLength)
  let at = values.indexOf(SEPARATOR)
  while (at !== -1) {
    starts.push(at + 1)
    at = values.indexOf(SEPARATOR, at + 1)
  }
  starts.push(values.length + 1)
  return starts
}

function slice(batch: AppendBatch, from: number, to: number, values: Uint8Array): AppendBatch {
  const { lengths, nulls, typeIndexes, keys, offsets, times, causes, types, schema, transaction } = batch
  const { topic, partition } = batch
  return {
    topic,
    partition,
    count: to - from,
    values,
    types,
    ...(lengths && { lengths: lengths.slice(from, to) }),
    ...(nulls && { nulls: nulls.filter((index) => index >= from && index < to).map((index) => index - from) }),
    ...(typeIndexes && { typeIndexes: typeIndexes.slice(from, to) }),
    ...(keys && { keys: keys.slice(from, to) }),
    ...(offsets && { offsets: offsets.slice(from, to) }),
    ...(times && { times: times.slice(from, to) }),
    ...(causes && { causes: causes.slice(from, to) }),
    ...(schema !== undefined && { schema }),
    ...(transaction && { transaction }),
  }
}
