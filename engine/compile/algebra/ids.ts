import type { Op } from './op.ts'

/**
 * Ids are numbered as a view is bound, so the same part has others in another view, and others again when the binder changes.
 * What is stored must not: a part's statements name its columns by the order of their first appearance in what it computes.
 */
export type Rename = (sql: string) => string

/** What ids of a view begin with: `#`, longer where the view's own text has that, so that no name or text of it looks like an id. */
export function markOf(op: Op): string {
  return /^(#_*)\d+$/.exec(op.columns[0]?.id ?? '')?.[1] ?? '#'
}

/** `texts`: all in which a column that is stored, or follows from what is stored, is named. */
export function renameIn(texts: readonly string[], mark: string): Rename {
  const ids = new RegExp(`"${mark}(\\d+)"`, 'g')
  const numbers = new Map<string, number>()
  for (const text of texts) for (const [, id = ''] of text.matchAll(ids)) numbers.set(id, numbers.get(id) ?? numbers.size + 1)
  return (sql) =>
    sql.replaceAll(ids, (_, id: string) => {
      const number = numbers.get(id)
      if (number === undefined) throw new Error(`The column ${mark}${id} is not of this part: ${sql}`)
      return `"#${number}"`
    })
}
