/** Rows for people: a table with lines on a terminal, aligned text in a pipe. Both take rows as they come. */
import Table from 'cli-table3'

import { formatCell } from './format.ts'
import { textWidth } from './text-width.ts'

export interface TableColumn {
  readonly name: string
  /** Numbers are aligned to the right. */
  readonly right?: boolean
}

export interface TableWriter {
  /** The text of some more rows; the first call's decide the widths. */
  rows(rows: readonly (readonly unknown[])[]): string
  /** The text that ends the table; with the head, when there were no rows. */
  end(): string
}

/** A table on a terminal of `width` columns; in a pipe when `width` is undefined. */
export function tableWriter(columns: readonly TableColumn[], width: number | undefined): TableWriter {
  if (columns.length === 0) return { rows: () => '', end: () => '' }
  return width === undefined ? plainTable(columns) : linedTable(columns, width)
}

/** A whole table at once. */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly unknown[])[], width: number | undefined): string {
  const table = tableWriter(columns, width)
  return (rows.length > 0 ? table.rows(rows) : '') + table.end()
}

function plainTable(columns: readonly TableColumn[]): TableWriter {
  let widths: number[] | undefined
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, column) => pad(cell, widths?.[column] ?? 0, columns[column]?.right === true))
      .join('  ')
      .trimEnd()}\n`
  const head = (): string => line(columns.map((column) => formatCell(column.name)))
  return {
    rows(rows) {
      const cells = rows.map((row) => row.map(formatCell))
      const first = widths === undefined
      widths ??= cellWidths(columns, cells)
      return (first ? head() : '') + cells.map(line).join('')
    },
    end() {
      if (widths !== undefined) return ''
      widths = cellWidths(columns, [])
      return head()
    },
  }
}

/** Made anew for every batch with the first one's widths, and without the border that the next batch goes on from. */
function linedTable(columns: readonly TableColumn[], width: number): TableWriter {
  let widths: number[] | undefined
  const draw = (cells: string[][], withHead: boolean): string => {
    const table = new Table({
      ...(withHead && { head: columns.map((column) => formatCell(column.name)) }),
      colWidths: (widths ?? []).map((one) => one + 2),
      colAligns: columns.map((column) => (column.right === true ? 'right' : 'left')),
      style: { head: [], border: [], compact: true },
      // Long values go on in the next line: what is cut off cannot be read.
      wordWrap: true,
      wrapOnWordBoundary: false,
      chars: {
        ...(withHead ? {} : { top: '', 'top-left': '', 'top-mid': '', 'top-right': '' }),
        bottom: '',
        'bottom-left': '',
        'bottom-mid': '',
        'bottom-right': '',
      },
    })
    table.push(...cells)
    return `${table.toString()}\n`
  }
  const start = (cells: string[][]): boolean => {
    if (widths !== undefined) return false
    widths = shrink(cellWidths(columns, cells), width)
    return true
  }
  return {
    rows(rows) {
      const cells = rows.map((row) => row.map(formatCell))
      return draw(cells, start(cells))
    },
    end() {
      const head = start([]) ? draw([], true) : ''
      const bottom = `└${(widths ?? []).map((one) => '─'.repeat(one + 2)).join('┴')}┘`
      return `${head}${bottom}\n`
    },
  }
}

function cellWidths(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): number[] {
  const widths = columns.map((column) => textWidth(formatCell(column.name)))
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, textWidth(cell))
  }
  return widths.map((width) => Math.max(1, width))
}

/** Takes from the widest columns until the table fits; every column keeps some room. */
function shrink(widths: readonly number[], width: number): number[] {
  const room = Math.max(width - 3 * widths.length - 1, 8 * widths.length)
  let cap = Math.max(...widths)
  while (cap > 8 && widths.reduce((sum, one) => sum + Math.min(one, cap), 0) > room) cap -= 1
  return widths.map((one) => Math.min(one, cap))
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)))
  return right ? space + text : text + space
}
