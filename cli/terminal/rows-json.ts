/**
 * Rows as lines of JSON objects. The text is put together here and not by way of objects: a column may be called
 * `__proto__`, and two may be called the same (the second is then `name_1`, as DuckDB does it).
 */
export function jsonRows(names: readonly string[]): (rows: readonly (readonly unknown[])[]) => string {
  const heads = uniqueNames(names).map((name, column) => `${column === 0 ? '' : ','}${JSON.stringify(name)}:`)
  return (rows) => rows.map((row) => `{${heads.map((head, column) => head + JSON.stringify(row[column] ?? null)).join('')}}\n`).join('')
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names)
  const seen = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let number = 1; seen.has(unique) || (unique !== name && taken.has(unique)); number += 1) unique = `${name}_${number}`
    seen.add(unique)
    return unique
  })
}
