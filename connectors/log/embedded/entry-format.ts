/**
 * The bytes of one entry: one record batch of one partition, the value of one LMDB key. Little endian.
 *
 *   0  crc32c of all that follows          4  magic      6  format version   8  flags
 *  12  count of events                    16  bytes of the values           20  bytes of the attributes
 *  24  topic number                       28  partition
 *  32  end offset before this entry       40  first offset                  48  next offset
 *  56  time of the first event            64  time of the last event
 *  72  values, as in `AppendBatch`; then attributes (schema mark and type names); then, in the flags' order, the sections
 *
 * The place is in the entry too, so that an entry under a wrong key is found out; the end before it, so that a missing
 * one is.
 */

/** Begins every entry, after its CRC: "Ev". */
export const MAGIC = 0x7645
/** Raised when the layout changes; an entry of another version is refused, not guessed at. */
export const FORMAT_VERSION = 1
/** Where the values begin. */
export const HEADER_BYTES = 72

/** Sections, in the order in which they follow each other. */
export const Flag = {
  /** u32 per event: byte lengths of the values. */
  lengths: 1,
  /** u32 n, then n × u32: indexes of null values. */
  nulls: 2,
  /** u16 per event: index into the type names. */
  typeIndexes: 4,
  /** u16 per event (0xffff: no key), u32 bytes, then the keys end to end. */
  keys: 8,
  /** All keys are ASCII: byte lengths are character lengths. */
  keysAscii: 16,
  /** u64 per event. */
  times: 32,
  /** u64 per event. */
  offsets: 64,
  /** Per event: u32 partition, u64 offset, u32 number. */
  causes: 128,
  /** u32 bytes, then JSON. */
  transaction: 256,
} as const

/** A length that says that there is none: no key, no schema mark. */
export const NO_KEY = 0xffff
/** One event's cause. */
export const CAUSE_BYTES = 16

const HIGH = 0x1_0000_0000

/** Offsets and microseconds are below 2^53, so a plain number holds them; bigint only where the contract wants it. */
export function readU64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * HIGH
}

/** Writes what `readU64` reads. */
export function writeU64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value % HIGH, at)
  buffer.writeUInt32LE(Math.floor(value / HIGH), at + 4)
}
