import { inputsOf, type Op } from '../compile/algebra/op.ts'
import type { Part } from '../compile/algebra/part.ts'
import type { MeasuredBatch } from '../run/measurements.ts'
import type { Estimate, Measured } from './service.ts'

/** What a part's batch costs, in words and numbers. `rowsOf` gives the rows that are kept under a name, where that is known. */
export function estimateOf(part: Part, rowsOf: (name: string) => number | undefined, measured: Measured | undefined): Estimate {
  const inputs = sum(part.reads.map(rowsOf))
  if (part.rule.strategy === 'full') {
    const among = inputs === undefined ? '' : ` ${count(inputs)}`
    return { of: 'all', ...known('among', inputs), text: `all${among} rows of its inputs, in each batch that changes one of them` }
  }
  const kept = rowsOf(part.name)
  const unit = unitOf(part.op)
  const touched = touchedOf(measured)
  if (unit !== undefined && !(part.rule.strategy === 'linear' && unit === 'join keys')) {
    const among = amongText(touched, kept, unit === 'partitions' || unit === 'join keys')
    return { of: 'touched', ...known('touched', touched), ...known('among', kept), text: `the ${unit} that it touches${among}` }
  }
  if (part.feeds.some((feed) => joins(feed.op))) {
    const among = inputs === undefined ? 'the rows' : `the ${count(inputs)} rows`
    return { of: 'batch', ...known('among', inputs), text: `the batch, looked up among ${among} that it is joined with` }
  }
  return { of: 'batch', text: 'the batch' }
}

/** How many of how many; a state of rows is not of the unit that is counted. */
function amongText(touched: number | undefined, kept: number | undefined, isOfRows: boolean): string {
  if (kept === undefined) return ''
  if (touched === undefined) return isOfRows ? `, among ${count(kept)} rows` : `, of ${count(kept)}`
  return isOfRows ? `: about ${count(touched)}, among ${count(kept)} rows` : `: about ${count(touched)} of ${count(kept)}`
}

/** Means over the last batches; nothing where no engine has measured any. */
export function measuredOf(batches: readonly MeasuredBatch[]): Measured | undefined {
  if (batches.length === 0) return undefined
  const apart = batches.filter((batch) => batch.together === undefined)
  const together = batches.filter((batch) => batch.together !== undefined)
  return {
    ...(apart.length === 0
      ? {}
      : {
          mean: {
            batches: apart.length,
            events: mean(apart.map((batch) => batch.events)),
            ms: mean(apart.map((batch) => batch.ms)),
            rows: mean(apart.map(written)),
          },
        }),
    ...(together.length === 0
      ? {}
      : {
          together: {
            batches: together.length,
            events: mean(together.map((batch) => batch.events)),
            ms: mean(together.map((batch) => batch.ms)),
            parts: mean(together.map((batch) => batch.together ?? 0)),
          },
        }),
    batches,
  }
}

/** Rows written to what is kept: not those of temporary tables. */
export function written(batch: MeasuredBatch): number {
  return batch.steps.filter((step) => !isTemporary(step.step)).reduce((rows, step) => rows + step.rows, 0)
}

function isTemporary(step: string): boolean {
  return step.startsWith('compute ') || step.startsWith('decode ')
}

/** How many groups or keys a batch touched, where a step collects them; what it wrote, where none does. */
function touchedOf(measured: Measured | undefined): number | undefined {
  const steps = measured?.batches.filter((batch) => batch.together === undefined) ?? []
  const collected = steps.flatMap((batch) => batch.steps.filter((step) => step.step === 'compute touched').map((step) => step.rows))
  if (collected.length > 0) return mean(collected)
  return measured?.mean?.rows
}

/** What a batch touches of a state. */
function unitOf(op: Op): string | undefined {
  switch (op.kind) {
    case 'map':
      return unitOf(op.input)
    case 'group':
      return op.keys.length > 0 ? 'groups' : 'one row'
    case 'window':
      return 'partitions'
    case 'outer':
    case 'asof':
      return 'join keys'
    case 'distinct':
    case 'setop':
      return 'distinct rows'
    case 'limit':
      return 'first rows'
    default:
      return undefined
  }
}

function joins(op: Op): boolean {
  return op.kind === 'join' || inputsOf(op).some(joins)
}

function sum(all: readonly (number | undefined)[]): number | undefined {
  return all.reduce<number | undefined>((rows, one) => (rows === undefined || one === undefined ? undefined : rows + one), 0)
}

function mean(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0) / all.length
}

function known<K extends string>(name: K, value: number | undefined): { readonly [P in K]?: number } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: number }
}

function count(rows: number): string {
  return Math.round(rows).toLocaleString('en-US')
}
