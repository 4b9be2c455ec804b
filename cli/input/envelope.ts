/**
 * The members of an envelope, `{"type":…,"data":…}` or `{"key":…,"data":…}`, as places in the line's bytes. The payload is
 * never parsed here: JavaScript's numbers would damage long integers and decimals before the schema has seen them.
 */

/** Bytes `[start, end)` of a member's value. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Name and value's place of each member, in order, or undefined when the text is no object. For text that `JSON.parse` took. */
export function membersOf(json: Uint8Array): readonly (readonly [string, Span])[] | undefined {
  let at = skipSpace(json, 0)
  if (json[at] !== 0x7b) return undefined
  const members: [string, Span][] = []
  at = skipSpace(json, at + 1)
  while (json[at] !== 0x7d) {
    const nameEnd = valueEnd(json, at)
    const name = JSON.parse(textOf(json, at, nameEnd)) as string
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1)
    const end = valueEnd(json, start)
    members.push([name, { start, end }])
    at = skipSpace(json, end)
    if (json[at] === 0x2c) at = skipSpace(json, at + 1)
  }
  return members
}

/** The text of some bytes. */
export function textOf(json: Uint8Array, start: number, end: number): string {
  return Buffer.from(json.buffer, json.byteOffset + start, end - start).toString('utf8')
}

function skipSpace(json: Uint8Array, from: number): number {
  let at = from
  while (json[at] === 0x20 || json[at] === 0x09 || json[at] === 0x0a || json[at] === 0x0d) at += 1
  return at
}

/** Where the value that begins at `from` ends. */
function valueEnd(json: Uint8Array, from: number): number {
  const first = json[from]
  if (first === 0x22) return stringEnd(json, from)
  if (first === 0x7b || first === 0x5b) return nestedEnd(json, from)
  let at = from
  while (at < json.length && !isEnd(json[at] as number)) at += 1
  return at
}

function stringEnd(json: Uint8Array, from: number): number {
  let at = from + 1
  while (json[at] !== 0x22) at += json[at] === 0x5c ? 2 : 1
  return at + 1
}

/** Counts brackets of both kinds as one: the text is known to be well formed. */
function nestedEnd(json: Uint8Array, from: number): number {
  let depth = 0
  for (let at = from; ; ) {
    const byte = json[at]
    if (byte === 0x22) {
      at = stringEnd(json, at)
      continue
    }
    if (byte === 0x7b || byte === 0x5b) depth += 1
    if (byte === 0x7d || byte === 0x5d) depth -= 1
    at += 1
    if (depth === 0) return at
  }
}

/** A comma, a closing bracket or white space. */
function isEnd(byte: number): boolean {
  return byte === 0x2c || byte === 0x7d || byte === 0x5d || byte <= 0x20
}
