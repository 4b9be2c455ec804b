import { EvertError } from '../../errors.ts'

/** DuckDB's syntax error with the file's own line and a caret. Its position counts the SELECT's code points. */
export function syntaxError(error: unknown, file: string, text: string, selectAt: number): unknown {
  if (!(error instanceof EvertError) || error.code !== 'sql-invalid') return error
  return located(
    error,
    error.message,
    file,
    text,
    selectAt + [...text.slice(selectAt)].slice(0, Number(error.details.at ?? 0)).join('').length,
  )
}

/**
 * DuckDB's error about a name or a type. It points into the text as DuckDB printed it, so the word that it points at is
 * looked for in the file; where it is not found the view's first line has to do.
 */
export function bindingError(error: Error, file: string, text: string, selectAt: number): EvertError {
  const word = wordAtCaret(error.message)
  const found =
    word === undefined ? -1 : (new RegExp(`(?<![\\w"])"?${escaped(word)}"?(?![\\w"])`, 'i').exec(text.slice(selectAt))?.index ?? -1)
  return located(error, message(error), file, text, selectAt + Math.max(found, 0))
}

/** A refusal of a view's text by its file; by line and column too, where `details.byte` says where in the SELECT it is. */
export function refusal(error: unknown, file: string, text: string, selectAt: number): unknown {
  if (!(error instanceof EvertError)) return error
  const { byte, ...details } = error.details
  if (typeof byte !== 'number')
    return new EvertError(error.code, `${file}: ${error.message}`, { cause: error, details: { ...details, file } })
  const before = Buffer.from(text.slice(selectAt)).subarray(0, byte).toString()
  return located(error, error.message, file, text, selectAt + before.length, details)
}

/** What DuckDB says, without the line that it printed itself. */
export function firstLine(message: string): string {
  return message.split('\n')[0] ?? message
}

/** DuckDB's error without the statement that it shows below: that is generated, and says nothing to who wrote the view. */
export function withoutPrintedSql(message: string): string {
  return message.replace(/\n+LINE \d+: [\s\S]*$/, '')
}

function message(error: Error): string {
  const said = withoutPrintedSql(error.message)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join(' ')
  return /Expected \d+ parameters?/.test(said) ? 'A view has no parameters: write the value in place of $1 or ?.' : said
}

function wordAtCaret(message: string): string | undefined {
  const lines = message.split('\n')
  const at = lines.findIndex((line) => line.startsWith('LINE '))
  const caret = lines[at + 1]?.indexOf('^') ?? -1
  if (at < 0 || caret < 0) return undefined
  return /^(?:"?\w+"?\.)*"?(\w+)/.exec((lines[at] ?? '').slice(caret))?.[1]
}

function located(cause: Error, said: string, file: string, text: string, at: number, details: EvertError['details'] = {}): EvertError {
  const before = text.slice(0, at).split('\n')
  const line = before.length
  const column = (before.at(-1) ?? '').length
  const source = text.split('\n')[line - 1] ?? ''
  return new EvertError('sql-invalid', `${file}:${line}:${column + 1}: ${said}\n  ${source}\n  ${' '.repeat(column)}^`, {
    cause,
    details: { ...details, file, line, column: column + 1 },
  })
}

function escaped(word: string): string {
  return word.replaceAll(/[^\w]/g, '\\$&')
}
