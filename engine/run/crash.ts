/**
 * Named places at which tests kill the process as a power cut would: `EVERT_CRASH_AT=name` or `name:3` for the third time.
 * Costs one comparison when it is not set.
 */
const [wanted, times] = (process.env.EVERT_CRASH_AT ?? '').split(':')
let left = Number(times ?? 1)

export type CrashPoint =
  | 'batch-before-commit'
  | 'batch-after-commit'
  | 'string-before-send'
  | 'string-under-way'
  | 'processor-after-log'
  | 'processor-after-state'
  | 'swap-before-announce'
  | 'swap-after-announce'
  | 'swap-after-commit'
  | 'build-batch'
  | 'join-before-commit'
  | 'join-after-commit'
  | 'promote-after-announce'
  | 'promote-after-commit'
  | 'discard-before-commit'

export function crashPoint(name: CrashPoint): void {
  if (wanted === name && --left === 0) process.kill(process.pid, 'SIGKILL')
}

/** Longer than DuckDB takes for the string of a small batch and its commit. */
const underWayMsMax = 20

/**
 * For work that has just been given to DuckDB's own threads: dies at a random moment of it, or right after it, before anybody here
 * has heard of its end.
 */
export function crashWhile(name: CrashPoint): void {
  if (wanted !== name || --left !== 0) return
  const ms = Math.random() * underWayMsMax
  setImmediate(() => {
    for (const until = performance.now() + ms; performance.now() < until; ); // nothing of ours runs meanwhile, the threads do
    process.kill(process.pid, 'SIGKILL')
  })
}
