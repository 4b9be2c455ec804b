import { expect } from 'vitest'
import type { PlainAnswer } from './plain.ts'

/** Relative difference within which floats count as equal where the order of a sum shows in their last bits. */
const tolerance = 1e-9

/** Asserts that two answers have the same columns and, as multisets, the same rows; floats within the tolerance. */
export function expectSame(view: PlainAnswer, recomputed: PlainAnswer, what: string): void {
  if (JSON.stringify(view) === JSON.stringify(recomputed)) return
  const floats = recomputed.columns.flatMap((column, i) => (/ (DOUBLE|FLOAT)$/.test(column) ? [i] : []))
  const close =
    floats.length > 0 &&
    JSON.stringify(view.columns) === JSON.stringify(recomputed.columns) &&
    view.rows.length === recomputed.rows.length &&
    areClose(inOrder(view.rows, floats), inOrder(recomputed.rows, floats), floats)
  if (close) return
  const [more, fewer] = [without(view.rows, recomputed.rows), without(recomputed.rows, view.rows)]
  const told = (rows: readonly string[]) => `${rows.slice(0, 3).join(' ')}${rows.length > 3 ? ` and ${rows.length - 3} more` : ''}`
  const columns = recomputed.columns.join(', ')
  expect(view, `${what} (${columns}): too many: ${told(more)}; missing: ${told(fewer)}`).toEqual(recomputed)
}

/** The rows of one multiset that another lacks. */
function without(rows: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = left.get(row) ?? 0
    left.set(row, count - 1)
    return count <= 0
  })
}

/** Rows by their exact values first, so that two that differ in last bits stand at one place on both sides. */
function inOrder(rows: readonly string[], floats: readonly number[]): unknown[][] {
  const parsed = rows.map((row) => JSON.parse(row) as unknown[])
  const exact = (row: readonly unknown[]) => JSON.stringify(row.map((value, i) => (floats.includes(i) ? null : value)))
  const numbers = (row: readonly unknown[]) => floats.map((i) => (row[i] === null ? Number.NEGATIVE_INFINITY : Number(row[i])))
  return parsed
    .map((row) => ({ row, exact: exact(row), numbers: numbers(row) }))
    .sort((a, b) => {
      if (a.exact !== b.exact) return a.exact < b.exact ? -1 : 1
      const at = a.numbers.findIndex((value, i) => value !== b.numbers[i])
      return at < 0 ? 0 : (a.numbers[at] as number) < (b.numbers[at] as number) ? -1 : 1
    })
    .map(({ row }) => row)
}

function areClose(left: readonly unknown[][], right: readonly unknown[][], floats: readonly number[]): boolean {
  return left.every((row, n) =>
    row.every((value, i) => {
      const wanted = right[n]?.[i]
      if (JSON.stringify(value) === JSON.stringify(wanted)) return true
      if (!floats.includes(i) || value === null || wanted === null) return false
      return Math.abs(Number(value) - Number(wanted)) <= tolerance * Math.max(Math.abs(Number(value)), Math.abs(Number(wanted)))
    }),
  )
}
