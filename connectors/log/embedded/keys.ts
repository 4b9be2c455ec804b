/** Keys of the LMDB databases. Big endian, so that LMDB's byte order is the order of offsets. */

/** Of a partition's state: topic number, partition. */
export const PARTITION_KEY_BYTES = 8

/** Of an entry: its partition's key and its first offset. */
export const ENTRY_KEY_BYTES = 16

const HIGH = 0x1_0000_0000

/** Key of a partition's state, and the beginning of its entries' keys. */
export function partitionKey(topic: number, partition: number): Buffer {
  const key = Buffer.allocUnsafe(PARTITION_KEY_BYTES)
  key.writeUInt32BE(topic, 0)
  key.writeUInt32BE(partition, 4)
  return key
}

/** Key of the entry that begins at `first`. */
export function entryKey(topic: number, partition: number, first: number): Buffer {
  const key = Buffer.allocUnsafe(ENTRY_KEY_BYTES)
  key.writeUInt32BE(topic, 0)
  key.writeUInt32BE(partition, 4)
  setEntryOffset(key, first)
  return key
}

/** Turns an entry's key into that of another entry of the same partition. */
export function setEntryOffset(key: Buffer, first: number): void {
  key.writeUInt32BE(Math.floor(first / HIGH), 8)
  key.writeUInt32BE(first % HIGH, 12)
}

/** First offset of the entry with this key. */
export function entryOffset(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return view.getUint32(8) * HIGH + view.getUint32(12)
}

/** Of an entity's version: topic number, key bytes. */
export function versionKey(topic: number, key: string): Buffer {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(key))
  bytes.writeUInt32BE(topic, 0)
  bytes.write(key, 4)
  return bytes
}

/** Record of the log's identity. */
export const logKey = Buffer.from('log')
/** Record of a topic. */
export const topicKey = (name: string): Buffer => Buffer.from(`topic:${name}`)
/** Record of a producer's last answer. */
export const producerKey = (name: string): Buffer => Buffer.from(`producer:${name}`)
/** Record of a group's position. */
export const groupKey = (name: string): Buffer => Buffer.from(`group:${name}`)
