import type { Field, SqlType } from '../types.ts'

/** A type as DuckDB writes it: `DECIMAL(18,2)`, `STRUCT("a" BIGINT)[]`, `MAP(VARCHAR, DOUBLE)`. */
export function sqlTypeText(type: SqlType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name
    case 'decimal':
      return `DECIMAL(${type.width},${type.scale})`
    case 'list':
      return `${sqlTypeText(type.of)}[]`
    case 'map':
      return `MAP(VARCHAR, ${sqlTypeText(type.of)})`
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${quoted(field.name)} ${sqlTypeText(field.type)}`).join(', ')})`
  }
}

/**
 * The second argument of DuckDB's `from_json` for a list of fields (JSON text, not yet quoted as a SQL literal).
 * A BLOB comes out as VARCHAR in DuckDB's escape text, since JSON cannot carry bytes: see `columnCast`.
 */
export function jsonShape(fields: readonly Field[]): string {
  return JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, sqlTypeText(textual(field.type))])))
}

/** The type to cast a column of `from_json` to; undefined when it is of its type already. Only BLOBs need one. */
export function columnCast(type: SqlType): string | undefined {
  return sqlTypeText(textual(type)) === sqlTypeText(type) ? undefined : sqlTypeText(type)
}

/** The type with every BLOB in it replaced by VARCHAR. */
function textual(type: SqlType): SqlType {
  if (type.kind === 'list' || type.kind === 'map') return { ...type, of: textual(type.of) }
  if (type.kind === 'struct') return { ...type, fields: type.fields.map((field) => ({ ...field, type: textual(field.type) })) }
  return type.kind === 'scalar' && type.name === 'BLOB' ? { kind: 'scalar', name: 'VARCHAR' } : type
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
