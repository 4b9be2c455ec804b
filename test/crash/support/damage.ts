/** Damage to files, as disks do it. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'

/** Overwrites `bytes` bytes of a file from `from` on with what no format wants. */
export function overwrite(file: string, from: number, bytes: number): void {
  const handle = openSync(file, 'r+')
  try {
    writeSync(handle, Buffer.alloc(bytes, 0xa5), 0, bytes, from)
  } finally {
    closeSync(handle)
  }
}

/** Flips a byte wherever the text stands in the file; throws when it is not there. */
export function flip(file: string, text: string): void {
  const bytes = readFileSync(file)
  const wanted = Buffer.from(text)
  let found = 0
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    bytes[at] = (bytes[at] as number) ^ 1
    found++
  }
  if (found === 0) throw new Error(`${text} is not in ${file}`)
  writeFileSync(file, bytes)
}

export function sizeOf(file: string): number {
  const handle = openSync(file, 'r')
  try {
    readSync(handle, Buffer.alloc(1))
    return fstatSync(handle).size
  } finally {
    closeSync(handle)
  }
}
