import type { Needed } from './needed.ts'
import type { Result } from './one-query.ts'
import type { Mode } from './options.ts'
import type { Peer } from './peers.ts'

/** One column of the table: its head, its width, and its cell of a query. */
export interface TableColumn {
  readonly head: string
  readonly width: number
  readonly cell: (result: Result) => string
}

const dash = '-'

/** What each mode shows. */
export function columnsOf(mode: Mode, peers: readonly Peer[]): TableColumn[] {
  if (mode === 'hot') return hotColumns
  const growth = mode === 'live' || mode === 'curve'
  return [
    column('query', 6, ({ query }) => query),
    column('strategy', 13, ({ strategy }) => strategy),
    column(mode === 'latency' ? 'build/s' : 'events/s', 10, (result) => thousands(rateOf(result))),
    column('cpu s', 7, ({ measured }) => measured.cpuSeconds.toFixed(1)),
    ...(mode === 'curve'
      ? [point('us at 1M', 0), point('us at 5M', 1), column('us last', 8, ({ measured }) => micros(measured.lastMicros))]
      : []),
    ...(growth ? [column('growth', 7, ({ measured }) => ratio(measured.lastMicros, measured.micros[0]))] : []),
    ...(mode === 'latency' ? latencyColumns : []),
    column('anon MB', 8, ({ peakBytes }) => megabytes(peakBytes)),
    column('state MB', 9, ({ stateBytes }) => megabytes(stateBytes)),
    ...(mode === 'latency' ? [] : neededColumns),
    column('worst ms', 9, ({ measured }) => measured.worstMs.toFixed(0)),
    column('start ms', 9, ({ measured }) => measured.startMs.toFixed(0)),
    ...(mode === 'backlog' ? baselineColumns : []),
    ...peers.map((peer) =>
      column(`/ ${peer.name}`, Math.max(7, peer.name.length + 3), (result) => ratio(rateOf(result), peer.rates[result.query])),
    ),
    column('rows', 10, ({ recomputed }) => recomputed.rows.toLocaleString('en')),
    column('check', 8, ({ recomputed }) => (recomputed.isEqual ? 'equal' : 'DIFFERS')),
  ]
}

/** Four ids beside 100,000. The rows tell whether both had as much to write: of four ids perhaps none passes a filter. */
const hotColumns = [
  column('query', 6, ({ query }) => query),
  column('strategy', 13, ({ strategy }) => strategy),
  column('hot/s', 8, (result) => thousands(rateOf(result))),
  column('cold/s', 8, ({ cold }) => thousands(cold && rateOf(cold))),
  column('hot/cold', 8, (result) => ratio(rateOf(result), coldOf(result))),
  column('hot cpu s', 9, ({ measured }) => measured.cpuSeconds.toFixed(1)),
  column('cold cpu s', 10, ({ cold }) => cold?.measured.cpuSeconds.toFixed(1) ?? dash),
  column('hot rows', 10, ({ recomputed }) => recomputed.rows.toLocaleString('en')),
  column('cold rows', 10, ({ cold }) => cold?.recomputed.rows.toLocaleString('en') ?? dash),
  column('check', 8, (result) => (isRight(result) ? 'equal' : 'DIFFERS')),
]

/** Milliseconds from durable to committed; `calm`: without the batches at which a checkpoint was written. */
const latencyColumns = [
  column('p50', 7, ({ measured }) => ms(measured.small?.all.p50)),
  column('p99', 7, ({ measured }) => ms(measured.small?.all.p99)),
  column('most', 8, ({ measured }) => ms(measured.small?.all.most)),
  column('calm p50', 9, ({ measured }) => ms(measured.small?.calm.p50)),
  column('calm p99', 9, ({ measured }) => ms(measured.small?.calm.p99)),
  column('chkpts', 7, ({ measured }) => String(measured.small?.checkpoints ?? dash)),
]

/** What the view cannot do without (`needed.ts`), and the state on disk to that. */
const neededColumns = [
  column('needed MB', 9, ({ recomputed }) => (recomputed.needed ? megabytes(bytesOf(recomputed.needed)) : dash)),
  column('state/needed', 12, (result) => ratio(result.stateBytes, result.recomputed.needed && bytesOf(result.recomputed.needed))),
]

const baselineColumns = [
  column('DuckDB/s', 10, (result) => thousands(baselineOf(result))),
  column('ratio', 6, (result) => ratio(rateOf(result), baselineOf(result))),
]

function point(head: string, index: number): TableColumn {
  return column(head, 9, ({ measured }) => micros(measured.micros[index]))
}

function column(head: string, width: number, cell: (result: Result) => string): TableColumn {
  return { head, width, cell }
}

/** Events a second, the start of the engine not counted. */
export function rateOf({ events, measured }: Result): number {
  return events / measured.seconds
}

/** The rate of 100,000 ids, in the mode hot. */
export function coldOf({ cold }: Result): number | undefined {
  return cold && rateOf(cold)
}

/** Whether the views that were measured are what DuckDB alone computes. */
export function isRight({ recomputed, cold }: Result): boolean {
  return recomputed.isEqual && (cold === undefined || isRight(cold))
}

/** Of DuckDB alone, from lines, at once. */
export function baselineOf({ events, recomputed }: Result): number | undefined {
  return recomputed.seconds === null ? undefined : events / recomputed.seconds
}

function bytesOf({ viewBytes, historyBytes }: Needed): number {
  return viewBytes + historyBytes
}

function thousands(perSecond: number | undefined): string {
  return perSecond === undefined ? dash : `${(perSecond / 1000).toFixed(perSecond < 10_000 ? 1 : 0)}k`
}

function ratio(ours: number | null | undefined, theirs: number | null | undefined): string {
  return ours == null || theirs == null ? dash : (ours / theirs).toFixed(2)
}

function micros(value: number | null | undefined): string {
  return value == null ? dash : value.toFixed(2)
}

function ms(value: number | undefined): string {
  return value === undefined ? dash : value.toFixed(1)
}

function megabytes(bytes: number): string {
  return bytes === 0 ? dash : (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)
}
