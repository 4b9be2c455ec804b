import type { Explanation } from '../engine/serve/service.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatCell, formatCount, formatPosition } from './terminal/format.ts'
import { stateText } from './terminal/state.ts'
import { renderTable } from './terminal/table.ts'

/** `evert explain`: how a view is kept up to date, and why so. */
export const explain: CommandSpec = {
  usage: 'explain <view>',
  summary: 'tells how a view is kept up to date, and why so',
  example: 'evert explain order_view',
  async run(context, [view]) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.explain(view as string, { signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(explanationText(found, terminal.width))
    return undefined
  },
}

function explanationText(view: Explanation, width: number | undefined): string {
  const facts: [string, string | undefined][] = [
    ['view', view.name],
    ['declared in', view.file],
    ['strategy', `${view.strategy}: ${view.reason}`],
    ['reads', view.reads.join(', ')],
    ['version', view.version],
    ['state', stateText(view)],
    ['changed', view.changed ? `the rows are of the definition before; evert replay ${view.name} builds them anew` : undefined],
    ['rows', view.rows === null ? undefined : formatCount(view.rows)],
    ['position', formatPosition(view.position)],
    ['advice', view.advice],
  ]
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)} ${formatCell(value)}`]))
  const columns = renderTable(
    [{ name: 'column' }, { name: 'type' }],
    view.columns.map((column) => [column.name, column.type]),
    width,
  )
  const plan = view.plan.length === 0 ? [] : ['', 'plan', ...view.plan.map((step) => `  ${step}`)]
  const sql =
    view.sql === undefined
      ? []
      : [
          '',
          'sql',
          ...view.sql
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ]
  return `${[...lines, '', columns.trimEnd(), ...plan, ...sql].join('\n')}\n`
}
