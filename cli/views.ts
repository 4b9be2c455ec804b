import type { ViewInfo } from '../engine/serve/service.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatBytes, formatCount, formatPosition } from './terminal/format.ts'
import { shortened, stateText } from './terminal/state.ts'
import { renderTable } from './terminal/table.ts'

const columns = [
  { name: 'view' },
  { name: 'kind' },
  { name: 'strategy' },
  { name: 'state' },
  { name: 'rows', right: true },
  { name: 'bytes in file', right: true },
  { name: 'grows with' },
  { name: 'reads' },
  { name: 'position' },
]

/** `evert views`: what is kept up to date, how, at what size, and up to where. */
export const views: CommandSpec = {
  usage: 'views',
  summary: 'lists views, tables and streams that can be queried',
  description:
    'Bytes are those of all that is kept for a view, as DuckDB’s file holds them; * marks what several views share, which the total ' +
    'below counts once (a table in the file takes at least a block of 256 KiB). A state that grows with events or values has no bound.',
  example: 'evert views',
  async run(context) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.views({ signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(renderTable(columns, found.map(viewRow), terminal.width) + totalText(found))
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
    view.bytes === null ? '' : `${formatBytes(view.bytes)}${view.shared.length > 0 ? '*' : ''}`,
    growthWords[view.growth],
    view.reads.join(', '),
    formatPosition(view.position),
  ]
}

const growthWords: Readonly<Record<ViewInfo['growth'], string>> = {
  fixed: 'nothing',
  keys: 'keys',
  retained: 'nothing (retention)',
  values: 'values (unbounded)',
  events: 'events (unbounded)',
}

/** The sum in which each shared part counts once, and who shares. */
function totalText(views: readonly ViewInfo[]): string {
  const own = views.reduce((sum, view) => sum + (view.bytes ?? 0) - bytesOf(view.shared), 0)
  const shared = new Map(
    views.flatMap((view) => view.shared.map((part) => [part.part, { ...part, views: [view.name, ...part.with].sort() }])),
  )
  const bySharers = new Map<string, number>()
  for (const { views: sharers, bytes } of shared.values()) {
    const names = sharers.join(', ')
    bySharers.set(names, (bySharers.get(names) ?? 0) + bytes)
  }
  const lines = [...bySharers].map(([names, bytes]) => `* ${formatBytes(bytes)} kept once for ${names}`)
  return `${[`total ${formatBytes(own + bytesOf([...shared.values()]))}`, ...lines].join('\n')}\n`
}

function bytesOf(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0)
}
