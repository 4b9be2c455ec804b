import type { CommandSpec } from './command.ts'
import { withService } from './project/open-service.ts'
import { formatMany, formatPosition, formatRate, formatSeconds } from './terminal/format.ts'
import { progressDisplay } from './terminal/progress.ts'

/** `evert replay`: builds a view anew from the log beside the live one, then swaps. */
export const replay: CommandSpec = {
  usage: 'replay <view>',
  summary: 'builds a view anew from the log, beside the live one, then swaps them',
  description: 'Readers see the old rows until the swap. Ctrl-C leaves everything as it was.',
  example: 'evert replay order_view',
  async run(context, [view]) {
    const { terminal, signal } = context
    const progress = progressDisplay(terminal)
    try {
      const answer = await withService(context, (service) => service.replay(view as string, { signal, onProgress: progress.show }))
      progress.clear()
      if (terminal.json) await terminal.printJson(answer)
      else {
        const rate = answer.seconds > 0 ? ` (${formatRate(answer.events / answer.seconds)})` : ''
        await terminal.print(
          `${answer.view}: ${formatMany(answer.rows, 'row')} from ${formatMany(answer.events, 'event')} in ${formatSeconds(answer.seconds)}${rate}, ` +
            `version ${answer.version}, at ${formatPosition(answer.position)}\n`,
        )
      }
    } finally {
      progress.clear()
    }
    return undefined
  },
}
