/** Structured logs on standard error: JSON for machines, one line each for people. */
import { type Logger, pino } from 'pino'
import { formatCell } from './format.ts'
import type { Terminal } from './terminal.ts'

/** `level` as in the project's configuration; `beforeLine` makes room on the terminal. */
export function createLogger(level: string, terminal: Terminal, beforeLine: () => void = () => undefined): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const write = (line: string): void => {
    beforeLine()
    process.stderr.write(logLine(line))
  }
  return terminal.live ? pino(options, { write }) : pino(options, pino.destination({ dest: 2, sync: true }))
}

/** `12:30:05 warn  dead letter  stream=shop offset=3`, from one line of JSON. */
export function logLine(json: string): string {
  const { time, level, msg, ...rest } = JSON.parse(json) as Record<string, unknown>
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${fieldText(value)}`)
  return `${[String(time).slice(11, 19), String(level).padEnd(5), formatCell(msg ?? ''), ...fields].join(' ').trimEnd()}\n`
}

function fieldText(value: unknown): string {
  const text = formatCell(value)
  return /\s/.test(text) && typeof value !== 'object' ? JSON.stringify(text) : text
}
