import { readFileSync } from 'node:fs'

export interface Sample {
  /** Events in the log at that moment. */
  readonly events: number
  readonly bytes: number
}

/**
 * Anonymous and shared memory of a process, RssAnon + RssShmem. Pages of mapped files are left out: LMDB maps the whole
 * log, and the kernel takes those pages back when it likes. Undefined where there is no /proc.
 */
export function residentBytes(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
    return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024
  } catch {
    return undefined
  }
}

/** Least-squares slope, bytes a million events, over the samples after the first third: the beginning fills caches. */
export function growthPerMillion(samples: readonly Sample[]): number {
  const late = samples.slice(Math.floor(samples.length / 3))
  const mean = (of: (sample: Sample) => number) => late.reduce((sum, sample) => sum + of(sample), 0) / late.length
  const [x, y] = [mean((sample) => sample.events), mean((sample) => sample.bytes)]
  const over = late.reduce((sum, sample) => sum + (sample.events - x) * (sample.bytes - y), 0)
  const under = late.reduce((sum, sample) => sum + (sample.events - x) ** 2, 0)
  return under === 0 ? 0 : (over / under) * 1e6
}
