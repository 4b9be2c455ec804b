import type { ViewInfo } from '../engine/serve/service.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatCount, formatPosition } from './terminal/format.ts'
import { shortened, stateText } from './terminal/state.ts'
import { renderTable } from './terminal/table.ts'

const columns = [
  { name: 'view' },
  { name: 'kind' },
  { name: 'strategy' },
  { name: 'state' },
  { name: 'rows', right: true },
  { name: 'reads' },
  { name: 'position' },
]

/** `evert views`: what is kept up to date, how, and up to where. */
export const views: CommandSpec = {
  usage: 'views',
  summary: 'lists views, tables and streams that can be queried',
  example: 'evert views',
  async run(context) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.views({ signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(renderTable(columns, found.map(viewRow), terminal.width))
    return undefined
  },
}

function viewRow(view: ViewInfo): string[] {
  return [
    view.name,
    view.kind,
    view.strategy,
    shortened(stateText(view)),
    view.rows === null ? '' : formatCount(view.rows),
    view.reads.join(', '),
    formatPosition(view.position),
  ]
}
