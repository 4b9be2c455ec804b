/** The one place where generated SQL is quoted. Every generated name is quoted, always (`old` alone is a keyword to DuckDB). */

/** A quoted name. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A qualified name: each part quoted. */
export function path(...parts: readonly string[]): string {
  return parts.map(ident).join('.')
}

/** A text literal. NUL cannot stand in SQL text, so it goes through chr(0). */
export function text(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`
  return quoted.includes('\0') ? `(${quoted.replaceAll('\0', "' || chr(0) || '")})` : quoted
}

/** Quoted names, with commas. */
export function list(names: readonly string[]): string {
  return names.map(ident).join(', ')
}
