/** A number as it was written, where a double would not hold it. */
export class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** What `readJson` returns. Objects are maps, so that no key means anything to JavaScript. */
export type Json = null | boolean | number | string | NumberText | readonly Json[] | ReadonlyMap<string, Json>

/**
 * A JSON reader that loses nothing: every number comes as its text. For text that is known to be good JSON (`check` has
 * seen it) and not deeper than the limit, so it neither reports syntax nor guards its recursion.
 */
export function readJson(text: string): Json {
  const reader = { text, at: 0 }
  return value(reader)
}

interface Reader {
  readonly text: string
  at: number
}

function value(reader: Reader): Json {
  switch (peek(reader)) {
    case '{':
      return object(reader)
    case '[':
      return list(reader)
    case '"':
      return string(reader)
    case 't':
      reader.at += 4
      return true
    case 'f':
      reader.at += 5
      return false
    case 'n':
      reader.at += 4
      return null
    default:
      return number(reader)
  }
}

/** The next character that is no white space. */
function peek(reader: Reader): string | undefined {
  while (reader.at < reader.text.length && reader.text.charCodeAt(reader.at) <= 32) reader.at++
  return reader.text[reader.at]
}

function object(reader: Reader): Json {
  const entries = new Map<string, Json>()
  reader.at++
  while (peek(reader) !== '}') {
    const key = string(reader)
    peek(reader)
    reader.at++
    entries.set(key, value(reader))
    if (peek(reader) === ',') skipComma(reader)
  }
  reader.at++
  return entries
}

function list(reader: Reader): Json {
  const items: Json[] = []
  reader.at++
  while (peek(reader) !== ']') {
    items.push(value(reader))
    if (peek(reader) === ',') skipComma(reader)
  }
  reader.at++
  return items
}

function skipComma(reader: Reader): void {
  reader.at++
  peek(reader)
}

function string(reader: Reader): string {
  const from = reader.at
  let at = from + 1
  for (; reader.text[at] !== '"'; at++) if (reader.text[at] === '\\') at++
  reader.at = at + 1
  return JSON.parse(reader.text.slice(from, at + 1)) as string
}

function number(reader: Reader): NumberText {
  const pattern = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)
  if (found === null) throw new SyntaxError(`No JSON value at character ${reader.at}`)
  reader.at = pattern.lastIndex
  return new NumberText(found[0])
}
