/** One measured figure. */
export interface Line {
  readonly what: string
  readonly measured: string
  /** What issue and design ask for; absent for a baseline. */
  readonly wanted?: string
  readonly holds?: boolean
  /** Every run, so that the spread is seen. */
  readonly runs?: string
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A table of aligned columns on standard output. */
export function printLines(lines: readonly Line[]): void {
  const rows = [
    ['', 'measured', 'wanted', '', 'runs'],
    ...lines.map((line) => [
      line.what,
      line.measured,
      line.wanted ?? '',
      line.holds === undefined ? '' : line.holds ? 'holds' : 'MISSED',
      line.runs ?? '',
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  for (const row of rows)
    say(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
    )
}

/** A rate with its target: `1,234,000/s`. */
export function rateLine(what: string, perSecond: readonly number[], atLeast?: number): Line {
  const middle = median(perSecond)
  return {
    what,
    measured: rateText(middle),
    ...(atLeast === undefined ? {} : { wanted: `≥ ${rateText(atLeast)}`, holds: middle >= atLeast }),
    runs: perSecond.map(rateText).join(' '),
  }
}

/** A ratio of medians measured in turn in one run. */
export function ratioLine(what: string, ours: readonly number[], baseline: readonly number[], atLeast: number): Line {
  const ratio = median(ours) / median(baseline)
  return { what, measured: `${ratio.toFixed(2)} ×`, wanted: `≥ ${atLeast} ×`, holds: ratio >= atLeast }
}

/** A duration with its limit. */
export function msLine(what: string, ms: number, atMost?: number, runs?: readonly number[]): Line {
  const form = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'))
  return {
    what,
    measured: `${form(ms)} ms`,
    ...(atMost === undefined ? {} : { wanted: `≤ ${form(atMost)} ms`, holds: ms <= atMost }),
    ...(runs === undefined ? {} : { runs: runs.map(form).join(' ') }),
  }
}

function rateText(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(2)}M/s` : `${Math.round(perSecond / 1e3)}k/s`
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The nearest rank. Throws when there is no value. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (value === undefined) throw new Error('A quantile of no values')
  return value
}
