import type { ReplayAnswer } from '../engine/serve/service.ts'
import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatMany, formatPosition, formatRate, formatSeconds } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'

/** `evert replay`: builds views anew from the log beside the live ones, then swaps; one after the other. */
export const replay: CommandSpec = {
  usage: 'replay <views...>',
  summary: 'builds views anew from the log, beside the live ones, then swaps them',
  description:
    'Several are built one after the other, and the first that fails ends it: those before it stand. ' +
    'Readers see the old rows until the swap. Ctrl-C leaves the view that is being built as it was.',
  example: 'evert replay order_view\nevert replay order_view orders_by_status',
  async run(context, [named]) {
    const { terminal, signal } = context
    const views = new Set(named as readonly string[])
    const progress = progressDisplay(terminal)
    await withService(context, async (service) => {
      try {
        for (const view of views) {
          const answer = await service.replay(view, { signal, onProgress: progress.show })
          progress.clear()
          if (terminal.json) await terminal.printJson(answer)
          else await terminal.print(replayedText(answer))
        }
      } finally {
        progress.clear()
      }
    })
    return undefined
  },
}

function replayedText(answer: ReplayAnswer): string {
  const rate = answer.seconds > 0 ? ` (${formatRate(answer.events / answer.seconds)})` : ''
  return (
    `${answer.view}: ${formatMany(answer.rows, 'row')} from ${formatMany(answer.events, 'event')} in ${formatSeconds(answer.seconds)}${rate}, ` +
    `version ${answer.version}, at ${formatPosition(answer.position)}\n`
  )
}
