/**
 * Named places at which tests kill the process as a power cut would: `EVERT_CRASH_AT=name` or `name:3` for the third time.
 * Costs one comparison when it is not set.
 */
const [wanted, times] = (process.env.EVERT_CRASH_AT ?? '').split(':')
let left = Number(times ?? 1)

export type CrashPoint =
  | 'batch-before-commit'
  | 'batch-after-commit'
  | 'processor-after-log'
  | 'processor-after-state'
  | 'swap-before-announce'
  | 'swap-after-announce'
  | 'swap-after-commit'
  | 'build-batch'

export function crashPoint(name: CrashPoint): void {
  if (wanted === name && --left === 0) process.kill(process.pid, 'SIGKILL')
}
