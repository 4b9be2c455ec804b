import { performance } from 'node:perf_hooks'

const DRIFT_MICROS_MAX = 2_000

/**
 * Microseconds since 1970. The wall clock has milliseconds only; the monotonic one refines it, and is passed over when
 * the two part because somebody set the clock.
 */
export function wallClockMicros(): number {
  const wall = Date.now() * 1_000
  const fine = Math.floor((performance.timeOrigin + performance.now()) * 1_000)
  return Math.abs(fine - wall) <= DRIFT_MICROS_MAX ? fine : wall
}
