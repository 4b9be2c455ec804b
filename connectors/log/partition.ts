/**
 * Key → partition, the same in every log and every client: Kafka's default partitioner (murmur2 of the UTF-8 bytes),
 * so that a topic written by Kafka's own clients and one written by us agree.
 */

const SEED = 0x9747b28c | 0
const M = 0x5bd1e995

/** The partition of a key among `partitions`, as Kafka's default partitioner chooses it. */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** Murmur2 of the key's UTF-8 bytes, a signed 32-bit integer as in Kafka's `Utils.murmur2`. */
export function murmur2(key: string): number {
  const length = key.length
  let h = SEED ^ length
  const tail = length & ~3
  // Keys are nearly always ASCII: hash the characters themselves and fall back when one turns out wider.
  let i = 0
  for (; i < tail; i += 4) {
    const a = key.charCodeAt(i)
    const b = key.charCodeAt(i + 1)
    const c = key.charCodeAt(i + 2)
    const d = key.charCodeAt(i + 3)
    if ((a | b | c | d) > 0x7f) return murmur2OfBytes(Buffer.from(key))
    h = mix(h, a | (b << 8) | (c << 16) | (d << 24))
  }
  let last = 0
  for (let shift = 0; i < length; i++, shift += 8) {
    const code = key.charCodeAt(i)
    if (code > 0x7f) return murmur2OfBytes(Buffer.from(key))
    last |= code << shift
  }
  return finish(tail === length ? h : Math.imul(h ^ last, M))
}

function murmur2OfBytes(bytes: Uint8Array): number {
  const length = bytes.length
  let h = SEED ^ length
  const tail = length & ~3
  let i = 0
  for (; i < tail; i += 4) {
    h = mix(h, at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24))
  }
  let last = 0
  for (let shift = 0; i < length; i++, shift += 8) last |= at(bytes, i) << shift
  return finish(tail === length ? h : Math.imul(h ^ last, M))
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number
}

function mix(h: number, word: number): number {
  let k = Math.imul(word, M)
  k ^= k >>> 24
  return Math.imul(h, M) ^ Math.imul(k, M)
}

function finish(hash: number): number {
  let h = hash
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}
