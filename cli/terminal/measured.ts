/** Times and rows of the last batches, as people read them. */
import type { MeasuredBatch } from '../../engine/run/measurements.ts'
import type { Measured } from '../../engine/serve/service.ts'
import { formatCount, formatMany } from './format.ts'

/** `1.2 ms and 3 rows a batch of 40 events (mean of 5)`; undefined where nothing was measured. */
export function measuredText(measured: Measured | undefined): string | undefined {
  if (measured === undefined) return undefined
  const { mean, together } = measured
  const apart = mean && `${ms(mean.ms)} and ${rows(mean.rows)} written a batch of ${events(mean.events)} (mean of ${mean.batches})`
  const whole =
    together &&
    `small batches go as one string, of which only the whole is known: ${ms(together.ms)} for the ${Math.round(together.parts)} views and parts in it (mean of ${together.batches})`
  return [apart, whole].filter((text) => text !== undefined).join('; ')
}

/** One line a step, over the last batches: mean and greatest time, mean rows. */
export function stepLines(batches: readonly MeasuredBatch[]): string[] {
  const steps = new Map<string, { ms: number[]; rows: number[] }>()
  for (const step of batches.flatMap((batch) => batch.steps)) {
    const known = steps.get(step.step) ?? { ms: [], rows: [] }
    known.ms.push(step.ms)
    known.rows.push(step.rows)
    steps.set(step.step, known)
  }
  const lines = [...steps].map(([name, found]) => {
    const times = `${ms(mean(found.ms)).padStart(9)}, at most ${ms(Math.max(...found.ms))}`
    return `${name.padEnd(20)} ${times.padEnd(30)} ${rows(mean(found.rows))}`
  })
  const apart = batches.filter((batch) => batch.together === undefined)
  if (apart.length === 0) return []
  return [apart.length === 1 ? 'steps of the last batch' : `steps of the last ${apart.length} batches`, ...lines]
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`
}

function rows(value: number): string {
  return value > 0 && value < 10 && !Number.isInteger(value) ? `${value.toFixed(1)} rows` : formatMany(Math.round(value), 'row')
}

function events(value: number): string {
  return `${formatCount(value)} ${Math.round(value) === 1 ? 'event' : 'events'}`
}

function mean(all: readonly number[]): number {
  return all.reduce((sum, one) => sum + one, 0) / all.length
}
