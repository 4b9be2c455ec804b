import type { Command } from 'commander'
import type { Explanation } from '../engine/serve/service.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatBytes, formatCell, formatCount, formatPosition } from './terminal/format.ts'
import { stepLines } from './terminal/measured.ts'
import { planTree } from './terminal/plan-tree.ts'
import { stateText } from './terminal/state.ts'
import { renderTable } from './terminal/table.ts'

/** `evert explain`: how a view is kept up to date, why so, and what it costs. */
export const explain: CommandSpec = {
  usage: 'explain <view>',
  summary: 'tells how a view is kept up to date, why so, and what it costs',
  description:
    'The plan is a tree: the view on top, what is kept below it, down to streams and tables. Times are those of the running ' +
    'engine’s last batches; without an engine there are none. With --analyze each step of them is shown.',
  example: 'evert explain order_view\nevert explain order_view --analyze',
  options: (command: Command) => {
    command.option('--analyze', 'shows time and rows of each step of the last batches')
  },
  async run(context, [view], options) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.explain(view as string, { signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(explanationText(found, options.analyze === true, terminal.width))
    return undefined
  },
}

function explanationText(view: Explanation, analyze: boolean, width: number | undefined): string {
  const facts: [string, string | undefined][] = [
    ['view', view.name],
    ['declared in', view.file],
    ['strategy', `${view.strategy}: ${view.reason}`],
    ['reads', view.reads.join(', ')],
    ['version', view.version],
    ['state', stateText(view)],
    ['changed', view.changed ? `the rows are of the definition before; evert replay ${view.name} builds them anew` : undefined],
    ['rows', rowsText(view.rows, view.bytes)],
    ['position', formatPosition(view.position)],
    ['advice', view.advice],
    ...view.warnings.map((warning): [string, string] => ['warning', warning]),
    ...view.notes.map((note): [string, string] => ['note', note]),
  ]
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)} ${formatCell(value)}`]))
  const columns = renderTable(
    [{ name: 'column' }, { name: 'type' }],
    view.columns.map((column) => [column.name, column.type]),
    width,
  )
  const plan = ['', 'plan', ...indented(planTree(view.plan, { analyze }))]
  const sql = view.sql === undefined ? [] : ['', 'sql', ...indented(view.sql.trimEnd().split('\n'))]
  return `${[...lines, ...plan, ...(analyze ? analyzed(view) : []), '', columns.trimEnd(), ...sql].join('\n')}\n`
}

/** What belongs to no part: decoding, and why there are no times. */
function analyzed(view: Explanation): string[] {
  if (view.decoding.length > 0) return ['', 'decoding, for all that read the same events', ...indented(stepLines(view.decoding))]
  if (view.plan.measured !== undefined) return []
  return ['', 'no batch was measured: times are of the engine that runs (evert run), since it started']
}

/** Rows that are shown, and what is kept for them. */
function rowsText(rows: number | null, bytes: number | null): string | undefined {
  if (rows === null) return undefined
  return bytes === null ? formatCount(rows) : `${formatCount(rows)}; all that is kept for them: ${formatBytes(bytes)} in DuckDB’s file`
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`.trimEnd())
}
