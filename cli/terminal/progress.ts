/** How far a long command is: a bar on a terminal, a line every two seconds elsewhere, always on standard error. */
import cliProgress, { type SingleBar } from 'cli-progress'
import type { Progress } from '../../engine/serve/service.ts'
import { formatCount, formatRate, formatSeconds } from './format.ts'
import type { Terminal } from './terminal.ts'

const lineMsMin = 2_000

export interface ProgressDisplay {
  readonly show: (progress: Progress) => void
  /** Takes the bar away; more may be shown after it. */
  clear(): void
}

/** `replay  1,200,000 of 3,000,000 events, 1.20M/s, 1.5 s left` */
export function progressLine(progress: Progress): string {
  const { phase, done, total, unit, perSecond } = progress
  const count = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`
  const left = total === undefined || perSecond <= 0 ? '' : `, ${formatSeconds(Math.max(0, total - done) / perSecond)} left`
  return `${phase}  ${count} ${unit}, ${formatRate(perSecond)}${left}`
}

/** Progress as `terminal` can show it: not at all with `--json`, whose reader wants the answer only. */
export function progressDisplay(terminal: Terminal): ProgressDisplay {
  if (terminal.json) return { show: () => undefined, clear: () => undefined }
  return terminal.live ? barDisplay() : lineDisplay(terminal)
}

function lineDisplay(terminal: Terminal): ProgressDisplay {
  let last = performance.now()
  return {
    show(progress) {
      const now = performance.now()
      if (now - last < lineMsMin) return
      last = now
      terminal.note(progressLine(progress))
    },
    clear: () => undefined,
  }
}

function barDisplay(): ProgressDisplay {
  let bar: SingleBar | undefined
  const draw = (): SingleBar => {
    const made = new cliProgress.SingleBar({
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      fps: 8,
      format: (options, params, payload) => barText(options, params.progress, payload.now),
    })
    made.start(1, 0)
    return made
  }
  return {
    show(progress) {
      bar ??= draw()
      bar.setTotal(progress.total ?? Math.max(1, progress.done))
      bar.update(progress.done, { now: progress })
    },
    clear() {
      bar?.stop()
      bar = undefined
    },
  }
}

function barText(options: Parameters<typeof cliProgress.Format.BarFormat>[1], share: number, now: Progress | undefined): string {
  if (now === undefined) return ''
  return now.total === undefined
    ? progressLine(now)
    : `${cliProgress.Format.BarFormat(share, { ...options, barsize: 24 })}  ${progressLine(now)}`
}
