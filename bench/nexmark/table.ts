import { say } from '../support/print.ts'
import type { TableColumn } from './columns.ts'
import type { Result } from './one-query.ts'

/** Statements in the table, and how much of each; `--json` has all of it. */
const statementsShown = 25
const statementLength = 240

/** The first line of the table. */
export function printHeads(columns: readonly TableColumn[]): void {
  say(line(columns, ({ head }) => head))
}

/** A query's line, and below it what is wrong with its rows, and its dearest statements. */
export function printResult(result: Result, columns: readonly TableColumn[]): void {
  say(line(columns, ({ cell }) => cell(result)))
  const { recomputed, cold } = result
  for (const difference of [...recomputed.differences, ...(cold?.recomputed.differences ?? [])]) say(`    ${difference}`)
  const { statements, small, seconds } = result.measured
  if (!statements) return
  const inStatements = statements.reduce((sum, { ms }) => sum + ms, 0)
  const whole = small === undefined ? `${(seconds * 1000).toFixed(0)} ms in all, ` : ''
  say(`    ${whole}${inStatements.toFixed(0)} ms in ${statements.length} statements, the dearest:`)
  say(`    ${'ms'.padStart(9)} ${'times'.padStart(7)} ${'mean'.padStart(8)} ${'worst'.padStart(8)}`)
  for (const { sql, count, ms, worstMs } of statements.slice(0, statementsShown)) {
    const figures = [
      ms.toFixed(1).padStart(9),
      String(count).padStart(7),
      (ms / count).toFixed(2).padStart(8),
      worstMs.toFixed(1).padStart(8),
    ]
    say(`    ${figures.join(' ')}  ${sql.slice(0, statementLength)}`)
  }
}

function line(columns: readonly TableColumn[], text: (column: TableColumn) => string): string {
  return `  ${columns.map((column, index) => (index < 2 ? text(column).padEnd(column.width) : text(column).padStart(column.width))).join(' ')}`
}
