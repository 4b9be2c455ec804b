import type { PlainAnswer } from '../support/plain.ts'

const shownRowsMax = 5

/**
 * What two multisets of rows do not share, as text; undefined when they are equal.
 *
 * Everything is compared exactly, doubles included: no question adds doubles up. Its sums are of decimals, which are exact
 * in any order, and a double is made once, by one division or avg, from equal sums; so equal rows give equal bits.
 */
export function difference(view: PlainAnswer, recomputed: PlainAnswer): string | undefined {
  if (view.columns.join() !== recomputed.columns.join())
    return `columns of the view: ${view.columns.join(', ')}\ncolumns recomputed: ${recomputed.columns.join(', ')}`
  const times = new Map<string, number>()
  for (const row of view.rows) times.set(row, (times.get(row) ?? 0) + 1)
  for (const row of recomputed.rows) times.set(row, (times.get(row) ?? 0) - 1)
  const only = (sign: 1 | -1) => [...times].filter(([, count]) => count * sign > 0)
  const sides = [
    ['only in the view', only(1)],
    ['only recomputed', only(-1)],
  ] as const
  if (sides.every(([, rows]) => rows.length === 0)) return undefined
  return sides
    .map(([name, rows]) => {
      const shown = rows.slice(0, shownRowsMax).map(([row, count]) => `  ${Math.abs(count)} × ${row}`)
      return [`${name}: ${rows.length} of ${view.rows.length} and ${recomputed.rows.length} rows`, ...shown].join('\n')
    })
    .join('\n')
}
