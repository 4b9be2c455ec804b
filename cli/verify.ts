import type { VerifyAnswer } from '../engine/serve/service.ts'
import { exitCodes } from '../errors.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatCell, formatCount, formatMany, formatPosition, formatSeconds } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'
import { renderTable } from './terminal/table.ts'

/** `evert verify`: recomputes views from the log and compares; exit code 3 when one differs, 1 when one is not there to compare. */
export const verify: CommandSpec = {
  usage: 'verify [views...]',
  summary: 'recomputes views from the log and compares',
  description:
    'All views when none is named. Exit code 0: all are equal; 3: one differs, and a sample of the differing rows is printed; ' +
    '1: one failed, is not built, or has another definition than its rows, and the others are equal.',
  example: 'evert verify\nevert verify order_view --json',
  async run(context, [named]) {
    const { terminal, signal } = context
    const views = Array.isArray(named) && named.length > 0 ? (named as readonly string[]) : undefined
    const progress = progressDisplay(terminal)
    let differs = false
    let failed = false
    await withService(context, async (service) => {
      try {
        for await (const answer of service.verify(views, { signal, onProgress: progress.show })) {
          progress.clear()
          if (answer.error !== undefined) failed = true
          else differs ||= !answer.equal
          if (terminal.json) await terminal.printJson(answer)
          else await terminal.print(verifiedText(answer, terminal.width))
        }
      } finally {
        progress.clear()
      }
    })
    // A difference is what the command looks for, so it is told first.
    if (differs) return exitCodes.differs
    return failed ? exitCodes.failed : undefined
  },
}

function verifiedText(answer: VerifyAnswer, width: number | undefined): string {
  if (answer.error !== undefined) return `${answer.view}: NOT VERIFIED, ${answer.error.code}: ${formatCell(answer.error.message)}\n`
  const tolerance = answer.tolerance === undefined ? '' : `, ${answer.tolerance}`
  const base = `${formatMany(answer.rows, 'row')} from ${formatMany(answer.events, 'event')} in ${formatSeconds(answer.seconds)}${tolerance}, at ${formatPosition(answer.position)}`
  if (answer.equal) return `${answer.view}: equal, ${base}\n`
  const names = [...new Set(answer.differences.flatMap((one) => Object.keys(one.row)))]
  const columns = [{ name: 'only in' }, { name: 'times', right: true }, ...names.map((name) => ({ name }))]
  const rows = answer.differences.map((one) => [one.only, formatCount(one.times), ...names.map((name) => one.row[name])])
  const sample = answer.differences.length < answer.differing ? `, the first ${answer.differences.length}:` : ':'
  return `${answer.view}: DIFFERS in ${formatMany(answer.differing, 'row')} (${base})${sample}\n${renderTable(columns, rows, width)}`
}
