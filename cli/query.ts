import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { type Command, InvalidArgumentError } from 'commander'
import type { QueryAnswer } from '../engine/serve/service.ts'
import { asEvertError, EvertError } from '../errors.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { csvLine } from './terminal/csv.ts'
import { formatMany, formatPosition } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'
import { jsonRows } from './terminal/rows-json.ts'
import { isNumberType } from './terminal/sql-types.ts'
import { tableWriter } from './terminal/table.ts'
import type { Terminal } from './terminal/terminal.ts'

/** Rows of a batch as text, before the first and after the last. */
interface RowWriter {
  rows(rows: readonly (readonly unknown[])[]): string
  end(): string
}

/** `evert query`: one SELECT, its rows as they come, then the position at which they are true. */
export const query: CommandSpec = {
  usage: 'query [sql]',
  summary: 'runs one SELECT over views, tables and streams',
  description:
    'Read-only. Rows go to standard output as they come, the position at which they are true to standard error. ' +
    'With --json a row is one line with an object; integers of 64 bits and decimals are strings in it.',
  example: 'evert query "SELECT * FROM order_view ORDER BY orderId LIMIT 10"\nevert query --file sql/queries/report.sql --csv > report.csv',
  options: (command: Command) => {
    command.option('--file <file>', 'reads the SQL from a file (- is standard input)')
    command.option('--csv', 'CSV on standard output')
    command.option('--limit-rows <count>', 'fails when there are more rows', positiveInteger)
    command.option('--timeout <seconds>', 'fails when it takes longer', positiveInteger)
  },
  async run({ terminal, signal, ...context }, [sql], options) {
    const text = await sqlOf(sql as string | undefined, options.file as string | undefined)
    if (options.csv === true && terminal.json) throw new EvertError('usage', 'Cannot print --csv and --json at once: choose one.')
    const progress = progressDisplay(terminal)
    const limits = {
      ...(typeof options.limitRows === 'number' && { rowsMax: options.limitRows }),
      ...(typeof options.timeout === 'number' && { timeoutMs: options.timeout * 1_000 }),
    }
    await withService({ terminal, signal, ...context }, async (service) => {
      try {
        const answer = await service.query(text, limits, { signal, onProgress: progress.show })
        progress.clear()
        const rows = await printRows(terminal, answer, rowWriter(terminal, answer, options.csv === true))
        if (terminal.json) terminal.note(JSON.stringify({ rows, position: answer.position }))
        else terminal.note(`${formatMany(rows, 'row')} at ${formatPosition(answer.position)}`)
      } finally {
        progress.clear()
      }
    })
    return undefined
  },
}

async function printRows(terminal: Terminal, answer: QueryAnswer, writer: RowWriter): Promise<number> {
  let count = 0
  for await (const rows of answer.rows) {
    await terminal.print(writer.rows(rows))
    count += rows.length
    if (terminal.outClosed) return count
  }
  await terminal.print(writer.end())
  return count
}

function rowWriter(terminal: Terminal, answer: QueryAnswer, csv: boolean): RowWriter {
  const names = answer.columns.map((column) => column.name)
  if (terminal.json) return { rows: jsonRows(names), end: () => '' }
  if (csv) return csvRows(names)
  return tableWriter(
    answer.columns.map(({ name, type }) => ({ name, right: isNumberType(type) })),
    terminal.width,
  )
}

function csvRows(names: readonly string[]): RowWriter {
  let head = `${csvLine(names)}\n`
  const withHead = (text: string): string => {
    const all = head + text
    head = ''
    return all
  }
  return { rows: (rows) => withHead(rows.map((row) => `${csvLine(row)}\n`).join('')), end: () => withHead('') }
}

async function sqlOf(sql: string | undefined, file: string | undefined): Promise<string> {
  if ((sql === undefined) === (file === undefined)) {
    throw new EvertError('usage', 'Cannot tell which SQL to run: give it as the argument or with --file, one of the two.')
  }
  if (sql !== undefined) return sql
  try {
    if (file === '-') return await textOf(process.stdin)
    return await readFile(file as string, 'utf8')
  } catch (thrown) {
    throw new EvertError('usage', `Cannot read the SQL from ${file}: ${asEvertError(thrown).message}.`, { cause: thrown })
  }
}

function positiveInteger(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Wanted a positive whole number.')
}
