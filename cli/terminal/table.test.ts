import { expect, test } from 'vitest'
import { renderTable, tableWriter } from './table.ts'

const columns = [{ name: 'sku' }, { name: 'total', right: true }]

test('aligns in a pipe, without lines or blanks at the end', () => {
  expect(
    renderTable(
      columns,
      [
        ['lamp', '10'],
        ['a chair', null],
      ],
      undefined,
    ),
  ).toBe('sku      total\nlamp        10\na chair\n')
})

test('draws lines on a terminal', () => {
  expect(
    renderTable(
      columns,
      [
        ['lamp', '10'],
        ['日本', '7'],
      ],
      80,
    ),
  ).toBe(
    ['┌──────┬───────┐', '│ sku  │ total │', '├──────┼───────┤', '│ lamp │    10 │', '│ 日本 │     7 │', '└──────┴───────┘', ''].join('\n'),
  )
})

test.each([[undefined], [80]])('goes on with the first batch’s widths (width %s)', (width) => {
  const table = tableWriter(columns, width)
  const text = table.rows([['lamp', '10']]) + table.rows([['chair', '123456789']]) + table.end()
  const lines = text.trimEnd().split('\n')
  expect(lines.filter((line) => line.includes('total'))).toHaveLength(1)
  expect(text.replace(/[^a-z0-9]/g, '')).toContain(width === undefined ? 'chair123456789' : 'chai12345r6789')
})

test.each([[undefined], [80]])('shows the head when there are no rows (width %s)', (width) => {
  expect(renderTable(columns, [], width)).toContain('total')
})

test('keeps within the terminal, and shows long values in several lines', () => {
  const text = renderTable(columns, [['x'.repeat(100), '1']], 40)
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40)
  expect(text.match(/x/g)).toHaveLength(100)
})

test('an answer without columns prints nothing', () => {
  expect(renderTable([], [], 80)).toBe('')
})
