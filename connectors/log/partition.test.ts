import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { murmur2, partitionOf } from './partition.ts'

describe('partitionOf', () => {
  // From Kafka's own UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (key, hash) => {
    expect(murmur2(key)).toBe(hash)
  })

  it('hashes wide characters by their UTF-8 bytes, wherever they stand', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (key) => {
        expect(murmur2(key)).toBe(reference(Buffer.from(key)))
      }),
    )
  })

  it('stays within the partitions', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
        const partition = partitionOf(key, partitions)
        expect(partition).toBeGreaterThanOrEqual(0)
        expect(partition).toBeLessThan(partitions)
      }),
    )
  })
})

/** Kafka's algorithm once more, written as in Java with 64-bit care: slow and obvious. */
function reference(data: Uint8Array): number {
  const mask = 0xffffffffn
  const m = 0x5bd1e995n
  const length = data.length
  let h = (0x9747b28cn ^ BigInt(length)) & mask
  for (let i = 0; i + 4 <= length; i += 4) {
    let k = BigInt(Buffer.from(data).readUInt32LE(i))
    k = (k * m) & mask
    k ^= k >> 24n
    k = (k * m) & mask
    h = (h * m) & mask
    h ^= k
  }
  const rest = length & ~3
  const left = length & 3
  if (left >= 3) h ^= BigInt(data[rest + 2] as number) << 16n
  if (left >= 2) h ^= BigInt(data[rest + 1] as number) << 8n
  if (left >= 1) {
    h ^= BigInt(data[rest] as number)
    h = (h * m) & mask
  }
  h ^= h >> 13n
  h = (h * m) & mask
  h ^= h >> 15n
  return Number(BigInt.asIntN(32, h))
}
