import type { PlanAnswer, PlannedChange } from '../engine/serve/plan-answer.ts'
import { exitCodes } from '../errors.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatBytes, formatCell, formatCount, formatMany, formatSeconds } from './terminal/format.ts'
import { renderTable } from './terminal/table.ts'

const columns = [
  { name: 'view' },
  { name: 'kind' },
  { name: 'change' },
  { name: 'because of' },
  { name: 'strategy' },
  { name: 'events', right: true },
  { name: 'time', right: true },
  { name: 'bytes', right: true },
  { name: 'read by' },
]

/** `evert plan`: what is declared against what is kept, and what building it takes. Exit code 3 when they differ. */
export const plan: CommandSpec = {
  usage: 'plan',
  summary: 'tells what has changed since the views were built, who reads it, and how long building it takes',
  description:
    'Nothing is changed. Times and bytes are in proportion to a sample that is built from the first events of the log, in a second or two. ' +
    'Ends with 0 when there is nothing to do and with 3 when there is.',
  example: 'evert plan',
  async run(context) {
    const { terminal, signal } = context
    const found = await withService(context, (service) => service.plan({ signal }))
    if (terminal.json) await terminal.printJson(found)
    else await terminal.print(planText(found, terminal.width))
    return found.changes.length > 0 ? exitCodes.differs : exitCodes.ok
  },
}

function planText(found: PlanAnswer, width: number | undefined): string {
  const { changes } = found
  if (changes.length === 0) return 'Nothing has changed: what is declared is what is kept.\n'
  const notes = [
    ...changes.flatMap(noticed),
    ...changes.flatMap(({ name, columnsAdded }) => (columnsAdded.length > 0 ? [`${name}: new ${columnsAdded.join(', ')}`] : [])),
    ...changes.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name} cannot be built: ${problem}`])),
    ...(found.estimate
      ? [`all together ${timeText(found.estimate)} for ${formatMany(found.estimate.events, 'event')}, ${measuredText(found.estimate)}`]
      : []),
    ...remedies(found),
  ]
  return `${renderTable(columns, changes.map(row), width)}\n${notes.map((note) => `${formatCell(note)}\n`).join('')}`
}

function row({ name, kind, change, because, strategy, estimate, readBy }: PlannedChange): string[] {
  const cost = estimate ? [formatCount(estimate.events), timeText(estimate), formatBytes(estimate.bytes)] : ['', '', '']
  return [name, kind, change, because.join('; '), strategy ?? '', ...cost, readBy.join(', ')]
}

function timeText({ secondsMin, secondsMax }: NonNullable<PlannedChange['estimate']>): string {
  return `${formatSeconds(secondsMin)} to ${formatSeconds(secondsMax)}`
}

function measuredText({ sampled, events }: NonNullable<PlannedChange['estimate']>): string {
  return sampled >= events ? 'all of which were measured' : `of which ${formatCount(sampled)} were measured`
}

function noticed({ name, breaking }: PlannedChange): readonly string[] {
  return breaking.map((one) => {
    if (one.what === 'view removed') return `breaking: ${name} goes`
    if (one.what === 'column dropped') return `breaking: ${name} loses the column ${one.column} (${one.type})`
    return `breaking: ${name}: the column ${one.column} is ${one.to}, and was ${one.from}`
  })
}

/** What does it. */
function remedies({ changes, schemas }: PlanAnswer): readonly string[] {
  const kept = changes.filter(({ isKept }) => isKept)
  const changed = changes.filter(({ change, kind, isKept }) => change === 'changed' && !isKept && (kind === 'sql' || kind === 'fold'))
  const others = changes.some(({ change }) => change !== 'changed')
  // By another schema nothing can be built beside what is served.
  const applies = schemas.length === 0 && (changed.length > 0 || changes.some(({ change }) => change === 'removed'))
  return [
    ...(kept.length > 0
      ? [
          `evert promote ${kept.map(({ name }) => name).join(' ')}: what is declared is kept since it was rolled back, so nothing is to be built`,
        ]
      : []),
    ...(applies ? ['evert apply builds what is new or changed beside what is served, compares, and moves all names at once'] : []),
    ...(changed.length > 0 && !applies
      ? [`evert replay ${changed.map(({ name }) => name).join(' ')} builds what has changed beside what is there, and swaps`]
      : []),
    ...(others && !applies
      ? [`evert run builds what is new${changes.some(({ change }) => change === 'removed') ? ', and drops what is removed' : ''}`]
      : []),
  ]
}
