import { type Command, InvalidArgumentError } from 'commander'
import type { ApplyAnswer, ComparedView } from '../engine/serve/apply-answer.ts'
import { exitCodes } from '../errors.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatCount, formatMany, formatRate, formatSeconds } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'
import { renderTable } from './terminal/table.ts'

const columns = [
  { name: 'view' },
  { name: 'rows before', right: true },
  { name: 'rows after', right: true },
  { name: 'only before', right: true },
  { name: 'only after', right: true },
  { name: 'compared by' },
]

/** `evert apply`: what is declared is built beside what is served, compared, and takes its place, all at once. */
export const apply: CommandSpec = {
  usage: 'apply',
  summary: 'builds all that is new or changed beside what is served, compares, and moves all names at once',
  description:
    'One pass over the log for all views. Readers see the old rows until then, and the old versions are kept for `evert rollback`. ' +
    'Ctrl-C takes back what was not built to its end; run again, it builds what is not there yet. Ends with 3 when more differs than --max-differing allows.',
  example: 'evert apply\nevert apply --max-differing 5\nevert apply --no-promote',
  options: (command: Command) =>
    command
      .option('--no-promote', 'leave what is built ready: `evert promote` moves the names')
      .option('--max-differing <percent>', 'move no name if of any view more rows differ than this share', percent),
  async run(context, _, options) {
    const { terminal, signal } = context
    const progress = progressDisplay(terminal)
    const differMax = options.maxDiffering as number | undefined
    const what = { promote: options.promote !== false, ...(differMax === undefined ? {} : { differMax: differMax / 100 }) }
    const found = await withService(context, async (service) => {
      try {
        return await service.apply(what, { signal, onProgress: progress.show })
      } finally {
        progress.clear()
      }
    })
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(appliedText(found, terminal.width))
    return found.held !== undefined && what.promote ? exitCodes.differs : undefined
  },
}

function percent(text: string): number {
  const share = Number(text)
  if (text.trim() !== '' && share >= 0 && share <= 100) return share
  throw new InvalidArgumentError('A number from 0 to 100 is wanted.')
}

function appliedText(found: ApplyAnswer, width: number | undefined): string {
  const { built, events, seconds, compared, promoted, removed, held } = found
  if (built.length + promoted.length + removed.length === 0 && held === undefined)
    return 'Nothing has changed: what is declared is what is served.\n'
  const rate = seconds > 0 && events > 0 ? ` (${formatRate(events / seconds)})` : ''
  const lines = [
    ...(built.length > 0
      ? [`built ${built.map(({ view }) => view).join(', ')} from ${formatMany(events, 'event')} in ${formatSeconds(seconds)}${rate}`]
      : []),
    ...promoted.map(({ view, version, before }) => `${view}: ${version}${before === null ? '' : `, was ${before}`}`),
    ...removed.map(({ view }) => `${view}: removed`),
    ...(held === undefined ? [] : [`No name was moved: ${held}.`]),
  ]
  const table = compared.length > 0 ? renderTable(columns, compared.map(row), width) : ''
  return `${table}${lines.map((line) => `${line}\n`).join('')}`
}

function row({ view, rowsBefore, rowsAfter, onlyBefore, onlyAfter, by }: ComparedView): string[] {
  return [view, ...[rowsBefore, rowsAfter, onlyBefore, onlyAfter].map(formatCount), by.join(', ')]
}
