import type { Field, ScalarName, SqlType } from '../types.ts'

const aliases: Readonly<Record<string, ScalarName>> = {
  BOOL: 'BOOLEAN',
  INT: 'INTEGER',
  LONG: 'BIGINT',
  REAL: 'FLOAT',
  TEXT: 'VARCHAR',
  STRING: 'VARCHAR',
  TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE',
}

const scalars = new Set<string>([
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE'],
  ...['VARCHAR', 'BLOB', 'UUID', 'DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'JSON'],
])

/** The type that a text names, as in `columns: { lines: 'STRUCT(sku VARCHAR, qty BIGINT)[]' }`; undefined when it names none that is known here. */
export function parseSqlType(text: string): SqlType | undefined {
  const reader = { tokens: text.match(/"(?:[^"]|"")*"|[\w ]*\w|[^\s]/g)?.map((token) => token.trim()) ?? [], at: 0 }
  const type = read(reader)
  return reader.at === reader.tokens.length ? type : undefined
}

interface Reader {
  readonly tokens: readonly string[]
  at: number
}

function take(reader: Reader, token: string): boolean {
  if (reader.tokens[reader.at] !== token) return false
  reader.at++
  return true
}

function read(reader: Reader): SqlType | undefined {
  let type = single(reader)
  while (type !== undefined && take(reader, '[')) type = take(reader, ']') ? { kind: 'list', of: type, nullable: true } : undefined
  return type
}

function single(reader: Reader): SqlType | undefined {
  const name = reader.tokens[reader.at++]?.toUpperCase().replace(/ +/g, ' ') ?? ''
  if (name === 'DECIMAL' || name === 'NUMERIC') return decimal(reader)
  if (name === 'STRUCT') return struct(reader)
  if (name === 'MAP') return map(reader)
  const scalar = aliases[name] ?? name
  return scalars.has(scalar) ? { kind: 'scalar', name: scalar as ScalarName } : undefined
}

function decimal(reader: Reader): SqlType | undefined {
  if (!take(reader, '(')) return { kind: 'decimal', width: 18, scale: 3 }
  const width = Number(reader.tokens[reader.at++])
  const scale = take(reader, ',') ? Number(reader.tokens[reader.at++]) : 0
  const isRight =
    take(reader, ')') && Number.isInteger(width) && Number.isInteger(scale) && width >= 1 && width <= 38 && scale >= 0 && scale <= width
  return isRight ? { kind: 'decimal', width, scale } : undefined
}

function map(reader: Reader): SqlType | undefined {
  if (!take(reader, '(')) return undefined
  const key = read(reader)
  if (key?.kind !== 'scalar' || key.name !== 'VARCHAR' || !take(reader, ',')) return undefined
  const of = read(reader)
  return of !== undefined && take(reader, ')') ? { kind: 'map', of, nullable: true } : undefined
}

function struct(reader: Reader): SqlType | undefined {
  const fields: Field[] = []
  if (!take(reader, '(')) return undefined
  do {
    const field = structField(reader)
    if (field === undefined) return undefined
    fields.push(field)
  } while (take(reader, ','))
  return take(reader, ')') ? { kind: 'struct', fields } : undefined
}

/** A bare name and its type arrive as one token, `sku VARCHAR`: they are parted at the first space. */
function structField(reader: Reader): Field | undefined {
  const token = reader.tokens[reader.at] ?? ''
  if (token.startsWith('"')) {
    reader.at++
    const type = read(reader)
    return type && { name: token.slice(1, -1).replaceAll('""', '"'), type, required: false }
  }
  const [, name, rest] = /^(\w+) +(.*)$/.exec(token) ?? []
  if (name === undefined || rest === undefined) return undefined
  const inner: Reader = { tokens: [rest, ...reader.tokens.slice(reader.at + 1)], at: 0 }
  const type = read(inner)
  reader.at += inner.at
  return type && { name, type, required: false }
}
