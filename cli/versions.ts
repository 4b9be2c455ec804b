import type { VersionInfo } from '../engine/serve/versions-answer.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatBytes, formatCount } from './terminal/format.ts'
import { shortened, stateText } from './terminal/state.ts'
import { renderTable } from './terminal/table.ts'

const columns = [
  { name: 'view' },
  { name: 'version' },
  { name: 'role' },
  { name: 'state' },
  { name: 'declared' },
  { name: 'rows', right: true },
  { name: 'bytes in file', right: true },
]

/** `evert versions`: which versions of each view are kept, and at which one its name points. */
export const versions: CommandSpec = {
  usage: 'versions [view]',
  summary: 'lists the versions of views that are kept, and which one each name points at',
  description:
    'A previous version is kept up to date until it is discarded, so `evert rollback` goes back to it at once. ' +
    'How many are kept is the setting previousVersionsMax (1).',
  example: 'evert versions order_view',
  async run(context, [view]) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.versions(view as string | undefined, { signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(renderTable(columns, found.map(row), terminal.width))
    return undefined
  },
}

function row(one: VersionInfo): string[] {
  return [
    one.view,
    one.version,
    one.role,
    shortened(stateText(one)),
    one.declared ? 'yes' : '',
    one.rows === null ? '' : formatCount(one.rows),
    one.bytes === null ? '' : formatBytes(one.bytes),
  ]
}
