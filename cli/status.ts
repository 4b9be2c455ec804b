import type { ConsumerCounts, StatusInfo } from '../engine/serve/service.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatCell, formatCount, formatPosition } from './terminal/format.ts'
import { renderTable } from './terminal/table.ts'

/** `evert status`: where log, views and processors stand; for every consumer read = applied + dead + skipped. */
export const status: CommandSpec = {
  usage: 'status',
  summary: 'tells where the log, the views and the processors stand',
  description: 'For every consumer of a stream, read = applied + dead + skipped.',
  example: 'evert status',
  async run(context) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.status({ signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(statusText(found, terminal.width))
    return undefined
  },
}

const consumerColumns = ['consumer', 'stream', 'read', 'applied', 'dead', 'skipped'].map((name, column) => ({ name, right: column > 1 }))
const processorColumns = [{ name: 'processor' }, { name: 'position' }, { name: 'behind', right: true }]

function statusText(found: StatusInfo, width: number | undefined): string {
  const engine = found.running ? `runs${found.pid === null ? '' : `, process ${found.pid}`}` : 'does not run'
  const facts = [
    ['engine', found.halted === undefined ? engine : `halted: ${found.halted}`],
    ['project', found.project],
    ['data', found.dataDir],
    ['log', `${found.log.kind} ${found.log.id}`],
    ['position', formatPosition(found.position)],
    ['log ends', formatPosition(found.ends)],
    ['behind', `${formatCount(found.lagEvents)} events`],
    ['committed', found.committedAt ?? 'never'],
    ...found.failedViews.map(({ view, error }) => ['failed', `${view}: ${error}`]),
    ...found.replays.map(({ view, done, total }) => ['replay', `${view}: ${formatCount(done)} of ${formatCount(total)} events`]),
  ]
  const lines = facts.map(([name = '', value = '']) => `${name.padEnd(10)} ${formatCell(value)}\n`)
  const consumers = found.consumers.length === 0 ? '' : `\n${renderTable(consumerColumns, found.consumers.map(consumerRow), width)}`
  const rows = found.processors.map(({ name, position, lagEvents }) => [
    name,
    position.map((offset, partition) => `${partition}:${offset}`).join(' '),
    formatCount(lagEvents),
  ])
  return lines.join('') + consumers + (rows.length === 0 ? '' : `\n${renderTable(processorColumns, rows, width)}`)
}

function consumerRow(one: ConsumerCounts): string[] {
  return [one.consumer, one.stream, ...[one.read, one.applied, one.dead, one.skipped].map(formatCount)]
}
