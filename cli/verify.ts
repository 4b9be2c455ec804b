import type { VerifyAnswer } from '../engine/serve/service.ts'
import { exitCodes } from '../errors.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatCount, formatMany, formatPosition, formatSeconds } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'
import { renderTable } from './terminal/table.ts'

/** `evert verify`: recomputes views from the log and compares; exit code 3 when one differs. */
export const verify: CommandSpec = {
  usage: 'verify [views...]',
  summary: 'recomputes views from the log and compares',
  description: 'All views when none is named. Exit code 0: all are equal; 3: one differs, and a sample of the differing rows is printed.',
  example: 'evert verify\nevert verify order_view --json',
  async run(context, [named]) {
    const { terminal, signal } = context
    const views = Array.isArray(named) && named.length > 0 ? (named as readonly string[]) : undefined
    const progress = progressDisplay(terminal)
    let differs = false
    await withService(context, async (service) => {
      try {
        for await (const answer of service.verify(views, { signal, onProgress: progress.show })) {
          progress.clear()
          differs ||= !answer.equal
          if (terminal.json) await terminal.printJson(answer)
          else await terminal.print(verifiedText(answer, terminal.width))
        }
      } finally {
        progress.clear()
      }
    })
    return differs ? exitCodes.differs : undefined
  },
}

function verifiedText(answer: VerifyAnswer, width: number | undefined): string {
  const tolerance = answer.tolerance === undefined ? '' : `, ${answer.tolerance}`
  const base = `${formatMany(answer.rows, 'row')} from ${formatMany(answer.events, 'event')} in ${formatSeconds(answer.seconds)}${tolerance}, at ${formatPosition(answer.position)}`
  if (answer.equal) return `${answer.view}: equal, ${base}\n`
  const names = [...new Set(answer.differences.flatMap((one) => Object.keys(one.row)))]
  const columns = [{ name: 'only in' }, { name: 'times', right: true }, ...names.map((name) => ({ name }))]
  const rows = answer.differences.map((one) => [one.only, formatCount(one.times), ...names.map((name) => one.row[name])])
  const sample = answer.differences.length < answer.differing ? `, the first ${answer.differences.length}:` : ':'
  return `${answer.view}: DIFFERS in ${formatMany(answer.differing, 'row')} (${base})${sample}\n${renderTable(columns, rows, width)}`
}
